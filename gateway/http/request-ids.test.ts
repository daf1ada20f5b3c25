import test from 'ava'
import { until } from '../../test/deadline.ts'
import { KEY, startGateway, talk } from '../testing/test-gateway.ts'

const PATIENCE_MS = 60_000

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/
const GIVEN = 'Root=1-67891233:abcdef012345678912345678'

interface Line {
  readonly msg: string
  readonly requestId?: string
  readonly path?: string
  readonly status?: number
  readonly ip?: string
}

const linesOf = (log: string): Line[] =>
  log
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)

test('every answer of the API tells an id of its own', async (t) => {
  const { call } = await startGateway(t)
  const replies = [
    await call('POST', '/api/links', { url: 'https://example.com/' }),
    await call('GET', '/api/links/nothing'),
    await call('GET', '/api/links', undefined, { 'x-api-key': 'wrong' }),
    await call('GET', '/api/nothing'),
    await call('PUT', '/api/links'),
    await call('POST', '/api/links', '{'),
    await call('GET', `/api/links/${'a'.repeat(1000)}`),
  ]
  const ids = replies.map(({ headers }) => headers['x-request-id']!)
  t.deepEqual(
    replies.map(({ status }) => status),
    [201, 404, 401, 404, 405, 400, 414],
  )
  for (const id of ids) t.regex(id, UUID)
  t.is(new Set(ids).size, ids.length)
})

test('what failed is found in the log by the id that the client was told', async (t) => {
  const { call, links, log } = await startGateway(t)
  links.failure = new Error('broken')
  const failed = await call('GET', '/api/links/abc1234')
  const page = await call('GET', '/abc1234+', undefined, { accept: 'text/html' })
  t.deepEqual([failed.status, page.status], [500, 500])
  const ids = linesOf(log()).map(({ requestId }) => requestId)
  t.deepEqual(ids, [failed.headers['x-request-id'], page.headers['x-request-id']])
})

test('so is a wrong key, and a change of a link', async (t) => {
  const { call, log } = await startGateway(t)
  const wrong = await call('GET', '/api/links', undefined, { 'x-api-key': 'wrong' })
  const made = await call('POST', '/api/links', { url: 'https://example.com/' })
  const lines = linesOf(log())
  t.is(lines.find(({ msg }) => msg === 'wrong API key')?.requestId, wrong.headers['x-request-id'])
  t.is(lines.find(({ msg }) => msg === 'api')?.requestId, made.headers['x-request-id'])
})

test('an id is taken from a proxy alone, and only if it is one', async (t) => {
  const open = await startGateway(t)
  const made = await open.call('GET', '/api/links', undefined, { 'x-request-id': GIVEN })
  t.regex(made.headers['x-request-id']!, UUID)
  const { call } = await startGateway(t, { trustProxy: true })
  const idOf = async (id: string) => {
    const { headers } = await call('GET', '/api/links', undefined, { 'x-request-id': id })
    return headers['x-request-id']!
  }
  t.is(await idOf(GIVEN), GIVEN)
  t.is(await idOf('a'.repeat(128)), 'a'.repeat(128))
  for (const id of ['', 'a'.repeat(129), 'two words', 'a"b', 'a\tb', 'é', 'a,b', '{}', 'a\\n'])
    t.regex(await idOf(id), UUID, id)
})

test('nothing that a client sends begins a line, or a field, of the log', async (t) => {
  const { listen, log } = await startGateway(t, { trustProxy: true, accessLog: true })
  const port = await listen()
  const lines = [
    'DELETE /api/links/%0a{"msg":"forged"}"\\u000a HTTP/1.1',
    'Host: a',
    'X-Request-Id: x","msg":"forged',
    'X-Forwarded-For: "1.2.3.4\\n{',
    'Connection: close',
  ]
  await talk(port, `${lines.join('\r\n')}\r\n\r\n`)
  await until('the line is written', PATIENCE_MS, () => log().includes('"msg":"access"'))
  const logged = linesOf(log())
  t.deepEqual(logged.map(({ msg }) => msg).toSorted(), ['access', 'api'])
  for (const line of logged) {
    t.like(line, { path: '/api/links/%0a{"msg":"forged"}"\\u000a', status: 401 })
    t.regex(line.requestId!, UUID)
  }
})

test('that there is no link by a code is told a visitor as the fast path tells it', async (t) => {
  const { call } = await startGateway(t)
  const { status, headers } = await call('GET', '/nothing')
  t.is(status, 404)
  t.false('x-request-id' in headers)
})

test('with an access log each request has a line, whoever answers it', async (t) => {
  const { add, listen, log } = await startGateway(t, { accessLog: true, trustProxy: true })
  add({ code: 'abc1234' })
  const base = `http://127.0.0.1:${await listen()}`
  const ids: (string | null)[] = []
  for (const path of ['/abc1234?secret=1', '/api/links?search=secret', '/nothing']) {
    const headers = { 'x-forwarded-for': '198.51.100.77', 'x-api-key': KEY }
    if (!path.startsWith('/api')) Reflect.deleteProperty(headers, 'x-api-key')
    const answer = await fetch(base + path, { headers, redirect: 'manual' })
    await answer.arrayBuffer()
    ids.push(answer.headers.get('x-request-id'))
  }
  const lines = () => linesOf(log()).filter(({ msg }) => msg === 'access')
  await until('all are written', PATIENCE_MS, () => lines().length === 3)
  t.deepEqual(
    lines().map(({ path, status, ip }) => [path, status, ip]),
    [
      ['/abc1234', 302, '198.51.100.0'],
      ['/api/links', 200, '198.51.100.0'],
      ['/nothing', 404, '198.51.100.0'],
    ],
  )
  t.is(lines()[1]!.requestId, ids[1]!)
  for (const { requestId } of lines()) t.regex(requestId!, UUID)
  t.false(log().includes('secret'))
})

test('without one what goes well has none', async (t) => {
  const { call, log } = await startGateway(t)
  await call('GET', '/api/links')
  t.is(log(), '')
})
