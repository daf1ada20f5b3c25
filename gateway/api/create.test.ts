import test from 'ava'
import type { Code } from '../../links/ids.ts'
import { viewOfOptions } from './link-option-fields.ts'
import { IN_AN_HOUR, NOW, startGateway } from '../testing/test-gateway.ts'

const URL_1 = 'https://example.com/a/long/page'

test('a link is created, described and followed', async (t) => {
  const { call } = await startGateway(t)
  const reply = await call('POST', '/api/links', { url: URL_1 })
  t.is(reply.status, 201)
  const { code } = reply.json
  t.regex(code, /^[0-9A-Za-z]{7}$/)
  t.deepEqual(reply.json, {
    code,
    shortUrl: `http://sho.rt/${code}`,
    url: URL_1,
    title: null,
    tags: [],
    createdAt: '2030-01-01T00:00:00.000Z',
    updatedAt: '2030-01-01T00:00:00.000Z',
    expiresAt: null,
    maxVisits: null,
    visits: null,
    ...viewOfOptions({}),
    hasPassword: false,
  })
  t.is(reply.headers['location'], `/api/links/${code}`)
  t.regex(reply.headers['etag']!, /^".+"$/)
  t.is((await call('GET', `/${code}`)).headers['location'], URL_1)
})

test('the same URL gives the same link, however it is spelt', async (t) => {
  const { call, links } = await startGateway(t)
  const first = await call('POST', '/api/links', { url: 'https://example.com/ä' })
  const again = await call('POST', '/api/links', { url: ' HTTPS://EXAMPLE.com:443/%C3%A4 ' })
  t.is(first.status, 201)
  t.is(again.status, 200)
  t.deepEqual(again.json, first.json)
  t.is(again.headers['etag'], first.headers['etag'])
  t.is(links.links.size, 1)
})

test('reuse: false, or any setting, makes a link of its own', async (t) => {
  const { call, links } = await startGateway(t)
  const requests = [
    { url: URL_1 },
    { url: URL_1, reuse: false },
    { url: URL_1, title: 'Title' },
    { url: URL_1, tags: ['a'] },
    { url: URL_1, expiresAt: IN_AN_HOUR },
    { url: URL_1, maxVisits: 5 },
    { url: URL_1, maxVisits: 5 },
  ]
  for (const body of requests) t.is((await call('POST', '/api/links', body)).status, 201)
  t.is(links.links.size, requests.length)
})

test('settings that say nothing do not make a link of its own', async (t) => {
  const { call } = await startGateway(t)
  const nothing = { title: '', tags: [], expiresAt: null, maxVisits: null, reuse: true }
  t.is((await call('POST', '/api/links', { url: URL_1 })).status, 201)
  t.is((await call('POST', '/api/links', { url: URL_1, ...nothing })).status, 200)
})

test('all settings are kept as given', async (t) => {
  const { call } = await startGateway(t)
  const settings = { title: 'Über 😀', tags: ['b', 'a'], maxVisits: 3 }
  const body = { url: URL_1, code: 'My-Code_', ...settings, expiresAt: '2030-01-01T03:00+02:00' }
  const { status, json } = await call('POST', '/api/links', body)
  t.is(status, 201)
  t.like(json, { ...settings, code: 'My-Code_', expiresAt: '2030-01-01T01:00:00.000Z', visits: 0 })
})

test('titles and tags lose outer spaces, and tags their doubles', async (t) => {
  const { call } = await startGateway(t)
  const body = { url: URL_1, title: '  A  b ', tags: [' x', 'x ', 'y'] }
  const { json } = await call('POST', '/api/links', body)
  t.like(json, { title: 'A  b', tags: ['x', 'y'] })
})

test('an alias is given once', async (t) => {
  const { call } = await startGateway(t)
  t.is((await call('POST', '/api/links', { url: URL_1, code: 'mine' })).status, 201)
  for (const url of [URL_1, 'https://example.org/']) {
    const { status, json } = await call('POST', '/api/links', { url, code: 'mine' })
    t.is(status, 409)
    t.like(json, { code: 'alias_taken', field: 'code' })
  }
})

