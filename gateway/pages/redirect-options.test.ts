/** What a link's options make of the answer that a visitor gets. */
import test from 'ava'
import type { EpochMs } from '../../links/ids.ts'
import { NOW, startGateway } from '../testing/test-gateway.ts'

test('a link redirects from its time on; before, it is as if there were none', async (t) => {
  const { add, call, clock } = await startGateway(t)
  add({ code: 'abc1234', validFrom: (NOW + 1) as EpochMs })
  t.is((await call('GET', '/abc1234')).text, (await call('GET', '/nothing')).text)
  t.is((await call('GET', '/abc1234')).status, 404)
  t.is((await call('GET', '/abc1234+')).status, 404)
  clock.now = (NOW + 1) as EpochMs
  t.is((await call('GET', '/abc1234')).status, 302)
})

test('a redirect has the status of its link, and may be kept if it is permanent and nothing ends it', async (t) => {
  const { add, call } = await startGateway(t)
  add({ code: 'moved', redirectStatus: 301 })
  add({ code: 'ending', redirectStatus: 308, expiresAt: (NOW + 9_000) as EpochMs })
  add({ code: 'counted', redirectStatus: 301, maxVisits: 5 })
  add({ code: 'other', redirectStatus: 307 })
  for (const [path, status, kept] of [
    ['/moved', 301, 'private, max-age=3600'],
    ['/ending', 308, 'private, max-age=0'],
    ['/counted', 301, 'private, max-age=0'],
    ['/other', 307, 'private, max-age=0'],
  ] as const) {
    for (const method of ['GET', 'HEAD'] as const) {
      const reply = await call(method, path)
      t.deepEqual([reply.status, reply.headers['cache-control']], [status, kept], path)
    }
  }
})

test('the settings say the status of links that do not', async (t) => {
  const { add, call } = await startGateway(t, { redirectStatus: 308 })
  add({ code: 'abc1234' })
  add({ code: 'own', redirectStatus: 302 })
  add({ code: 'counted', maxVisits: 5 })
  t.is((await call('GET', '/abc1234')).status, 308)
  t.is((await call('GET', '/own')).status, 302)
  const counted = await call('GET', '/counted')
  t.deepEqual([counted.status, counted.headers['cache-control']], [308, 'private, max-age=0'])
})

test('a preview shows how a link redirects, and what becomes of a query', async (t) => {
  const { add, call } = await startGateway(t, { redirectStatus: 307 })
  add({ code: 'plain' })
  add({ code: 'own', redirectStatus: 301, forwardQuery: false })
  add({ code: 'mail', url: 'mailto:a@example.com' })
  const plain = (await call('GET', '/plain+')).text
  t.true(plain.includes('<dd>307 Temporary Redirect</dd>'))
  t.true(plain.includes('<dd>is added to the address</dd>'))
  const own = (await call('GET', '/own+')).text
  t.true(own.includes('<dd>301 Moved Permanently</dd>'))
  t.true(own.includes('<dd>is left out</dd>'))
  t.false((await call('GET', '/mail+')).text.includes('Query'))
})

test('a preview shows from when a link is valid and how many visits it has, if it says so', async (t) => {
  const { add, call } = await startGateway(t)
  const validFrom = Date.UTC(2024, 1, 3, 4, 5) as EpochMs
  add({ code: 'limited', validFrom, maxVisits: 7 })
  add({ code: 'plain12' })
  const { text } = await call('GET', '/limited+')
  t.regex(text, /<dt>Valid from<\/dt>\s*<dd>2024-02-03 04:05 UTC<\/dd>/)
  t.regex(text, /<dt>Visits<\/dt>\s*<dd>7 at most<\/dd>/)
  t.notRegex((await call('GET', '/plain12+')).text, /Valid from|Visits/)
})

test('a preview shows where late visitors will be sent', async (t) => {
  const { add, call } = await startGateway(t)
  add({ code: 'abc1234', expiredUrl: 'https://example.com/over?a&b' })
  add({ code: 'plain' })
  t.true(
    (await call('GET', '/abc1234+')).text.includes('<dd>https://example.com/over?a&amp;b</dd>'),
  )
  t.false((await call('GET', '/plain+')).text.includes('When over'))
})
