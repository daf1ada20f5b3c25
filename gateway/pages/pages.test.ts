import test from 'ava'
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

test('crawlers are kept from short links, and the icon is there', async (t) => {
  const { call } = await startGateway(t)
  const robots = await call('GET', '/robots.txt')
  t.regex(robots.headers['content-type']!, /^text\/plain/)
  t.true(robots.text.includes('Disallow: /\n'))
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
