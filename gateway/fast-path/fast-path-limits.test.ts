/** What a client cannot do to the fast path: stay for ever, fill its memory, crowd it out. */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { get } from '../testing/fast-path-corpus.ts'
import { LateLinks } from '../testing/fast-path-late-links.ts'
import { CONNECTION_BYTES_MAX } from '../gateway-settings.ts'
import {
  find,
  type FastServer,
  lookup,
  open,
  received,
  makeGateway,
  startFast,
} from '../testing/fast-path-pair.ts'

/** How late a client is cut off is not asserted: a busy machine makes every clock late. */
const TICK_MS = 10
const HEAD_MS = 150
const IDLE_MS = 1_000
const DRIP_MS = 20
/** A buffer read, a batch of replies and what the socket's stream adds. */
/** Requests sent at once; even: the client stops reading. Long enough to fill the kernel's buffers. */
const BATCHES = [1, 2_000, 6, 4, 8, 2_000, 1, 3, 3_000, 6, 6, 6, 5, 2_000, 4, 2, 5, 7]

/** Links of which some must be asked for; or none. */
const LATE = {
  '': {},
  ', where answers come later': new LateLinks({ lookup, find, isLate: (code) => code !== 'abc' }),
}

async function start(
  t: ExecutionContext,
  connectionsMax = 1_000,
  late: Partial<LateLinks> = {},
): Promise<FastServer> {
  const timeouts = { headersTimeoutMs: HEAD_MS, keepAliveTimeoutMs: IDLE_MS }
  const app = await makeGateway({ ...timeouts, connectionsMax })
  app.server.keepAliveTimeoutBuffer = 0
  const fast = await startFast(app, { tickMs: TICK_MS, ...late })
  t.teardown(() => fast.stop())
  return fast
}

/** With the time-outs that a gateway has, for what should not meet one. */
async function startPatient(
  t: ExecutionContext,
  late: Partial<LateLinks> = {},
): Promise<FastServer> {
  const fast = await startFast(await makeGateway(), late)
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
  t.true(afterMs > HEAD_MS / 2, `${afterMs} ms`)
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
  t.true(afterMs > HEAD_MS / 2, `${afterMs} ms`)
})

test('a head that is late after a redirect is cut off too', async (t) => {
  const { server } = await start(t)
  const socket = await open(server)
  socket.write(`${get('/abc')}GET /abc HTTP/1.1\r\n`)
  const { answer } = await cutOff(socket)
  t.regex(answer, /^HTTP\/1.1 302 [^]*HTTP\/1.1 408 /)
})

test('a client that asks nothing more is cut off without a word', async (t) => {
  const { server } = await start(t)
  const socket = await open(server)
  socket.write(get('/abc'))
  const { answer, afterMs } = await cutOff(socket)
  t.is(answer.match(/HTTP\/1.1 /g)?.length, 1)
  t.true(afterMs > IDLE_MS / 2, `${afterMs} ms`)
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
  const { answer } = await cutOff(socket)
  t.regex(answer, /^HTTP\/1.1 408 /)
})

for (const [requestsAtOnce, target, when] of [
  [1_000, '/long-code_0', ''],
  [5, '/long-code_0', ''],
  [1_000, '/nothing', ''],
  [1_000, '/long-code_0', ', where answers come later'],
] as const) {
  test(`a client that reads nothing is cut off with little in memory, asking ${requestsAtOnce} times for ${target} at once${when}`, async (t) => {
    const { server, counters } = await start(t, 1_000, LATE[when])
    const accepted = once(server, 'connection') as Promise<[Socket]>
    const socket = await open(server)
    const [peer] = await accepted
    socket.on('error', () => {})
    const requests = get(target).repeat(requestsAtOnce)
    let heldMax = 0
    while (!peer.destroyed) {
      if (!socket.writableNeedDrain) socket.write(requests)
      heldMax = Math.max(heldMax, peer.writableLength + peer.readableLength)
      await setTimeout(1)
    }
    t.true(counters.fast + counters.absent > 0)
    t.true(heldMax < CONNECTION_BYTES_MAX, `${heldMax} bytes`)
    socket.destroy()
  })
}

test('a head that gets too long is the server’s before it ends', async (t) => {
  const { server, fastPath, counters } = await startPatient(t)
  const socket = await open(server)
  socket.write(`GET /abc HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(5_000)}`)
  while (fastPath.connections > 0) await setTimeout(1)
  socket.write('\r\nConnection: close\r\n\r\n')
  t.regex(await received(socket), /^HTTP\/1.1 302 /)
  t.is(counters.fast, 0)
})

for (const [when, late] of Object.entries(LATE)) {
  test(`a client gets every reply once and in order, however it writes and reads${when}`, async (t) => {
    const { server, counters } = await startPatient(t, late)
    const socket = await open(server)
    const codes: string[] = []
    let answer = ''
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')))
    for (const count of BATCHES) {
      const batch = Array.from({ length: count }, (_, index) => (index % 3 ? 'long-code_0' : 'abc'))
      codes.push(...batch)
      if (count % 2 === 0) socket.pause()
      else socket.resume()
      socket.write(batch.map((code) => get(`/${code}`)).join(''))
      await setTimeout(1)
    }
    socket.resume()
    socket.write(get('/nothing', 'Connection: close'))
    await once(socket, 'close')
    const replies = answer.split('HTTP/1.1 ').slice(1)
    const found = replies.map((reply) => (reply.includes('/ppp') ? 'long-code_0' : 'abc'))
    t.true(replies.pop()!.startsWith('404'))
    t.deepEqual(found.slice(0, -1), codes)
    t.is(counters.fast, codes.length)
  })
}

test('clients beyond the bound are disconnected, handed over or not', async (t) => {
  const { server, fastPath } = await start(t, 2)
  const first = await open(server)
  const second = await open(server)
  second.write(get('/no/code'))
  await once(second, 'data')
  t.is(fastPath.connections, 1)
  t.is(await received(await open(server)), '')
  first.write(get('/abc'))
  await once(first, 'data')
  first.destroy()
  second.destroy()
})
