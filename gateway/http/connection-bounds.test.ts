/** Clients that are slow on connections which Node's HTTP server has, the fast path being off. */
import { once } from 'node:events'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { startGateway } from '../testing/test-gateway.ts'
import { ConnectionBounds, CONNECTION_REQUESTS_MAX } from './connection-bounds.ts'

const TIMEOUT_MS = 1_000
/** More than the kernel keeps for a connection. */
const LONG_ANSWER = Buffer.alloc(32 * 1024 * 1024)
const READ_BYTES = 1024 * 1024
const ASK = 'GET /abc HTTP/1.1\r\nHost: sho.rt\r\n\r\n'

interface Started {
  readonly port: number
  /** The first connection, as the server has it. */
  readonly accepted: Promise<[Socket]>
}

const BOUNDS = { requestsMax: 1_000, unreadBytesMax: 64 * 1024 * 1024 }

async function start(t: ExecutionContext, listener: RequestListener): Promise<Started> {
  const server = createServer(listener)
  const bounds = new ConnectionBounds(server, {
    ...BOUNDS,
    unreadTimeoutMs: TIMEOUT_MS,
  })
  server.on('request', (request, response) => bounds.begun(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  return { port, accepted: once(server, 'connection') as Promise<[Socket]> }
}

/** A client that reads nothing until it is told to. */
async function open(t: ExecutionContext, port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

const answerLong = (response: ServerResponse) => response.end(LONG_ANSWER)

test('a client that reads nothing of its answer is cut off', async (t) => {
  const { port, accepted } = await start(t, (_request, response) => answerLong(response))
  const client = await open(t, port)
  const [peer] = await accepted
  client.write(ASK)
  await once(peer, 'close')
  t.pass()
})

test('a client that reads slowly gets all of it', async (t) => {
  const { port } = await start(t, (_request, response) => answerLong(response))
  const client = await open(t, port)
  const startedAt = performance.now()
  client.write(`${ASK.slice(0, -2)}Connection: close\r\n\r\n`)
  let received = 0
  let readUntil = 0
  client.on('data', (bytes: Buffer) => {
    received += bytes.length
    if (received < readUntil) return
    client.pause()
    readUntil = received + READ_BYTES
    void setTimeout(TIMEOUT_MS / 10).then(() => client.resume())
  })
  await once(client, 'end')
  t.true(received > LONG_ANSWER.length, `${received} bytes`)
  t.true(performance.now() - startedAt > TIMEOUT_MS * 2, 'it took long enough to be cut off')
})

test('who has read its answer may wait for the next one as long as that takes', async (t) => {
  let answers = 0
  const { port } = await start(t, (_request, response) => {
    if (answers++ === 0) answerLong(response)
    else void setTimeout(TIMEOUT_MS * 3).then(() => response.end('at last'))
  })
  const client = await open(t, port)
  client.write(ASK)
  await setTimeout(TIMEOUT_MS / 2)
  let received = 0
  let text = ''
  client.on('data', (bytes: Buffer) => {
    if (received >= LONG_ANSWER.length) text += bytes.toString()
    received += bytes.length
  })
  while (received < LONG_ANSWER.length) await setTimeout(1)
  client.write(ASK)
  while (!text.endsWith('at last')) {
    if (client.destroyed) return t.fail('cut off while it waited')
    await setTimeout(1)
  }
  t.pass()
})

test('redirects that are not read are cut off, however many were asked for', async (t) => {
  const gateway = await startGateway(t, { unreadTimeoutMs: TIMEOUT_MS })
  gateway.add({ code: 'abc' })
  const accepted = once(gateway.app.server, 'connection') as Promise<[Socket]>
  const client = await open(t, await gateway.listen())
  const [peer] = await accepted
  while (!peer.destroyed) {
    if (!client.writableNeedDrain) client.write(ASK.repeat(1_000))
    await setTimeout(1)
  }
  t.pass()
})

test('a client that asks nothing at all is cut off', async (t) => {
  const gateway = await startGateway(t, { headersTimeoutMs: TIMEOUT_MS })
  const client = await open(t, await gateway.listen())
  const [answer] = (await once(client, 'data')) as [Buffer]
  t.regex(answer.toString(), /^HTTP\/1.1 408 /)
})

interface Bounded extends Started {
  readonly bounds: ConnectionBounds
  /** Answers that the server has not given yet. */
  readonly begun: ServerResponse[]
  /** Targets of all requests that were begun. */
  readonly asked: string[]
}

/** A server that begins what it may, and answers when the test says. */
async function startBounded(
  t: ExecutionContext,
  limits: Partial<{ requestsMax: number; unreadBytesMax: number }> = {},
): Promise<Bounded> {
  const begun: ServerResponse[] = []
  const asked: string[] = []
  const server = createServer((request, response) => {
    bounds.begun(request, response)
    asked.push(request.url!)
    request.resume()
    begun.push(response)
  })
  const bounds = new ConnectionBounds(server, { ...BOUNDS, unreadTimeoutMs: 60_000, ...limits })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const accepted = once(server, 'connection') as Promise<[Socket]>
  return { port, bounds, begun, asked, accepted }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await setTimeout(1)
}

function numbered(count: number): string {
  return Array.from({ length: count }, (_, n) => ASK.replace('/abc', `/${n}`)).join('')
}

test('of one connection so many requests are begun at a time; all are answered in their order', async (t) => {
  const { port, begun, asked } = await startBounded(t)
  const client = await open(t, port)
  let received = ''
  client.on('data', (bytes: Buffer) => (received += bytes.toString()))
  client.write(numbered(2_000))
  let most = 0
  while (asked.length < 2_000 || begun.length > 0) {
    most = Math.max(most, begun.length)
    for (const response of begun.splice(0)) response.end(response.req.url)
    await setTimeout(0)
  }
  t.is(most, CONNECTION_REQUESTS_MAX)
  t.deepEqual(
    asked,
    Array.from({ length: 2_000 }, (_, n) => `/${n}`),
  )
  await until(() => received.match(/HTTP\/1\.1 200 OK/g)?.length === 2_000)
  t.deepEqual(
    Array.from(received.matchAll(/\r\n\r\n(\/\d+)(?=HTTP|$)/g), ([, url]) => url),
    asked,
  )
})

test('past what all together may have begun, each connection still has one', async (t) => {
  const { port, begun, bounds } = await startBounded(t, { requestsMax: 10 })
  for (let clients = 1; clients <= 4; clients++)
    (await open(t, port)).resume().write(ASK.repeat(20))
  await until(() => begun.length === 12)
  t.is(bounds.requests, 12, 'eight of the first, two of the second, one each of the others')
  let answered = 0
  while (answered < 80) {
    for (const response of begun.splice(0)) {
      response.end()
      answered++
    }
    await setTimeout(0)
  }
  await until(() => bounds.requests === 0)
})

test('a request that was begun gets its body, however full the process is', async (t) => {
  const { port, begun } = await startBounded(t, { requestsMax: 1 })
  const other = await open(t, port)
  other.write(ASK)
  await until(() => begun.length === 1)
  const client = await open(t, port)
  const body = `a\r\n\r\n${'b'.repeat(200_000)}`
  client.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  await until(() => begun.length === 2 && begun[1]!.req.complete)
  begun[1]!.end('got it')
  const [answer] = (await once(client, 'data')) as [Buffer]
  t.regex(answer.toString(), /got it/)
})

test('who takes nothing has little begun, and goes on where it was when it takes again', async (t) => {
  const { port, begun, asked } = await startBounded(t)
  const client = await open(t, port)
  client.pause()
  client.write(numbered(1_000))
  const answer = Buffer.alloc(64 * 1024)
  let rounds = 0
  while (rounds++ < 500) {
    for (const response of begun.splice(0)) response.end(answer)
    await setTimeout(1)
  }
  t.true(asked.length < 500, `${asked.length} of 1,000`)
  client.resume()
  while (asked.length < 1_000) {
    for (const response of begun.splice(0)) response.end(answer)
    await setTimeout(0)
  }
  t.pass()
})

test('of answers that nobody reads the process keeps so much: who has most is cut off', async (t) => {
  const { port, begun } = await startBounded(t, { unreadBytesMax: 24 * 1024 * 1024 })
  for (let clients = 1; clients <= 2; clients++) {
    ;(await open(t, port)).write(ASK)
    await until(() => begun.length === clients)
  }
  begun[1]!.end(Buffer.alloc(16 * 1024 * 1024))
  begun[0]!.end(LONG_ANSWER)
  await until(() => begun[0]!.destroyed)
  t.false(begun[1]!.destroyed)
})

test('a connection that Node has stopped gets nothing, though its stream be made to flow', async (t) => {
  const { port, begun, asked, accepted } = await startBounded(t)
  const client = await open(t, port)
  client.pause()
  const [peer] = await accepted
  const body = '{"a":1}'
  const post = `POST /abc HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  client.write(post.repeat(3_000))
  const answer = Buffer.alloc(32 * 1024)
  for (let rounds = 0; rounds < 300; rounds++) {
    for (const response of begun.splice(0)) response.end(answer)
    peer.resume()
    await setTimeout(1)
  }
  t.true(asked.length < 3_000, `${asked.length} of 3,000`)
  client.resume()
  while (asked.length < 3_000) {
    for (const response of begun.splice(0)) response.end()
    await setTimeout(0)
  }
  t.pass()
})
