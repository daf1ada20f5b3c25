import test from 'ava'
import type { EpochMs } from '../../links/ids.ts'
import { KEY, startGateway, type TestGateway } from '../testing/test-gateway.ts'

const LINK = { url: 'https://example.com/' }
const NO_KEY = { 'x-api-key': '' }

const CALLS = [
  ['POST', '/api/links', LINK],
  ['POST', '/api/links/bulk', { links: [LINK] }],
  ['GET', '/api/links', undefined],
  ['GET', '/api/links/abc1234', undefined],
  ['PATCH', '/api/links/abc1234', { title: 'x' }],
  ['DELETE', '/api/links/abc1234', undefined],
  ['POST', '/api/links/abc1234/restore', undefined],
] as const

for (const [method, path, body] of CALLS) {
  test(`${method} ${path} needs the key`, async (t) => {
    const { add, call, links } = await startGateway(t)
    add({ code: 'abc1234' })
    for (const headers of [NO_KEY, { 'x-api-key': 'wrong' }, { 'x-api-key': `${KEY}x` }]) {
      const reply = await call(method, path, body, headers)
      t.is(reply.status, 401)
      t.is(reply.json.code, 'unauthorized')
      t.is(reply.headers['www-authenticate'], 'Bearer realm="tinygrid"')
    }
    t.is(links.writes + links.reads, 0)
  })
}

test('the key may come as a bearer token', async (t) => {
  const { call } = await startGateway(t)
  for (const authorization of [`Bearer ${KEY}`, `bearer  ${KEY}`]) {
    const headers = { ...NO_KEY, authorization }
    t.is((await call('GET', '/api/links', undefined, headers)).status, 200)
  }
  for (const authorization of [KEY, `Basic ${KEY}`, 'Bearer', 'Bearer x']) {
    const headers = { ...NO_KEY, authorization }
    t.is((await call('GET', '/api/links', undefined, headers)).status, 401)
  }
})

test('a key in the query is not looked at', async (t) => {
  const { call } = await startGateway(t)
  const reply = await call('GET', `/api/links?key=${KEY}`, undefined, NO_KEY)
  t.is(reply.status, 401)
})

test('what visitors and operators need is open', async (t) => {
  const { add, call } = await startGateway(t)
  add({ code: 'abc1234' })
  for (const path of ['/health/live', '/health/ready', '/metrics', '/openapi.json', '/docs/']) {
    t.is((await call('GET', path, undefined, NO_KEY)).status, 200, path)
  }
  t.is((await call('GET', '/abc1234', undefined, NO_KEY)).status, 302)
  t.is((await call('GET', '/abc1234+', undefined, NO_KEY)).status, 200)
})

test('public creation opens that one call', async (t) => {
  const { call } = await startGateway(t, { publicCreate: true })
  t.is((await call('POST', '/api/links', LINK, NO_KEY)).status, 201)
  for (const [method, path, body] of CALLS.slice(1)) {
    t.is((await call(method, path, body, NO_KEY)).status, 401, `${method} ${path}`)
  }
  t.is((await call('POST', '/api/links', LINK, { 'x-api-key': 'wrong' })).status, 401)
})

test('who creates without the key is told the short link alone, whatever else it has', async (t) => {
  const { call } = await startGateway(t, { publicCreate: true })
  const secret = { ...LINK, title: 'Offer for Acme', tags: ['secret'] }
  for (const body of [LINK, { ...secret, code: 'mine' }]) {
    const reply = await call('POST', '/api/links', body, NO_KEY)
    t.is(reply.status, 201)
    t.deepEqual(Object.keys(reply.json), ['code', 'shortUrl', 'url'])
    t.is(reply.headers['etag'], undefined)
  }
  const { code } = (await call('POST', '/api/links', LINK)).json
  await call('PATCH', `/api/links/${code}`, { title: 'Offer for Acme', tags: ['secret'] })
  const again = await call('POST', '/api/links', LINK, NO_KEY)
  t.is(again.status, 200)
  t.is(again.json.code, code)
  t.notRegex(again.text, /Acme|secret/)
})

