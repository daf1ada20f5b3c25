import test from 'ava'
import { MemoryClickLog } from '../../clicks/testing/memory-click-log.ts'
import { AuditTrail } from '../audit/audit-trail.ts'
import type { EpochMs } from '../../links/ids.ts'
import { prefersData } from '../http/error-reply.ts'
import { html } from './page.ts'
import { NOW, startGateway } from '../testing/test-gateway.ts'

const PAGE_POLICY =
  "default-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; " +
  "object-src 'none'; frame-ancestors 'none'"
const DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"

test('a preview shows where a link leads and does not count', async (t) => {
  const { add, call, links } = await startGateway(t)
  const url = 'https://example.com/?a=1&b=%22%3Cscript%3E'
  add({ code: 'abc1234', url, title: '<b>"Title"</b>', expiresAt: (NOW + 1000) as EpochMs })
  const { status, text, headers } = await call('GET', '/abc1234+')
  t.is(status, 200)
  t.regex(headers['content-type']!, /^text\/html/)
  t.true(text.includes('href="https://example.com/?a=1&amp;b=%22%3Cscript%3E"'))
  t.true(text.includes('rel="noreferrer noopener nofollow"'))
  t.true(text.includes('&lt;b&gt;&quot;Title&quot;&lt;/b&gt;'))
  t.true(text.includes('http://sho.rt/abc1234'))
  t.true(text.includes('2030-01-01 00:00 UTC'))
  t.is(links.writes, 0)
})

test('a preview shows an address that is not of the web as it is', async (t) => {
  const { add, call } = await startGateway(t)
  add({ code: 'mail', url: 'mailto:a@b.example?subject=x&cc="c"@d.example' })
  const { status, text } = await call('GET', '/mail+')
  t.is(status, 200)
  const shown = 'mailto:a@b.example?subject=x&amp;cc=&quot;c&quot;@d.example'
  t.true(text.includes(`<a href="${shown}" rel="noreferrer noopener nofollow">${shown}</a>`), text)
})

const now = () => NOW
const to = (path: string) => `https://anna:hush-hush@example.com/${path}`

test('a password in an address is on no preview, and in no log', async (t) => {
  const clicks = new MemoryClickLog()
  const log = { writer: clicks, reader: clicks.reader() }
  const audit = new AuditTrail({ log, node: 'one', ipPrivacy: 'none', now })
  const { call, log: logged } = await startGateway(t, {}, undefined, { audit })
  const rule = { devices: ['ios'], languages: [], countries: [], from: null, to: null }
  const rules = [{ ...rule, targets: [{ url: to('ios'), weight: 1 }] }]
  const fields = { code: 'inside', expiredUrl: to('over'), rules }
  t.is((await call('POST', '/api/links', { url: to(''), ...fields })).json.url, to(''))
  const { text, status } = await call('GET', '/inside+')
  t.is(status, 200)
  for (const path of ['', 'over', 'ios']) {
    t.true(text.includes(`https://anna:***@example.com/${path}`), path)
  }
  t.is((await call('GET', '/inside')).headers['location'], to(''))
  const noted = clicks.batches.map(({ payload }) => String(Buffer.from(payload))).join()
  t.true(noted.includes('anna:***@'))
  for (const told of [text, logged(), noted]) t.false(told.includes('hush-hush'))
})

test('a preview of a metered link uses up no visit', async (t) => {
  const { add, call } = await startGateway(t)
  add({ code: 'abc1234', maxVisits: 1 })
  for (let n = 0; n < 3; n++) t.is((await call('GET', '/abc1234+?x')).status, 200)
  t.is((await call('GET', '/abc1234')).status, 302)
  t.is((await call('GET', '/abc1234+')).status, 410)
})

test('what leads nowhere has no preview', async (t) => {
  const { add, call } = await startGateway(t)
  add({ code: 'deleted', lifecycle: 'deleted' })
  add({ code: 'expired', expiresAt: NOW })
  t.is((await call('GET', '/deleted+')).status, 410)
  t.is((await call('GET', '/expired+')).status, 410)
  for (const path of ['/nothing+', '/+', '/abc1234++', '/abc1234%2B', '/a b+', '/..%2f+']) {
    t.is((await call('GET', path)).status, 404, path)
  }
})

