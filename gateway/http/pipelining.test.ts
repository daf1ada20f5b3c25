/** Many requests at once on one connection: all of them are answered, whatever the client does then. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { startGateway } from '../testing/test-gateway.ts'
import {
  BEGUN_HEADS,
  ConnectionBounds,
  CONNECTION_REQUESTS_MAX,
  HEADS_PER_TURN,
  TURN_HEADS_MAX,
} from './connection-bounds.ts'

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

interface Counted {
  readonly clients: readonly Socket[]
  readonly heads: () => number
}

/** Clients of a server that counts the heads it is given, and answers all at once. */
async function startCounting(
  t: ExecutionContext,
  clients: number,
  isBegun: boolean,
): Promise<Counted> {
  let heads = 0
  let accepted = 0
  const server = createServer((request, response) => {
    heads++
    if (isBegun) bounds.begun(request, response)
    response.end()
  })
  const limits = { requestsMax: 1_000, unreadBytesMax: 2 ** 26, unreadTimeoutMs: 60_000 }
  const bounds = new ConnectionBounds(server, limits)
  server.on('connection', () => accepted++)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const opened = await Promise.all(Array.from({ length: clients }, () => open(t, port)))
  for (const client of opened) client.resume()
  // A turn takes in one or a few; what they ask is to come all at once.
  await until(() => accepted === clients)
  return { clients: opened, heads: () => heads }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await setImmediate()
}

/** The most that come in one turn, until there were `total`. */
async function mostInTurn(heads: () => number, total: number): Promise<number> {
  let most = 0
  for (let before = heads(); before < total; before = heads()) {
    await setImmediate()
    most = Math.max(most, heads() - before)
  }
  return most
}

test('what is held is gone on with in turns, so many heads of all connections in each', async (t) => {
  const { clients, heads } = await startCounting(t, 30, false)
  for (const client of clients) client.write(`GET /abc ${HEAD}\r\n`.repeat(400))
  const most = await mostInTurn(heads, 30 * 400)
  // The budget of one turn, and of the next where the look falls between; each packet has one free.
  t.true(most <= 2 * (TURN_HEADS_MAX + clients.length + HEADS_PER_TURN), `${most} in one turn`)
})

test('however many begin a request at the same time, so many are begun in a turn', async (t) => {
  const { clients, heads } = await startCounting(t, 400, true)
  for (const client of clients) client.write(`GET /abc ${HEAD}\r\n`)
  const most = await mostInTurn(heads, 400)
  const ofOneTurn = TURN_HEADS_MAX / BEGUN_HEADS + CONNECTION_REQUESTS_MAX
  t.true(most <= 2 * ofOneTurn, `${most} in one turn`)
})
