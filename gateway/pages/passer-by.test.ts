/** Prefetches and preview bots use up no visit of a link that has few; other links redirect them. */
import test from 'ava'
import { RecorderWorld } from '../../clicks/testing/recorder-world.ts'
import type { Code } from '../../links/ids.ts'
import type { RedirectRule } from '../../links/redirect-rules.ts'
import { KEY, startGateway } from '../testing/test-gateway.ts'

const CHROME =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36'
const TARGET = 'https://example.com/secret/path?key=1'

/** As they come. */
const BOTS = {
  Slack: 'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)',
  X: 'Twitterbot/1.0',
  Facebook: 'facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)',
  WhatsApp: 'WhatsApp/2.23.20.0',
  Signal: 'WhatsApp/2',
  Telegram: 'TelegramBot (like TwitterBot)',
  Discord: 'Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)',
  LinkedIn: 'LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)',
  Teams:
    'Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com',
  Mastodon: 'Mastodon/4.3.2 (http.rb/5.2.0; +https://mastodon.example/) Bot',
  iMessage:
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0',
}

const PREFETCHES = [
  { 'sec-purpose': 'prefetch' },
  { 'sec-purpose': 'prefetch;prerender' },
  { purpose: 'prefetch' },
  { 'x-moz': 'prefetch' },
  { 'x-purpose': 'preview' },
]

for (const [name, agent] of Object.entries(BOTS)) {
  test(`${name} shows a link with maxVisits and uses up nothing`, async (t) => {
    const { add, call, links, redirects } = await startGateway(t)
    add({ code: 'once', url: TARGET, title: 'A <b>"title"</b>', maxVisits: 1 })
    for (const method of ['GET', 'HEAD'] as const) {
      for (const path of ['/once', '/once/?utm_source=x']) {
        const { status, headers, text } = await call(method, path, undefined, {
          'user-agent': agent,
        })
        t.is(status, 200)
        t.is(headers['cache-control'], 'no-store')
        t.is(headers['location'], undefined)
        t.regex(headers['content-type']!, /^text\/html/)
        t.regex(headers['content-security-policy']!, /^default-src 'self'/)
        if (method === 'HEAD') continue
        t.true(
          text.includes(
            '<meta property="og:title" content="A &lt;b&gt;&quot;title&quot;&lt;/b&gt;" />',
          ),
        )
        t.true(text.includes('<meta property="og:description" content="Leads to example.com" />'))
        t.true(text.includes('<meta property="og:url" content="http://sho.rt/once" />'))
        t.false(text.includes('secret'))
        t.notRegex(text, /<style|style=|<script|\son\w+=/)
      }
    }
    t.is(links.writes, 0)
    t.is(redirects.passing, 4)
    t.is(
      (await call('GET', '/once', undefined, { 'user-agent': CHROME })).headers['location'],
      TARGET,
    )
    t.is((await call('GET', '/once', undefined, { 'user-agent': agent })).status, 410)
  })
}

for (const headers of PREFETCHES) {
  test(`${JSON.stringify(headers)} of a link with maxVisits is refused and counts nothing`, async (t) => {
    const { add, call, links, redirects } = await startGateway(t)
    add({ code: 'once', url: TARGET, maxVisits: 1 })
    links.evicted.add('once' as Code)
    for (const method of ['GET', 'HEAD'] as const) {
      for (const key of ['', KEY]) {
        const given = {
          'user-agent': CHROME,
          ...headers,
          ...(key === '' ? {} : { 'x-api-key': key }),
        }
        const reply = await call(method, '/once', undefined, given)
        t.deepEqual([reply.status, reply.text], [503, ''])
        t.is(reply.headers['cache-control'], 'no-store')
        t.is(reply.headers['retry-after'], undefined)
        t.is(reply.headers['location'], undefined)
      }
    }
    t.is(links.writes, 0)
    t.deepEqual([redirects.passing, redirects.failed], [4, 0])
    t.is((await call('GET', '/once', undefined, { 'user-agent': CHROME })).status, 302)
    t.is((await call('GET', '/once', undefined, { 'user-agent': CHROME })).status, 410)
  })
}

test('all other links redirect prefetches and preview bots, and count them as what they are', async (t) => {
  const world = new RecorderWorld()
  const { add, call } = await startGateway(t, {}, undefined, { clicks: world.recorder })
  add({ code: 'plain', url: TARGET })
  add({ code: 'few', url: TARGET, maxVisits: 5 })
  const passing = [
    { 'user-agent': BOTS.Slack },
    { 'user-agent': CHROME, 'sec-purpose': 'prefetch' },
  ]
  for (const headers of passing) {
    t.is((await call('GET', '/plain', undefined, headers)).headers['location'], TARGET)
    await call('GET', '/few', undefined, headers)
  }
  await world.taken()
  t.deepEqual(
    world.clicks().map(({ code }) => String(code)),
    ['plain', 'plain'],
  )
})

test('rules change nothing of it, and of a link with a password nothing is told', async (t) => {
  const { add, call, links } = await startGateway(t)
  const any = { devices: [], languages: [], countries: [], from: null, to: null }
  const targets = [{ url: 'https://m.example.com/', weight: 1 }]
  const rules: RedirectRule[] = [{ ...any, languages: ['fr'], targets }]
  add({ code: 'ruled', url: TARGET, rules })
  add({ code: 'few', url: TARGET, rules, maxVisits: 1 })
  add({ code: 'locked', url: TARGET, title: 'Secret', maxVisits: 1, passwordHash: 'a hash' })
  const prefetch = { 'user-agent': CHROME, 'sec-purpose': 'prefetch' }
  const bot = { 'user-agent': BOTS.Slack }
  for (const headers of [prefetch, bot]) {
    t.is((await call('GET', '/ruled', undefined, headers)).headers['location'], TARGET)
    const { text } = await call('GET', '/locked', undefined, headers)
    t.false(text.includes('Secret') || text.includes('example.com'))
  }
  t.is((await call('GET', '/few', undefined, prefetch)).status, 503)
  t.true((await call('GET', '/few', undefined, bot)).text.includes('Leads to example.com'))
  t.is(links.writes, 0)
})

test('a link without a title, and one that leads to no host, are shown by what they have', async (t) => {
  const { add, call } = await startGateway(t)
  add({ code: 'once', url: 'mailto:somebody@example.com', maxVisits: 1 })
  const { text } = await call('GET', '/once', undefined, { 'user-agent': BOTS.X })
  t.true(text.includes('<meta property="og:title" content="Where once leads" />'))
  t.true(text.includes('<meta property="og:description" content="Leads to mailto" />'))
  t.false(text.includes('somebody'))
})

test('who asks for a link that cannot be read now is told so, like a visitor', async (t) => {
  const { add, call, links } = await startGateway(t)
  add({ code: 'once', maxVisits: 1 })
  links.failure = new Error('no answer')
  t.is((await call('GET', '/once', undefined, { 'user-agent': BOTS.X })).status, 500)
})