test('pages and API replies keep browsers from doing more with them than they should', async (t) => {
  const { add, call } = await startGateway(t)
  add({ code: 'abc1234' })
  const replies = { '/nothing': PAGE_POLICY, '/abc1234+': PAGE_POLICY, '/': PAGE_POLICY }
  const data = {
    '/api/links': DATA_POLICY,
    '/api/nothing': DATA_POLICY,
    '/health/live': DATA_POLICY,
  }
  for (const [path, policy] of Object.entries({ ...replies, ...data })) {
    const { headers } = await call('GET', path)
    t.is(headers['content-security-policy'], policy, path)
    t.is(headers['x-content-type-options'], 'nosniff', path)
    t.is(headers['referrer-policy'], 'no-referrer', path)
    t.is(headers['x-powered-by'], undefined, path)
    t.is(headers['access-control-allow-origin'], undefined, path)
  }
})

test('pages have no style or script of their own', async (t) => {
  const { add, call } = await startGateway(t)
  add({ code: 'abc1234' })
  for (const path of ['/nothing', '/abc1234+']) {
    const { text } = await call('GET', path)
    t.notRegex(text, /<style|style=|<script|\son\w+=/)
    t.true(text.includes('<link rel="stylesheet" href="/pages.css"'))
  }
  const sheet = await call('GET', '/pages.css')
  t.regex(sheet.headers['content-type']!, /^text\/css/)
  t.true(sheet.text.includes('light dark'))
})

test('programs may follow short links and nothing else, unless a setting keeps them from all', async (t) => {
  const { call } = await startGateway(t)
  const { headers, text } = await call('GET', '/robots.txt')
  t.regex(headers['content-type']!, /^text\/plain/)
  const { paths } = (await call('GET', '/openapi.json')).json as unknown as { paths: object }
  const served = Object.keys(paths).map((path) => path.replaceAll(/\{\w+\}/g, 'x'))
  const others = ['/docs', '/docs/', '/docs/static/index.html', '/assets/x.js', '/openapi.json?a=b']
  t.true(served.includes('/health/ready') && served.includes('/api/links/x'))
  for (const path of [...served, ...others, '/api', '/abc+', '/abc+?a=b']) {
    if (path !== '/x' && path !== '/x+') t.false(mayFetch(text, path), path)
  }
  for (const path of [
    '/',
    '/abc',
    '/abc/',
    '/abc?a=b+c',
    '/apiary',
    '/docs1/',
    '/x',
    '/favicon.svg',
  ]) {
    t.true(mayFetch(text, path), path)
  }
  const denying = await startGateway(t, { robots: 'deny' })
  const denied = (await denying.call('GET', '/robots.txt')).text
  t.deepEqual([mayFetch(denied, '/'), mayFetch(denied, '/abc')], [true, false])
})

/** As RFC 9309 has it: the longest rule that fits, of two alike the one that allows. */
function mayFetch(robots: string, path: string): boolean {
  const rules = [...robots.matchAll(/^(Allow|Disallow): (\S+)$/gm)].map(([, kind, rule]) => {
    const source = rule!.replaceAll(/[.+?^{}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')
    return { allows: kind === 'Allow', length: rule!.length, pattern: new RegExp(`^${source}`) }
  })
  const fitting = rules.filter(({ pattern }) => pattern.test(path))
  const longest = Math.max(...fitting.map(({ length }) => length))
  return fitting.some(({ allows, length }) => allows && length === longest)
}

test('the icon is there', async (t) => {
  const { call } = await startGateway(t)
  for (const path of ['/favicon.ico', '/favicon.svg']) {
    t.is((await call('GET', path)).headers['content-type'], 'image/svg+xml')
  }
})

test('everything put into a page is escaped, unless it is page already', (t) => {
  t.is(
    html`<p title="${'"&<>\''}">${html`<b>${'<i>'}</b>`}</p>`.text,
    '<p title="&quot;&amp;&lt;&gt;&#39;"><b>&lt;i&gt;</b></p>',
  )
})

for (const [accept, data] of [
  [undefined, false],
  ['*/*', false],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', false],
  ['application/json', true],
  ['application/problem+json', true],
  ['application/json, text/plain, */*', false],
  ['application/json, */*;q=0.5', true],
  ['text/html;q=0.5, application/json', true],
  ['text/html, application/json;q=0.5', false],
  ['application/*', true],
  ['image/png', false],
  ['application/json;q=0', false],
  [',;q=x,', false],
] as const) {
  test(`Accept: ${accept} prefers ${data ? 'data' : 'a page'}`, (t) => {
    t.is(prefersData(accept), data)
  })
}
