/** HTTPS by the node itself: redirects by the fast path, and what clients can do to its connections. */
import { once } from 'node:events'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect as connectPlain } from 'node:net'
import { connect } from 'node:tls'
import test from 'ava'
import { keepCertificate, makeCertificate } from '../../test/certificates.ts'
import { until } from '../../test/deadline.ts'
import { KEY } from '../testing/test-gateway.ts'
import {
  connectionsOf,
  dialTls,
  PATIENCE_MS,
  readUntil,
  startTlsGateway,
} from '../testing/tls-gateway.ts'
import { openRedirectPort } from './redirect-port.ts'

const GET = (path: string) => `GET ${path} HTTP/1.1\r\nHost: go.example\r\n\r\n`
const LOOK_MS = 5_000

test('redirects leave by the fast path: many of a packet in order, and one in pieces', async (t) => {
  const { dial, redirects } = await startTlsGateway(t)
  const socket = await dial()
  socket.write(GET('/abc').repeat(50) + GET('/abc').slice(0, 20))
  const text = readUntil(socket, /x=1\r\n/)
  socket.write(`${GET('/abc').slice(20)}${GET('/abc?x=1')}`)
  const replies = /^HTTP\/1.1 302 Found\r\nLocation: https:\/\/example.com\/a/gm
  t.is((await text).match(replies)?.length, 52)
  t.is(redirects.fast, 52)
})

test('what the fast path leaves to the server has its short URL in https', async (t) => {
  const { dial, port } = await startTlsGateway(t)
  const socket = await dial()
  const body = '{"url":"https://example.org/"}'
  const head = `POST /api/links HTTP/1.1\r\nHost: go.example:${port}\r\nX-API-Key: ${KEY}\r\n`
  const type = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`
  socket.write(`${GET('/abc')}${head}${type}${body}`)
  const text = await readUntil(socket, /"shortUrl":"[^"]*"/)
  t.regex(text, /^HTTP\/1.1 302 Found/)
  t.true(text.includes(`"shortUrl":"https://go.example:${port}/`), text)
})

test('a head without end is refused, however its records are cut', async (t) => {
  const { dial } = await startTlsGateway(t)
  const socket = await dial()
  socket.write(`GET /abc HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(300_000)}`)
  t.regex(await readUntil(socket, /\r\n\r\n/), /^HTTP\/1.1 431 /)
})

test('who asks for redirects without end and reads none is stopped, and holds up nobody', async (t) => {
  const { dial, app } = await startTlsGateway(t)
  const greedy = await dial()
  greedy.pause()
  const asked = Buffer.from(GET('/abc').repeat(1_000))
  const isFull = () => greedy.writableLength > 8 * asked.length
  while (!isFull()) {
    greedy.write(asked)
    await new Promise((resolve) => setImmediate(resolve))
  }
  const other = await dial()
  other.write(GET('/abc'))
  t.regex(await readUntil(other, /\r\n\r\n/), /^HTTP\/1.1 302 Found/)
  t.is(await connectionsOf(app.server), 2)
})

test('TLS before 1.2 is turned away, and so is who renegotiates', async (t) => {
  const { port, dial } = await startTlsGateway(t)
  const old = connect({
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  })
  const [error] = (await once(old, 'error')) as [Error]
  t.regex(error.message, /version|protocol/i)
  const busy = await dial({ maxVersion: 'TLSv1.2' })
  const answer = await new Promise<Error | null>((resolve) => {
    busy.on('error', resolve)
    busy.on('close', () => resolve(new Error('it is closed')))
    busy.renegotiate({}, resolve)
  })
  t.truthy(answer)
})

test('a handshake that does not go on is cut off, and one that fails too', async (t) => {
  const { port, app } = await startTlsGateway(t, { headersTimeoutMs: 1_000 })
  const silent = connectPlain(port, '127.0.0.1')
  const wrong = connectPlain(port, '127.0.0.1')
  const ends = [silent, wrong].map((socket) => {
    socket.on('error', () => {})
    return once(socket, 'close')
  })
  wrong.write(GET('/abc'))
  await Promise.all(ends)
  await until('none is left', PATIENCE_MS, async () => (await connectionsOf(app.server)) === 0)
  t.pass()
})

test('a renewed certificate is served; a broken one changes nothing, and is told once', async (t) => {
  const { port, files, clock, told, directory, call } = await startTlsGateway(t)
  const served = async () => {
    const socket = await dialTls(t, port)
    const name = socket.getPeerCertificate().subject.CN
    socket.destroy()
    return name
  }
  const renew = async (name: string) => {
    const made = makeCertificate({ name })
    const other = makeCertificate({ name: 'other' })
    keepCertificate(directory, 'own', name === 'broken' ? { ...made, key: other.key } : made)
    await clock.pass(4 * LOOK_MS)
  }
  t.is(await served(), 'first')
  await renew('broken')
  t.is(await served(), 'first')
  t.is(told.length, 1)
  t.regex(told[0]!, /^TINYGRID_TLS_CERT and TINYGRID_TLS_KEY cannot be used together/)
  await renew('second')
  t.deepEqual(told.slice(1), ['renewed'])
  t.is(await served(), 'second')
  t.truthy(files)
  const { text } = await call('GET', '/metrics')
  t.regex(text, /^tinygrid_tls_renewal_failures_total 1$/m)
  t.regex(text, /^tinygrid_tls_certificate_expiry_timestamp_seconds \d{10}$/m)
})

test('browsers are told of HTTPS by every answer, where the setting says so', async (t) => {
  const { dial } = await startTlsGateway(t, { hstsSeconds: 3_600 })
  const hsts = /^Strict-Transport-Security: max-age=3600\r$/gim
  const socket = await dial()
  socket.write(GET('/abc') + GET('/nothing') + GET('/health/live'))
  const text = await readUntil(socket, /"status":"ok"|alive/)
  t.is(text.match(hsts)?.length, 3, text)
})

test('the port for HTTP leads to HTTPS, and takes nothing else', async (t) => {
  const options = { host: '127.0.0.1', port: 0, baseUrl: undefined, httpsPort: 8443 }
  const server = await openRedirectPort(options)
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const ask = async (method: string, host: string, path: string) => {
    const asked = request({ port, host: '127.0.0.1', method, path, headers: { host } }).end()
    const [answer] = (await once(asked, 'response')) as [
      { statusCode: number; headers: object; resume(): void },
    ]
    answer.resume()
    const { location } = answer.headers as { location?: string }
    return [answer.statusCode, location]
  }
  t.deepEqual(await ask('GET', 'go.example:8080', '/abc?x=1'), [
    308,
    'https://go.example:8443/abc?x=1',
  ])
  t.deepEqual(await ask('HEAD', '[::1]', '/'), [308, 'https://[::1]:8443/'])
  t.deepEqual(await ask('POST', 'go.example', '/api/links'), [426, undefined])
  t.deepEqual(await ask('GET', 'a/b', '/abc'), [400, undefined])
})
