/** HTTP/2: everything works over it, and what a client can do with it is bounded. */
import { once } from 'node:events'
import http2, { constants, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2'
import test, { type ExecutionContext } from 'ava'
import { until } from '../../test/deadline.ts'
import { KEY } from '../testing/test-gateway.ts'
import { connectionsOf, PATIENCE_MS, startTlsGateway } from '../testing/tls-gateway.ts'
import { STREAMS_MAX } from './http2-sessions.ts'

function connect(t: ExecutionContext, port: number): ClientHttp2Session {
  const session = http2.connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false })
  session.on('error', () => {})
  t.teardown(() => session.destroy())
  return session
}

async function answerOf(stream: ClientHttp2Stream) {
  stream.on('error', () => {})
  const [headers] = (await once(stream, 'response')) as [Record<string, string | number>]
  let text = ''
  for await (const piece of stream) text += String(piece)
  return { headers, status: headers[':status'], text }
}

test('redirects, pages and the API answer over HTTP/2', async (t) => {
  const { port } = await startTlsGateway(t, { hstsSeconds: 60 })
  const session = connect(t, port)
  const get = (path: string, more = {}) => answerOf(session.request({ ':path': path, ...more }))
  const redirect = await get('/abc?x=1')
  t.is(redirect.status, 302)
  t.is(redirect.headers['location'], 'https://example.com/a?x=1')
  t.is(redirect.headers['strict-transport-security'], 'max-age=60')
  t.is((await get('/nothing')).status, 404)
  t.regex((await get('/abc+')).text, /example\.com/)
  t.is((await get('/')).status, 200)
  t.is((await get('/health/live')).status, 200)
  t.is((await get('/api/links')).status, 401)
  const creating = session.request({
    ':method': 'POST',
    ':path': '/api/links',
    'x-api-key': KEY,
    'content-type': 'application/json',
  })
  creating.end('{"url":"https://example.org/","code":"two"}')
  const made = await answerOf(creating)
  t.is(made.status, 201)
  t.true(made.text.includes(`"shortUrl":"https://127.0.0.1:${port}/two"`), made.text)
  const list = await get('/api/links', { 'x-api-key': KEY })
  t.is(list.status, 200)
})

test('who names two hosts is refused', async (t) => {
  const { port } = await startTlsGateway(t)
  const session = connect(t, port)
  const stream = session.request({ ':path': '/abc', ':authority': 'a.example', host: 'b.example' })
  const [error] = (await once(stream, 'error')) as [NodeJS.ErrnoException]
  t.regex(error.message, /PROTOCOL_ERROR/)
})

test('a connection may have so many requests at a time, and all are answered in turns', async (t) => {
  const { port } = await startTlsGateway(t)
  const session = connect(t, port)
  await once(session, 'remoteSettings')
  t.is(session.remoteSettings.maxConcurrentStreams, STREAMS_MAX)
  const streams = Array.from({ length: 3 * STREAMS_MAX }, () =>
    session.request({ ':path': '/abc' }),
  )
  const answers = await Promise.all(streams.map(answerOf))
  t.true(answers.every(({ status }) => status === 302))
})

test('past what all may have begun, each connection has one', async (t) => {
  const { port } = await startTlsGateway(t, { requestsMax: 1 })
  const session = connect(t, port)
  const waiting = session.request({ ':path': '/api/links', ':method': 'POST', 'x-api-key': KEY })
  waiting.on('error', () => {})
  waiting.write('{')
  const more = session.request({ ':path': '/abc' })
  await t.throwsAsync(once(more, 'close'), { message: /REFUSED_STREAM/ })
  t.is(more.rstCode, constants.NGHTTP2_REFUSED_STREAM)
})

test('who takes back what it asks, without end, is sent away', async (t) => {
  const { port, app } = await startTlsGateway(t)
  const session = connect(t, port)
  await once(session, 'connect')
  while (!session.destroyed && !session.closed) {
    for (let count = 0; count < 50 && !session.destroyed && !session.closed; count++) {
      const stream = session.request({ ':path': '/abc' })
      stream.on('error', () => {})
      stream.close(constants.NGHTTP2_CANCEL)
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
  await until('it is gone', PATIENCE_MS, async () => (await connectionsOf(app.server)) === 0)
  t.is((await answerOf(connect(t, port).request({ ':path': '/abc' }))).status, 302)
})

test('who asks nothing, or sends a body without end, is cut off', async (t) => {
  const times = { headersTimeoutMs: 1_000, keepAliveTimeoutMs: 1_000, requestTimeoutMs: 1_000 }
  const { port, app } = await startTlsGateway(t, times)
  const silent = connect(t, port)
  const slow = connect(t, port)
  const body = slow.request({ ':path': '/api/links', ':method': 'POST', 'x-api-key': KEY })
  body.on('error', () => {})
  body.write('{')
  await until('both are cut off', PATIENCE_MS, () => body.destroyed && silent.destroyed)
  await until('none is left', PATIENCE_MS, async () => (await connectionsOf(app.server)) === 0)
  t.pass()
})

test('a stop answers what is under way, and says goodbye', async (t) => {
  const { port, app } = await startTlsGateway(t)
  const session = connect(t, port)
  t.is((await answerOf(session.request({ ':path': '/abc' }))).status, 302)
  await Promise.all([once(session, 'close'), app.close()])
  t.pass()
})
