/** How the fast path shares a server: who answers, who reads on, and how both stop. */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { get } from '../testing/fast-path-corpus.ts'
import {
  type FastServer,
  KEY,
  makeGateway,
  open,
  received,
  startFast,
} from '../testing/fast-path-pair.ts'

const FOUND = 'HTTP/1.1 302 Found'

async function start(t: ExecutionContext): Promise<FastServer> {
  const fast = await startFast(await makeGateway())
  t.teardown(() => fast.stop())
  return fast
}

/** The next bytes that the server sends. */
async function next(socket: Socket): Promise<string> {
  const [chunk] = (await once(socket, 'data')) as [Buffer]
  return chunk.toString('latin1')
}

async function ask(socket: Socket, text: string): Promise<string> {
  socket.write(text)
  return next(socket)
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setImmediate()
}

test('a connection stays in the fast path for as long as it asks for redirects', async (t) => {
  const { fastPath, counters, server } = await start(t)
  const socket = await open(server)
  for (const headers of [[], ['X: a'], ['X: a', 'Y: b'], []]) {
    t.true((await ask(socket, get('/abc', ...headers))).startsWith(FOUND))
  }
  t.is(counters.fast, 4)
  t.is(fastPath.connections, 1)
  socket.destroy()
  await until(() => fastPath.connections === 0)
  t.pass()
})

test('who finds nothing is told so, and stays in the fast path', async (t) => {
  const { fastPath, counters, server } = await start(t)
  const socket = await open(server)
  t.regex(await ask(socket, get('/nothing')), /^HTTP\/1.1 404 [^]*<h1>There is no such link/)
  t.regex(await ask(socket, get('/gone', 'Accept: application/json')), /^HTTP\/1.1 410 [^]*}$/)
  t.true((await ask(socket, get('/abc'))).startsWith(FOUND))
  t.deepEqual(counters, { fast: 1, gone: 1, absent: 1 })
  t.is(fastPath.connections, 1)
  socket.destroy()
})

test('a connection that asks for anything else is read by the server from then on', async (t) => {
  const { fastPath, counters, server } = await start(t)
  const socket = await open(server)
  t.true((await ask(socket, get('/abc'))).startsWith(FOUND))
  t.regex(await ask(socket, get('/no/code')), /^HTTP\/1.1 404/)
  t.is(fastPath.connections, 0)
  t.true((await ask(socket, get('/abc'))).startsWith(FOUND))
  t.is(counters.fast, 1)
  socket.destroy()
})

test('a body that comes after its head reaches the server', async (t) => {
  const { server } = await start(t)
  const socket = await open(server)
  const body = '{"url":"https://example.com/new"}'
  socket.write(get('/abc') + postHead('/api/links', body) + body.slice(0, 10))
  t.true((await next(socket)).startsWith(FOUND))
  t.regex(await ask(socket, body.slice(10)), /^HTTP\/1.1 20[01] /)
  socket.destroy()
})

test('a large body is passed on whole', async (t) => {
  const { server } = await start(t)
  const socket = await open(server)
  const count = 1_000
  const items = Array.from({ length: count }, (_, index) => ({
    url: `https://example.com/${'x'.repeat(900)}/${index}`,
  }))
  const body = JSON.stringify({ links: items })
  const answer = received(socket)
  socket.write(postHead('/api/links/bulk', body, 'Connection: close') + body)
  t.is((await answer).match(/"shortUrl"/g)?.length, count)
})

function postHead(path: string, body: string, ...headers: string[]): string {
  const lines = ['Host: a', `X-Api-Key: ${KEY}`, 'Content-Type: application/json', ...headers]
  return `POST ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\nContent-Length: ${body.length}\r\n\r\n`
}

test('a client that resets its connection harms nobody', async (t) => {
  const { fastPath, server } = await start(t)
  for (const text of ['', 'GET /a', get('/abc'), get('/nothing'), get('/no/code')]) {
    const accepted = once(server, 'connection')
    const socket = await open(server)
    const [peer] = (await accepted) as [Socket]
    socket.write(text)
    await until(() => peer.bytesRead === text.length)
    socket.resetAndDestroy()
    await until(() => peer.destroyed && fastPath.connections === 0)
  }
  const socket = await open(server)
  t.true((await ask(socket, get('/abc'))).startsWith(FOUND))
  socket.destroy()
})

test('a stop ends idle connections at once', async (t) => {
  const { fastPath, server, stop } = await start(t)
  const fresh = await open(server)
  const used = await open(server)
  await ask(used, get('/abc'))
  const ends = Promise.all([received(fresh), received(used)])
  await stop()
  t.deepEqual(await ends, ['', ''])
  t.is(fastPath.connections, 0)
})

test('a stop answers a request that is partly here, and says that it is the last', async (t) => {
  const { fastPath, server } = await start(t)
  const accepted = once(server, 'connection')
  const socket = await open(server)
  const [peer] = (await accepted) as [Socket]
  const request = get('/abc')
  socket.write(request.slice(0, 10))
  await until(() => peer.bytesRead === 10)
  const closed = fastPath.close()
  const answer = received(socket)
  socket.write(request.slice(10) + request)
  t.regex(await answer, /^HTTP\/1.1 302 Found\r\n[^]*Connection: close\r\n\r\n$/)
  t.is((await answer).match(/HTTP\/1.1/g)?.length, 1)
  await closed
})

test('a stop sends what a client has not taken yet', async (t) => {
  const { fastPath, server } = await start(t)
  const count = 5_000
  const socket = await open(server)
  socket.write(get('/long-code_0').repeat(count))
  await once(socket, 'readable')
  const closed = fastPath.close()
  const answer = await received(socket)
  const replies = answer.split('\r\n\r\n')
  t.is(replies.pop(), '')
  t.true(replies.every((reply) => reply.startsWith(FOUND)))
  t.true(replies.at(-1)!.endsWith('Connection: close'))
  await closed
})

test('a connection that comes during the stop is the server’s', async (t) => {
  const { fastPath, counters, server } = await start(t)
  await fastPath.close()
  const socket = await open(server)
  t.true((await ask(socket, get('/abc'))).startsWith(FOUND))
  t.is(counters.fast, 0)
  socket.destroy()
})
