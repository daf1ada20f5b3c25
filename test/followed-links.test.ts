import test from 'ava'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Program, temporaryDirectory } from './program.ts'

/*
 * Links of the real program, followed to a target of ours as browsers and bots do.
 */

const BOT = { 'User-Agent': 'TelegramBot (like TwitterBot)' }
const PREFETCH = { 'Sec-Purpose': 'prefetch;prerender' }

test('who follows a link gets to its target with what he brings, and passers-by use up nothing', async (t) => {
  const target = createServer((request, response) => response.end(request.url))
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve))
  t.teardown(() => target.close())
  const url = `http://127.0.0.1:${(target.address() as AddressInfo).port}/page?own=1#part`
  const program = await Program.start({ dataDir: temporaryDirectory(t) })
  t.teardown(() => program.kill())
  await program.create({ url, code: 'plain' })
  await program.create({ url, code: 'once', maxVisits: 1, title: 'For one' })
  const follow = async (path: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`${program.url}${path}`, { headers })
    return [response.status, await response.text()] as const
  }

  for (const [path, arrived] of [
    ['/plain', '/page?own=1'],
    ['/plain/', '/page?own=1'],
    ['/plain/?utm_source=x&own=2&q=%26', '/page?own=1&utm_source=x&q=%26'],
  ] as const) {
    t.deepEqual(await follow(path), [200, arrived])
    // A connection that ends is not the fast path's.
    t.deepEqual(await follow(path, { Connection: 'close' }), [200, arrived])
    t.deepEqual(await follow(path, BOT), [200, arrived])
    t.deepEqual(await follow(path, PREFETCH), [200, arrived])
  }

  for (let time = 0; time < 3; time++) {
    const [status, page] = await follow('/once', BOT)
    t.is(status, 200)
    t.true(page.includes('<meta property="og:title" content="For one" />'))
    t.false(page.includes('own=1'))
    t.deepEqual(await follow('/once', PREFETCH), [503, ''])
  }
  t.deepEqual(await follow('/once?utm_source=x'), [200, '/page?own=1&utm_source=x'])
  for (const headers of [{}, BOT]) t.is((await follow('/once', headers))[0], 410)
  t.regex((await follow('/robots.txt'))[1], /^User-agent: \*\nAllow: \/\n/)
})
