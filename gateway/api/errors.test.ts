import net from 'node:net'
import test from 'ava'
import { ERRORS } from '../../links/errors.ts'
import { KEY, startGateway } from '../testing/test-gateway.ts'

for (const [method, path, allow] of [
  ['PUT', '/api/links', 'GET, HEAD, POST'],
  ['DELETE', '/api/links', 'GET, HEAD, POST'],
  ['POST', '/api/links/abc1234', 'DELETE, GET, HEAD, PATCH'],
  ['GET', '/api/links/abc1234/restore', 'POST'],
  ['OPTIONS', '/api/links', 'GET, HEAD, POST'],
  ['POST', '/abc1234', 'GET, HEAD'],
  ['POST', '/', 'GET, HEAD'],
  ['DELETE', '/health/live', 'GET, HEAD'],
] as const) {
  test(`${method} ${path} is a 405 that tells what is allowed`, async (t) => {
    const { call } = await startGateway(t)
    const reply = await call(method, path, undefined, { accept: 'application/json' })
    t.is(reply.status, 405)
    t.is(reply.headers['allow'], allow)
    t.is(reply.json.code, 'method_not_allowed')
  })
}

for (const path of ['/api/', '/api/nothing', '/api/links/', '/health/x', '/api/links/a/b']) {
  test(`${path} is no page, and the answer is data`, async (t) => {
    const { call } = await startGateway(t)
    const { status, json, headers } = await call('GET', path, undefined, { accept: 'text/html' })
    t.is(status, 404)
    t.regex(headers['content-type']!, /^application\/problem\+json/)
    t.deepEqual(Object.keys(json), ['type', 'title', 'status', 'code', 'detail'])
  })
}

test('what nobody foresaw is a 500 that tells an id and nothing else', async (t) => {
  const { call, links, log } = await startGateway(t)
  links.failure = new Error('a secret of the inside')
  const { status, json, text } = await call('GET', '/api/links/abc1234')
  t.is(status, 500)
  t.like(json, { code: 'internal', detail: ERRORS.internal.title })
  t.false(text.includes('secret'))
  t.regex(json.instance!, /^urn:uuid:/)
  const line = JSON.parse(log().trim()) as {
    instance: string
    err: { cause?: unknown; stack: string }
  }
  t.is(line.instance, json.instance!)
  t.true(JSON.stringify(line).includes('a secret of the inside'))
})

test('an API path that is too long says so', async (t) => {
  const { call } = await startGateway(t)
  const { status, json } = await call('GET', `/api/links/${'a'.repeat(1000)}`)
  t.is(status, 414)
  t.is(json.code, 'uri_too_long')
})

