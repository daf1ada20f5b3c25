/** Visits as Shlink's clients read them. */
import test from 'ava'
import { parseAgent } from '../../../clicks/parse/agent.ts'
import { userAgentOf } from './visit-view.ts'

const AGENTS = {
  'Firefox on Linux': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'Chrome on Windows':
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36',
  'Edge on Windows':
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 Edg/120.0.0.0',
  'Safari on a Mac':
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Safari/605.1.15',
  'Safari on an iPhone':
    'Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Mobile/15E148 Safari/604.1',
  'Chrome on Android':
    'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36',
  'Samsung’s on Android':
    'Mozilla/5.0 (Linux; Android 13; SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/23.0 Chrome/115.0.0.0 Mobile Safari/537.36',
}

for (const [name, agent] of Object.entries(AGENTS)) {
  test(`who reads what is told of ${name} reads the same`, (t) => {
    const kept = parseAgent(agent)
    const read = parseAgent(userAgentOf(kept))
    t.deepEqual(
      [read.browser, read.browserVersion, read.os],
      [kept.browser, kept.browserVersion, kept.os],
    )
  })
}

test('of bots the name is told, and of nobody nothing', (t) => {
  const nothing = { browser: '', browserVersion: '', os: '' }
  t.is(userAgentOf({ ...nothing, botName: 'Googlebot' }), 'Googlebot')
  t.is(userAgentOf({ ...nothing, botName: '' }), '')
})