test('an alias can be asked for again by who says reuse: true', async (t) => {
  const { call } = await startGateway(t)
  const body = { url: URL_1, code: 'mine', reuse: true }
  t.is((await call('POST', '/api/links', body)).status, 201)
  t.is((await call('POST', '/api/links', body)).status, 200)
  t.is((await call('POST', '/api/links', { ...body, url: 'https://example.org/' })).status, 409)
  t.is((await call('POST', '/api/links', { ...body, title: 'x' })).status, 409)
})

test('1,000 concurrent creates of one alias give one 201', async (t) => {
  const { call } = await startGateway(t)
  const replies = await Promise.all(
    Array.from({ length: 1000 }, (_, n) =>
      call('POST', '/api/links', { url: `https://example.com/${n}`, code: 'wanted' }),
    ),
  )
  const statuses = Map.groupBy(replies, (reply) => reply.status)
  t.is(statuses.get(201)?.length, 1)
  t.is(statuses.get(409)?.length, 999)
})

test('a code that was deleted is not given to another URL', async (t) => {
  const { call } = await startGateway(t)
  const { code } = (await call('POST', '/api/links', { url: URL_1 })).json
  await call('DELETE', `/api/links/${code}`)
  const again = await call('POST', '/api/links', { url: URL_1 })
  t.is(again.status, 201)
  t.not(again.json.code, code)
})

test('short links start with the base URL if one is set', async (t) => {
  const { call } = await startGateway(t, { baseUrl: 'https://go.example/s' })
  const { json } = await call('POST', '/api/links', { url: URL_1, code: 'mine' })
  t.is(json.shortUrl, 'https://go.example/s/mine')
})

for (const [host, start] of [
  ['Short.Example:8080', 'http://short.example:8080'],
  ['[::1]:3000', 'http://[::1]:3000'],
  ['evil.example/path', 'http://localhost:3000'],
  ['a b', 'http://localhost:3000'],
  ['user@evil.example', 'http://localhost:3000'],
  ['<script>', 'http://localhost:3000'],
  ['x'.repeat(300), 'http://localhost:3000'],
  ['a.1', 'http://localhost:3000'],
  ['1.2.3.4.5', 'http://localhost:3000'],
  ['x:99999', 'http://localhost:3000'],
  ['[:::::]', 'http://localhost:3000'],
] as const) {
  test(`a client that says Host: ${host.slice(0, 20)} gets links at ${start}`, async (t) => {
    const { call } = await startGateway(t)
    const { json } = await call('POST', '/api/links', { url: URL_1, code: 'mine' }, { host })
    t.is(json.shortUrl, `${start}/mine`)
    const proxied = await startGateway(t, { trustProxy: true })
    const forwarded = { host: 'sho.rt', 'x-forwarded-host': host }
    const behind = await proxied.call('POST', '/api/links', { url: URL_1, code: 'mine' }, forwarded)
    t.is(behind.json.shortUrl, `${start}/mine`)
  })
}

test('what a client says of the proxy in front is believed only if one is declared', async (t) => {
  const forwarded = { 'x-forwarded-host': 'go.example', 'x-forwarded-proto': 'https' }
  const body = { url: URL_1, code: 'mine' }
  const direct = await startGateway(t)
  const proxied = await startGateway(t, { trustProxy: true })
  const told = await direct.call('POST', '/api/links', body, forwarded)
  const trusted = await proxied.call('POST', '/api/links', body, forwarded)
  t.is(told.json.shortUrl, 'http://sho.rt/mine')
  t.is(trusted.json.shortUrl, 'https://go.example/mine')
})

test('a metered link shows its visits', async (t) => {
  const { call, links } = await startGateway(t)
  const { code } = (await call('POST', '/api/links', { url: URL_1, maxVisits: 3 })).json
  await call('GET', `/${code}`)
  t.is((await call('GET', `/api/links/${code}`)).json.visits, 1)
  t.is(links.links.get(code as Code)?.createdAt, NOW)
})

test('a title with line breaks is stored as one line', async (t) => {
  const { call } = await startGateway(t)
  const body = { url: 'https://example.com/', title: 'First line\r\nsecond\nthird' }
  const { status, json } = await call('POST', '/api/links', body)
  t.is(status, 201)
  t.is(json.title, 'First line second third')
})