test('public creation is limited per address, creation with the key is not', async (t) => {
  const settings = { publicCreate: true, unkeyedCreatesPerMinuteMax: 3 }
  const { call, clock } = await startGateway(t, settings)
  const create = (headers: Record<string, string>) => call('POST', '/api/links', LINK, headers)
  const replies = [await create(NO_KEY), await create(NO_KEY), await create(NO_KEY)]
  t.deepEqual(
    replies.map((reply) => reply.headers['ratelimit-remaining']),
    ['2', '1', '0'],
  )
  const refused = await create(NO_KEY)
  t.is(refused.status, 429)
  t.is(refused.json.code, 'rate_limited')
  t.is(refused.headers['retry-after'], '60')
  t.is(refused.headers['ratelimit-limit'], '3')
  t.is((await create({})).status, 200)
  clock.now = (clock.now + 60_000) as EpochMs
  t.is((await create(NO_KEY)).status, 200)
})

test('keys cannot be guessed at full speed', async (t) => {
  const { call, clock } = await startGateway(t, { wrongKeysPerMinuteMax: 3 })
  const list = (key: string) => call('GET', '/api/links', undefined, { 'x-api-key': key })
  for (const guess of ['a', 'b', 'c']) t.is((await list(guess)).status, 401)
  t.is((await list('d')).status, 429)
  t.is((await list(KEY)).status, 429, 'a right guess must not be told from a wrong one')
  clock.now = (clock.now + 60_000) as EpochMs
  t.is((await list(KEY)).status, 200)
})

test('the key is nowhere in the log, right or wrong', async (t) => {
  const gateway = await startGateway(t)
  gateway.add({ code: 'abc1234' })
  for (const [method, path, body] of CALLS) await gateway.call(method, path, body)
  await gateway.call('GET', '/api/links', undefined, { 'x-api-key': 'wrong-key-wrong-key' })
  await failOnPurpose(gateway)
  const log = gateway.log()
  t.true(log.includes('wrong API key'))
  t.true(log.includes('"path":"/api/links/abc1234"'))
  t.true(log.includes('on purpose'))
  t.false(log.includes(KEY))
  t.false(log.includes('wrong-key-wrong-key'))
})

async function failOnPurpose({ links, call }: TestGateway): Promise<void> {
  links.failure = new Error('on purpose')
  await call('GET', `/api/links/abc1234?key=${KEY}`)
}

test('a path cannot break out of its line in the log', async (t) => {
  const { call, log } = await startGateway(t)
  await call('DELETE', '/api/links/a%0A%22,%22b')
  for (const line of log().trim().split('\n')) t.notThrows(() => JSON.parse(line) as unknown)
})

test('behind a proxy, the address counts that the proxy saw, not what the client made up', async (t) => {
  const settings = { publicCreate: true, unkeyedCreatesPerMinuteMax: 1, trustProxy: true }
  const { call } = await startGateway(t, settings)
  const createFrom = (forwarded: string) =>
    call('POST', '/api/links', LINK, { ...NO_KEY, 'x-forwarded-for': forwarded })
  t.is((await createFrom('1.1.1.1, 9.9.9.9')).status, 201)
  t.is((await createFrom('2.2.2.2, 9.9.9.9')).status, 429)
  t.is((await createFrom('9.9.9.8')).status, 200)
})

test('a port behind the address that the proxy saw makes nobody another client', async (t) => {
  const settings = { publicCreate: true, unkeyedCreatesPerMinuteMax: 1, trustProxy: true }
  const { call } = await startGateway(t, settings)
  const createFrom = (forwarded: string) =>
    call('POST', '/api/links', LINK, { ...NO_KEY, 'x-forwarded-for': forwarded })
  t.is((await createFrom('9.9.9.9:1000')).status, 201)
  for (const again of ['9.9.9.9:1001', '9.9.9.9', '"9.9.9.9"', '[::ffff:9.9.9.9]:3']) {
    t.is((await createFrom(again)).status, 429, again)
  }
  t.is((await createFrom('unknown')).status, 200)
  t.is((await createFrom('made-up')).status, 429, 'what is no address counts as the proxy')
})
