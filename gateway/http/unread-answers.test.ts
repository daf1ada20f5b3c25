/** Clients that are slow on connections which Node's HTTP server has, the fast path being off. */
import { once } from 'node:events'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { startGateway } from '../testing/test-gateway.ts'
import { cutOffUnread } from './unread-answers.ts'

const TIMEOUT_MS = 300
/** More than the kernel keeps for a connection. */
const LONG_ANSWER = Buffer.alloc(32 * 1024 * 1024)
const READ_BYTES = 1024 * 1024
const ASK = 'GET /abc HTTP/1.1\r\nHost: sho.rt\r\n\r\n'

interface Started {
  readonly port: number
  /** The first connection, as the server has it. */
  readonly accepted: Promise<[Socket]>
}

async function start(t: ExecutionContext, listener: RequestListener): Promise<Started> {
  const server = createServer(listener)
  cutOffUnread(server, TIMEOUT_MS)
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
