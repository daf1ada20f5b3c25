/** What a client cannot do to the fast path: stay for ever, fill its memory, crowd it out. */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { get } from './fast-path-corpus.ts'
import { type FastServer, open, received, makeGateway, startFast } from './fast-path-pair.ts'

const TICK_MS = 10
const HEAD_MS = 150
const IDLE_MS = 1_000
/** Generous: the machine may be busy. */
const LATE_MS = 3_000
const DRIP_MS = 20

async function start(t: ExecutionContext, connectionsMax = 1_000): Promise<FastServer> {
  const timeouts = { headersTimeoutMs: HEAD_MS, keepAliveTimeoutMs: IDLE_MS }
  const app = await makeGateway({ ...timeouts, connectionsMax })
  app.server.keepAliveTimeoutBuffer = 0
  const fast = await startFast(app, { tickMs: TICK_MS })
  t.teardown(() => fast.stop())
  return fast
}

/** What a client receives until it is cut off, and after how long. */
async function cutOff(socket: Socket): Promise<{ answer: string; afterMs: number }> {
  const startedAt = performance.now()
  const answer = await received(socket)
  return { answer, afterMs: performance.now() - startedAt }
}

test('a client that says nothing is cut off with 408', async (t) => {
  const { server } = await start(t)
  const { answer, afterMs } = await cutOff(await open(server))
  t.regex(answer, /^HTTP\/1.1 408 /)
  t.true(afterMs > HEAD_MS / 2 && afterMs < LATE_MS, `${afterMs} ms`)
})

test('a client that sends its head a byte at a time is cut off with 408 all the same', async (t) => {
  const { server } = await start(t)
  const socket = await open(server)
  const end = cutOff(socket)
  for (const byte of get('/abc', `X: ${'a'.repeat(1_000)}`)) {
    if (socket.destroyed) break
    socket.write(byte)
    await setTimeout(DRIP_MS)
  }
  const { answer, afterMs } = await end
  t.regex(answer, /^HTTP\/1.1 408 /)
  t.true(afterMs > HEAD_MS / 2 && afterMs < LATE_MS, `${afterMs} ms`)
})

test('a head that is late after a redirect is cut off too', async (t) => {
  const { server } = await start(t)
  const socket = await open(server)
  socket.write(`${get('/abc')}GET /abc HTTP/1.1\r\n`)
  const { answer, afterMs } = await cutOff(socket)
  t.regex(answer, /^HTTP\/1.1 302 [^]*HTTP\/1.1 408 /)
  t.true(afterMs < IDLE_MS, `${afterMs} ms`)
})

test('a client that asks nothing more is cut off without a word', async (t) => {
  const { server } = await start(t)
  const socket = await open(server)
  socket.write(get('/abc'))
  const { answer, afterMs } = await cutOff(socket)
  t.is(answer.match(/HTTP\/1.1 /g)?.length, 1)
  t.true(afterMs > IDLE_MS / 2 && afterMs < IDLE_MS + LATE_MS, `${afterMs} ms`)
})

test('a client that asks now and then stays', async (t) => {
  const { server, fastPath } = await start(t)
  const socket = await open(server)
  const startedAt = performance.now()
  while (performance.now() - startedAt < IDLE_MS * 1.5) {
    socket.write(get('/abc'))
    await once(socket, 'data')
    await setTimeout(IDLE_MS / 10)
  }
  t.is(fastPath.connections, 1)
  socket.destroy()
})

test('a slow client that was handed over is cut off by the server', async (t) => {
  const { server } = await start(t)
  const socket = await open(server)
  socket.write('POST /api/links HTTP/1.1\r\nHost')
  const { answer, afterMs } = await cutOff(socket)
  t.regex(answer, /^HTTP\/1.1 408 /)
  t.true(afterMs < LATE_MS, `${afterMs} ms`)
})

test('a client that reads nothing holds a bounded amount of memory, then is cut off', async (t) => {
  const { server, counters } = await start(t)
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const socket = await open(server)
  const [peer] = await accepted
  socket.on('error', () => {})
  const requests = get('/long-code_0').repeat(1_000)
  let heldMax = 0
  while (!peer.destroyed) {
    if (!socket.writableNeedDrain) socket.write(requests)
    heldMax = Math.max(heldMax, peer.writableLength + peer.readableLength)
    await setTimeout(1)
  }
  t.true(counters.fast > 0)
  t.true(heldMax < 300_000, `${heldMax} bytes`)
  socket.destroy()
})

test('a head that gets too long is the server’s before it ends', async (t) => {
  const { server, fastPath } = await start(t)
  const socket = await open(server)
  socket.write('GET /abc HTTP/1.1\r\nX: ')
  while (fastPath.connections === 1) {
    socket.write('a'.repeat(100))
    await setTimeout(1)
  }
  t.true(socket.bytesWritten < 10_000, `${socket.bytesWritten} bytes`)
  socket.destroy()
})

test('a client that reads late gets every reply, in order', async (t) => {
  const { server } = await start(t)
  const socket = await open(server)
  const count = 4_000
  socket.write(
    (get('/long-code_0') + get('/abc')).repeat(count / 2) + get('/nothing', 'Connection: close'),
  )
  await setTimeout(IDLE_MS / 5)
  const replies = (await received(socket)).split('HTTP/1.1 ').slice(1)
  t.is(replies.length, count + 1)
  const isInOrder = replies
    .slice(0, -1)
    .every((reply, index) => reply.includes(index % 2 === 0 ? '/ppp' : 'https://example.com/a\r\n'))
  t.true(isInOrder)
  t.true(replies.at(-1)!.startsWith('404'))
})

test('clients beyond the bound are disconnected, handed over or not', async (t) => {
  const { server, fastPath } = await start(t, 2)
  const first = await open(server)
  const second = await open(server)
  second.write(get('/nothing'))
  await once(second, 'data')
  t.is(fastPath.connections, 1)
  t.is(await received(await open(server)), '')
  first.write(get('/abc'))
  await once(first, 'data')
  first.destroy()
  second.destroy()
})
