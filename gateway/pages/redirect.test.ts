import http from 'node:http'
import test from 'ava'
import { TinygridError } from '../../links/errors.ts'
import type { Code, EpochMs } from '../../links/ids.ts'
import { KEY, NOW, startGateway, talk } from '../testing/test-gateway.ts'

test('a code redirects with few headers, in this order', async (t) => {
  const { add, listen } = await startGateway(t)
  add({ code: 'abc1234', url: 'https://example.com/a?b=c#d' })
  const port = await listen()
  const { status, rawHeaders } = await request(port, 'GET', '/abc1234')
  t.is(status, 302)
  const date = rawHeaders[7]!
  t.deepEqual(rawHeaders, [
    'Location',
    'https://example.com/a?b=c#d',
    'Cache-Control',
    'private, max-age=0',
    'Content-Length',
    '0',
    'Date',
    date,
    'Connection',
    'keep-alive',
    'Keep-Alive',
    'timeout=72',
  ])
  t.false(Number.isNaN(Date.parse(date)))
})

test('HEAD answers like GET', async (t) => {
  const { add, call } = await startGateway(t)
  add({ code: 'abc1234' })
  const reply = await call('HEAD', '/abc1234')
  t.is(reply.status, 302)
  t.is(reply.headers['location'], 'https://example.com/page')
})

for (const method of ['GET', 'HEAD'] as const) {
  test(`${method}: a slash at the end changes nothing, and a visitor's query goes on`, async (t) => {
    const { add, call, links } = await startGateway(t)
    add({ code: 'abc1234', url: 'https://example.com/page?a=1#part' })
    add({ code: 'evicted', url: 'https://example.com/late' })
    add({ code: 'metered', url: 'https://example.com/few', maxVisits: 9 })
    links.evicted.add('evicted' as Code)
    for (const [path, location] of [
      ['/abc1234/', 'https://example.com/page?a=1#part'],
      ['/abc1234?utm_source=x&a=2', 'https://example.com/page?a=1&utm_source=x#part'],
      ['/abc1234/?', 'https://example.com/page?a=1#part'],
      ['/evicted/?b', 'https://example.com/late?b'],
      ['/metered/?b', 'https://example.com/few?b'],
    ] as const) {
      const visitor = await call(method, path)
      t.is(visitor.status, 302)
      t.is(visitor.headers['location'], location)
      const keyed = await call(method, path, undefined, { 'x-api-key': KEY })
      t.is(keyed.headers['location'], location)
      t.is(keyed.headers['x-tinygrid-source'], 'owner')
    }
  })
}

test('a link may say what becomes of a query, whatever the setting and however it is found', async (t) => {
  for (const setting of [true, false, 'override'] as const) {
    const { add, call, links } = await startGateway(t, { forwardQuery: setting })
    const url = 'https://example.com/?a=1'
    for (const [forwardQuery, location] of [
      [true, 'https://example.com/?a=1&b=3'],
      [false, 'https://example.com/?a=1'],
      ['override', 'https://example.com/?a=2&b=3'],
    ] as const) {
      add({ code: 'here', url, forwardQuery })
      add({ code: 'late', url, forwardQuery })
      add({ code: 'few', url, forwardQuery, maxVisits: 9 })
      links.evicted.add('late' as Code)
      for (const code of ['here', 'late', 'few']) {
        for (const method of ['GET', 'HEAD'] as const) {
          t.is((await call(method, `/${code}?a=2&b=3`)).headers['location'], location)
        }
      }
    }
  }
})

for (const [forwardQuery, location] of [
  [false, 'https://example.com/?a=1'],
  ['override', 'https://example.com/?a=2&b=3'],
] as const) {
  test(`the setting says what becomes of a query: ${forwardQuery}`, async (t) => {
    const { add, call } = await startGateway(t, { forwardQuery })
    add({ code: 'abc1234', url: 'https://example.com/?a=1' })
    t.is((await call('GET', '/abc1234?a=2&b=3')).headers['location'], location)
  })
}

test('bytes of a query that could leave the header line are refused, and escaped ones stay so', async (t) => {
  const { add, listen } = await startGateway(t)
  add({ code: 'abc1234', url: 'https://example.com/' })
  const port = await listen()
  for (const bytes of ['\u00e4', '\x7f', '\0', 'a b', '\r']) {
    t.regex(await talk(port, get(`/abc1234?q=${bytes}`)), /^HTTP\/1.1 400 /)
  }
  const escaped = '/abc1234?q=%C3%A4%0D%0ASet-Cookie:%20a%00'
  const reply = await talk(port, get(escaped, 'Connection: close\r\n'))
  t.true(reply.includes('\r\nLocation: https://example.com/?q=%C3%A4%0D%0ASet-Cookie:%20a%00\r\n'))
})

test('addresses of the service with a slash are no codes', async (t) => {
  const { call } = await startGateway(t)
  for (const path of ['/api/', '/health/', '/metrics/']) {
    const { status, headers } = await call('GET', path)
    t.is(status, 404)
    t.regex(headers['content-type']!, /^application\/problem\+json/)
  }
  t.is((await call('POST', '/abc1234/')).headers['allow'], 'GET, HEAD')
})

test('a code that was never given is a page with status 404', async (t) => {
  const { call, links } = await startGateway(t)
  const { status, headers, text } = await call('GET', '/nothing')
  t.is(status, 404)
  t.regex(headers['content-type']!, /^text\/html/)
  t.regex(headers['content-security-policy']!, /^default-src 'self'/)
  t.true(text.includes('There is no such link'))
  t.is(links.reads, 0)
})

