/** Many requests at once on one connection: all of them are answered, whatever the client does then. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { setImmediate, setTimeout } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { startGateway } from '../testing/test-gateway.ts'
import { ConnectionBounds, HEADS_PER_TURN, TURN_HEADS_MAX } from './connection-bounds.ts'

const HEAD = 'HTTP/1.1\r\nHost: sho.rt\r\n'
const LAST = `GET /health/live ${HEAD}Connection: close\r\n\r\n`
const ROUNDS = 100

async function open(t: ExecutionContext, port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

const repeated = (round: string[]) => Array.from({ length: ROUNDS }, () => round).flat()

async function statuses(socket: Socket): Promise<string[]> {
  let text = ''
  socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')))
  await once(socket, 'end')
  return [...text.matchAll(/HTTP\/1.1 (\d+)/g)].map(([, status]) => status!)
}

test('requests that clients send at once are answered once each and in order', async (t) => {
  const gateway = await startGateway(t)
  gateway.add({ code: 'abc' })
  const port = await gateway.listen()
  const ask = async (paths: readonly string[]): Promise<string[]> => {
    const client = await open(t, port)
    const answers = statuses(client)
    const text = paths.map((path) => `GET ${path} ${HEAD}\r\n`).join('')
    client.write(text.repeat(ROUNDS) + LAST)
    return answers
  }
  // What is held of one must not be the other's.
  const [one, other] = await Promise.all([
    ask(['/abc', '/nothing', '/robots.txt', '/openapi.json']),
    ask(['/nothing', '/nothing-at-all-that-is-known']),
  ])
  t.deepEqual(one, [...repeated(['302', '404', '200', '200']), '200'])
  t.deepEqual(other, [...repeated(['404', '404']), '200'])
})

test('bodies with empty lines in them pass whole, cut in any place', async (t) => {
  const gateway = await startGateway(t, { publicCreate: true })
  const client = await open(t, await gateway.listen())
  const answers = statuses(client)
  const body = `${JSON.stringify({ url: 'https://example.com/x' })}\r\n\r\n\r\n\r\n`
  const head = `POST /api/links ${HEAD}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`
  const text = (head + body).repeat(3) + LAST
  client.setNoDelay(true)
  for (let at = 0; at < text.length; at += 97) {
    await new Promise((done) => client.write(text.slice(at, at + 97), done))
  }
  t.deepEqual(await answers, ['201', '200', '200', '200'])
})

test('what is held is gone on with in turns, so many heads of all connections in each', async (t) => {
  let heads = 0
  const server = createServer((_request, response) => {
    heads++
    response.end()
  })
  const limits = { requestsMax: 1_000, unreadBytesMax: 2 ** 26, unreadTimeoutMs: 60_000 }
  t.is(new ConnectionBounds(server, limits).requests, 0)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const clients = await Promise.all(Array.from({ length: 10 }, () => open(t, port)))
  for (const client of clients) client.resume().write(`GET /abc ${HEAD}\r\n`.repeat(400))
  let most = 0
  for (let before = 0; before < 4_000; before = heads) {
    await setImmediate()
    most = Math.max(most, heads - before)
    if (heads === before) await setTimeout(1)
  }
  // A packet that comes in the same turn may begin HEADS_PER_TURN of its connection.
  t.true(most <= TURN_HEADS_MAX + (1 + clients.length) * HEADS_PER_TURN, `${most} in one turn`)
})