for (const [what, bytes, status, code] of [
  ['no HTTP', 'hello\r\n\r\n', 400, 'bad_request'],
  ['a method that is none', 'BR(EW /pot HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'bad_request'],
  ['bytes of another protocol', '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03', 400, 'bad_request'],
  ['an unknown method of no path', 'BREW /a/b/c HTTP/1.1\r\nHost: a\r\n\r\n', 404, 'not_found'],
  [
    'two lengths',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    400,
    'bad_request',
  ],
  [
    'a length and chunks',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    400,
    'bad_request',
  ],
  ['a NUL in a header', 'GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n', 400, 'bad_request'],
  [
    '17 kB of headers',
    `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(17_000)}\r\n\r\n`,
    431,
    'headers_too_large',
  ],
  [
    'a URL of 100 kB',
    `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
    431,
    'headers_too_large',
  ],
] as const) {
  test(`the parser refuses ${what} in the same form as every error`, async (t) => {
    const { listen } = await startGateway(t)
    const [head, body] = (await talk(await listen(), bytes)).split('\r\n\r\n') as [string, string]
    t.true(head.startsWith(`HTTP/1.1 ${status} `), head)
    t.regex(head, /content-type: application\/problem\+json/)
    t.regex(head, /connection: close/)
    t.like(JSON.parse(body) as object, { status, code })
  })
}

test('an unknown method is told what its path takes, also behind other requests', async (t) => {
  const { listen } = await startGateway(t)
  const port = await listen()
  for (const [path, allow] of [
    ['/api/stats?from=x', 'GET, HEAD'],
    ['/api/keys', 'GET, HEAD, POST'],
    ['/some-code', 'GET, HEAD, POST'],
    ['/some-code+', 'GET, HEAD'],
    ['/metrics', 'GET, HEAD'],
  ] as const) {
    const first = 'GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n'
    for (const method of ['BREW', 'QUERY', 'PUT']) {
      const headers = 'Host: a\r\nContent-Type: x\r\nConnection: close\r\n'
      const text = await talk(port, `${first}${method} ${path} HTTP/1.1\r\n${headers}\r\n`)
      const reply = text.slice(text.lastIndexOf('HTTP/1.1 '))
      t.true(reply.startsWith('HTTP/1.1 405 Method Not Allowed'), `${method} ${path}: ${reply}`)
      t.is(/^allow: (.+)\r$/m.exec(reply)?.[1], allow, path)
    }
  }
})

test('a request that takes too long is a 408', async (t) => {
  const { listen } = await startGateway(t, { headersTimeoutMs: 100, requestTimeoutMs: 200 })
  const reply = await talk(await listen(), 'GET / HTTP/1.1\r\nHost: a\r\n')
  t.true(reply.startsWith('HTTP/1.1 408 Request Timeout'))
  t.true(reply.includes('"code":"request_timeout"'))
})

test('a body of 10 MB is refused without being read', async (t) => {
  const { listen } = await startGateway(t)
  const key = 'X-Api-Key: a-key-for-tests-0123456789'
  const head = `POST /api/links HTTP/1.1\r\nHost: a\r\n${key}\r\nContent-Type: application/json`
  const reply = await talk(await listen(), `${head}\r\nContent-Length: 10000000\r\n\r\n{`)
  t.true(reply.startsWith('HTTP/1.1 413 '))
  t.true(reply.includes('"code":"body_too_large"'))
})

test('a body in chunks is refused at its limit', async (t) => {
  const { listen } = await startGateway(t)
  const key = 'X-Api-Key: a-key-for-tests-0123456789'
  const head = `POST /api/links HTTP/1.1\r\nHost: a\r\n${key}\r\nContent-Type: application/json`
  const chunk = `${(70_000).toString(16)}\r\n${'a'.repeat(70_000)}\r\n`
  const reply = await talk(await listen(), `${head}\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`)
  t.true(reply.startsWith('HTTP/1.1 413 '))
})

test('an absolute target means the path in it', async (t) => {
  const { add, listen } = await startGateway(t)
  add({ code: 'abc1234' })
  const request =
    'GET http://sho.rt/abc1234?x HTTP/1.1\r\nHost: sho.rt\r\nConnection: close\r\n\r\n'
  t.true((await talk(await listen(), request)).startsWith('HTTP/1.1 302 '))
})

/** Sends bytes and collects what comes back, until the server closes or has answered in full. */
async function talk(port: number, bytes: string): Promise<string> {
  const socket = net.connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write(bytes, 'latin1')
  let text = ''
  for await (const chunk of socket) {
    text += String(chunk)
    const length = /content-length: (\d+)/i.exec(text)?.[1]
    if (text.length >= text.indexOf('\r\n\r\n') + 4 + Number(length)) break
  }
  socket.destroy()
  return text
}

test('a request that names two hosts is refused, whatever it is for', async (t) => {
  const { listen, add } = await startGateway(t)
  add({ code: 'abc1234' })
  const port = await listen()
  const key = `X-Api-Key: ${KEY}\r\n`
  for (const path of ['/abc1234', '/abc1234+', '/', '/api/links', '/health/live', '/nonesuch']) {
    const head = `GET ${path} HTTP/1.1\r\nHost: sho.rt\r\nhost: go.example\r\n${key}Connection: close\r\n\r\n`
    t.regex(await talk(port, head), /^HTTP\/1\.1 400 /, path)
  }
  const redirect = 'GET /abc1234 HTTP/1.1\r\nHost: a\r\nHost: a\r\nConnection: close\r\n\r\n'
  t.regex(await talk(port, redirect), /^HTTP\/1\.1 400 /)
})