test('who prefers JSON gets the same as a problem', async (t) => {
  const { call } = await startGateway(t)
  const reply = await call('GET', '/nothing', undefined, { accept: 'application/json' })
  t.is(reply.status, 404)
  t.regex(reply.headers['content-type']!, /^application\/problem\+json/)
  t.is(reply.json.code, 'link_not_found')
})

for (const path of [
  '/%61bc1234',
  '/..%2f',
  '/%00',
  '/%zz',
  '/abc%',
  '/abc.1234',
  '/abc1234%20',
  '/äbc',
  '/abc1234//',
  '/abc1234+/',
  '/abc1234/+',
  '//abc1234',
  '//',
  `/${'a'.repeat(65)}`,
  `/${'a'.repeat(5000)}`,
]) {
  test(`${path.slice(0, 20)} (${path.length} characters) spells no code`, async (t) => {
    const { add, call, links } = await startGateway(t)
    add({ code: 'abc1234' })
    const { status, text } = await call('GET', path)
    t.is(status, 404)
    t.true(text.includes('There is no such link'))
    t.is(links.reads, 0)
  })
}

test('__proto__ is a code like any other', async (t) => {
  const { call } = await startGateway(t)
  t.is((await call('GET', '/__proto__')).status, 404)
  t.is((await call('GET', '/constructor')).status, 404)
})

for (const [what, link] of [
  ['deleted', { lifecycle: 'deleted' }],
  ['expired', { expiresAt: NOW }],
  ['used_up', { maxVisits: 2, visits: 2 }],
] as const) {
  test(`a link that is ${what} is gone`, async (t) => {
    const { add, call } = await startGateway(t)
    add({ code: 'abc1234', ...link })
    const page = await call('GET', '/abc1234')
    t.is(page.status, 410)
    t.regex(page.headers['content-type']!, /^text\/html/)
    const problem = await call('GET', '/abc1234', undefined, { accept: 'application/problem+json' })
    t.is(problem.json.code, `link_${what}`)
  })
}

test('a link expires when its time comes', async (t) => {
  const { add, call, clock } = await startGateway(t)
  add({ code: 'abc1234', expiresAt: (NOW + 1000) as EpochMs })
  t.is((await call('GET', '/abc1234')).status, 302)
  clock.now = (NOW + 1000) as EpochMs
  t.is((await call('GET', '/abc1234')).status, 410)
})

test('visits of a metered link are counted, HEAD and preview are not', async (t) => {
  const { add, call } = await startGateway(t)
  add({ code: 'abc1234', maxVisits: 2 })
  t.is((await call('HEAD', '/abc1234')).status, 302)
  t.is((await call('GET', '/abc1234+')).status, 200)
  t.is((await call('GET', '/abc1234')).status, 302)
  t.is((await call('GET', '/abc1234')).headers['location'], 'https://example.com/page')
  t.is((await call('GET', '/abc1234')).status, 410)
  t.is((await call('HEAD', '/abc1234')).status, 410)
})

test('a link that is not in memory is read', async (t) => {
  const { add, call, links, redirects } = await startGateway(t)
  add({ code: 'abc1234' })
  add({ code: 'metered', maxVisits: 1 })
  for (const code of ['abc1234', 'metered', 'nothing']) links.evicted.add(code as Code)
  t.is((await call('GET', '/abc1234')).status, 302)
  t.is((await call('GET', '/metered')).status, 302)
  t.is((await call('GET', '/metered')).status, 410)
  t.is((await call('GET', '/nothing')).status, 404)
  t.like(redirects, { late: 1, metered: 1, gone: 1, absent: 1 })
})

test('a link that cannot be looked up now is a 503 with Retry-After, never a 404', async (t) => {
  const { call, links, redirects } = await startGateway(t)
  links.evicted.add('abc1234' as Code)
  links.failure = new TinygridError('store_unavailable')
  const page = await call('GET', '/abc1234')
  t.is(page.status, 503)
  t.is(page.headers['retry-after'], '1')
  t.true(page.text.includes('Not available right now'))
  const problem = await call('GET', '/abc1234', undefined, { accept: 'application/json' })
  t.is(problem.json.code, 'store_unavailable')
  t.is(redirects.failed, 2)
})

test('a redirect leaves no line in the log', async (t) => {
  const { add, call, log } = await startGateway(t)
  add({ code: 'abc1234' })
  await call('GET', '/abc1234')
  await call('GET', '/nothing')
  t.is(log(), '')
})

test('requests on one connection are answered in order', async (t) => {
  const { add, listen, links } = await startGateway(t)
  add({ code: 'first', url: 'https://example.com/1' })
  add({ code: 'second', url: 'https://example.com/2' })
  links.evicted.add('first' as Code)
  const port = await listen()
  const text = await talk(port, get('/first') + get('/second', 'Connection: close\r\n'))
  const locations = [...text.matchAll(/Location: (\S+)/g)].map((match) => match[1])
  t.deepEqual(locations, ['https://example.com/1', 'https://example.com/2'])
})

function get(path: string, headers = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: sho.rt\r\n${headers}\r\n`
}

interface RawReply {
  readonly status: number | undefined
  readonly rawHeaders: string[]
}

async function request(port: number, method: string, path: string): Promise<RawReply> {
  const agent = new http.Agent({ keepAlive: true })
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>()
  http.request({ port, host: '127.0.0.1', method, path, agent }, resolve).on('error', reject).end()
  const response = await promise
  response.resume()
  agent.destroy()
  return { status: response.statusCode, rawHeaders: response.rawHeaders }
}
