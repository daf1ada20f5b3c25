/** A connection whose answers are still to come: in order, within bounds, and never left behind. */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setImmediate, setTimeout } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import type { Code } from '../../links/ids.ts'
import { UNKNOWN, type Lookup } from '../../links/link.ts'
import type { Found } from '../../links/link-owner.ts'
import { get } from '../testing/fast-path-corpus.ts'
import { EXPECTED_MAX, FOUND_BYTES_MAX, HELD_BYTES_MAX } from './fast-path-line.ts'
import {
  type FastServer,
  lookup,
  makeGateway,
  open,
  received,
  startFast,
} from '../testing/fast-path-pair.ts'

const TICK_MS = 10
const HEAD_MS = 100
/** The least that a server's keep-alive time can be here. */
const IDLE_MS = 1_000
const READ_BYTES_MAX = 16_384

interface Question {
  readonly code: Code
  readonly answer: (lookup: Lookup) => void
  readonly fail: (error: Error) => void
}

interface WaitingServer extends FastServer {
  /** What was asked and not answered, in order. Codes that begin with `late` are asked for. */
  readonly questions: Question[]
  readonly nextQuestion: () => Promise<Question>
}

async function start(t: ExecutionContext, settings = {}, known = lookup): Promise<WaitingServer> {
  const questions: Question[] = []
  const app = await makeGateway(settings)
  app.server.keepAliveTimeoutBuffer = 0
  const fast = await startFast(app, {
    tickMs: TICK_MS,
    lookup: (code) => (code.startsWith('late') ? UNKNOWN : known(code)),
    find: (code) => {
      const { promise, resolve, reject } = Promise.withResolvers<Found>()
      const answer = (found: Lookup) => resolve({ lookup: found, source: 'owner' })
      questions.push({ code, answer, fail: reject })
      return promise
    },
  })
  t.teardown(() => fast.stop())
  const nextQuestion = async () => {
    await until(() => questions.length > 0)
    return questions.shift()!
  }
  return { ...fast, questions, nextQuestion }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setImmediate()
}

function to(path: string): Lookup {
  return { kind: 'redirect', url: `https://example.com/${path}` }
}

function toLong(path: string): Lookup {
  return to(`${path}-${'x'.repeat(32_000)}`)
}

function locations(answer: string): string[] {
  return [...answer.matchAll(/Location: https:\/\/example.com\/(\S*)/g)].map((match) => match[1]!)
}

function statuses(answer: string): string[] {
  return [...answer.matchAll(/HTTP\/1.1 (\d+)/g)].map((match) => match[1]!)
}

async function next(socket: Socket): Promise<string> {
  const [chunk] = (await once(socket, 'data')) as [Buffer]
  return chunk.toString('latin1')
}

/** Both ends of a new connection. */
async function connection(server: FastServer['server']): Promise<[client: Socket, peer: Socket]> {
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const socket = await open(server)
  socket.on('error', () => {})
  const [peer] = await accepted
  return [socket, peer]
}

test('a late redirect is sent by the fast path, which keeps the connection', async (t) => {
  const { server, fastPath, counters, nextQuestion } = await start(t)
  const socket = await open(server)
  for (const path of ['first', 'second']) {
    socket.write(get(`/late-${path}`))
    const { code, answer } = await nextQuestion()
    answer(to(path))
    t.is(String(code), `late-${path}`)
    t.deepEqual(locations(await next(socket)), [path])
  }
  t.is(counters.fast, 2)
  t.is(fastPath.connections, 1)
  socket.destroy()
})

test('what a client asks at once is asked at once, and answered in order', async (t) => {
  const { server, questions, counters } = await start(t)
  const socket = await open(server)
  let answer = ''
  socket.on('data', (chunk) => (answer += String(chunk)))
  socket.write(['/late-1', '/abc', '/late-2', '/late-3'].map((path) => get(path)).join(''))
  await until(() => questions.length === 3)
  questions[2]!.answer(to('3'))
  questions[1]!.answer(to('2'))
  for (let turn = 0; turn < 10; turn++) await setImmediate()
  t.is(answer, '')
  questions[0]!.answer(to('1'))
  await until(() => locations(answer).length === 4)
  t.deepEqual(locations(answer), ['1', 'a', '2', '3'])
  t.is(counters.fast, 4)
  socket.destroy()
})

test('an answer that does not come is the server’s to give, with all that follows', async (t) => {
  const { server, fastPath, counters, nextQuestion } = await start(t)
  const socket = await open(server)
  const answer = received(socket)
  socket.write(get('/abc') + get('/late') + get('/abc'))
  const question = await nextQuestion()
  socket.write(get('/abc', 'Connection: close'))
  question.fail(new Error('no answer'))
  t.deepEqual(statuses(await answer), ['302', '404', '302', '302'])
  t.deepEqual(counters, { fast: 1, gone: 0, absent: 0 })
  t.is(fastPath.connections, 0)
})

test('who hears late that there is no such link hears it in order, and asks on', async (t) => {
  const { server, fastPath, counters, nextQuestion } = await start(t)
  const socket = await open(server)
  const answer = received(socket)
  socket.write(get('/abc') + get('/late') + get('/abc'))
  const { answer: give } = await nextQuestion()
  socket.write(get('/abc', 'Connection: close'))
  give({ kind: 'absent' })
  t.deepEqual(statuses(await answer), ['302', '404', '302', '302'])
  t.deepEqual(counters, { fast: 2, gone: 0, absent: 1 })
  t.is(fastPath.connections, 0)
})

test('a client that goes away is forgotten, and its answer falls on the floor', async (t) => {
  const { server, fastPath, nextQuestion, counters } = await start(t)
  const [socket, peer] = await connection(server)
  socket.write(get('/late') + get('/abc'))
  const { answer } = await nextQuestion()
  socket.resetAndDestroy()
  await until(() => peer.destroyed && fastPath.connections === 0)
  answer(to('late'))
  await setImmediate()
  t.is(counters.fast, 0)
})

test('a client that ends its side gets the redirects that it asked for', async (t) => {
  const { server, nextQuestion } = await start(t)
  const [socket, peer] = await connection(server)
  const answer = received(socket)
  socket.end(get('/late') + get('/abc'))
  const question = await nextQuestion()
  await until(() => peer.readableEnded)
  question.answer(to('late'))
  t.deepEqual(locations(await answer), ['late', 'a'])
})

test('a client that ends its side in the middle of a request is refused after its redirects', async (t) => {
  const { server, nextQuestion } = await start(t)
  const [socket, peer] = await connection(server)
  const answer = received(socket)
  socket.end(`${get('/late')}GET /abc HT`)
  const question = await nextQuestion()
  await until(() => peer.readableEnded)
  question.answer(to('late'))
  t.regex(await answer, /^HTTP\/1.1 302 [^]*HTTP\/1.1 400 /)
})

test('a client that ends its side does not get what the server would answer', async (t) => {
  const { server, fastPath, nextQuestion } = await start(t)
  server.on('clientError', (error) => t.fail(error.message))
  const [socket, peer] = await connection(server)
  const answer = received(socket)
  socket.end(get('/late-1') + get('/late-2'))
  const questions = [await nextQuestion(), await nextQuestion()]
  await until(() => peer.readableEnded)
  questions[1]!.answer({ kind: 'metered' })
  questions[0]!.answer(to('1'))
  t.regex(await answer, /^HTTP\/1.1 302 Found\r\n[^]*Keep-Alive: timeout=72\r\n\r\n$/)
  t.deepEqual(locations(await answer), ['1'])
  await until(() => fastPath.connections === 0)
})

test('a client that waits is not idle', async (t) => {
  const { server, nextQuestion } = await start(t, {
    headersTimeoutMs: HEAD_MS,
    keepAliveTimeoutMs: IDLE_MS,
  })
  const socket = await open(server)
  socket.write(get('/late'))
  const { answer } = await nextQuestion()
  const startedAt = performance.now()
  while (performance.now() - startedAt < IDLE_MS * 1.5) await setTimeout(TICK_MS)
  answer(to('late'))
  t.deepEqual(locations(await next(socket)), ['late'])
  t.regex((await received(socket)) || 'cut off', /^cut off$/)
})

test('a stop waits for the answer, and says that it is the last', async (t) => {
  const { server, fastPath, nextQuestion } = await start(t)
  const socket = await open(server)
  const answer = received(socket)
  socket.write(get('/late') + get('/abc'))
  const question = await nextQuestion()
  const closed = fastPath.close()
  question.answer(to('late'))
  t.regex(await answer, /^HTTP\/1.1 302 Found\r\n[^]*Connection: close\r\n\r\n$/)
  t.deepEqual(locations(await answer), ['late'])
  await closed
})

test('a client that asks on and on waits with a bounded number of requests and bytes', async (t) => {
  const { server, questions } = await start(t)
  const [socket, peer] = await connection(server)
  let answer = ''
  socket.on('data', (chunk) => (answer += String(chunk)))
  const count = 20_000
  socket.write(Array.from({ length: count }, (_, index) => get(`/late-${index}`)).join(''))
  await until(() => questions.length === EXPECTED_MAX)
  for (let turn = 0; turn < 100; turn++) await setImmediate()
  t.is(questions.length, EXPECTED_MAX)
  t.true(peer.bytesRead <= HELD_BYTES_MAX + READ_BYTES_MAX, `${peer.bytesRead} bytes`)
  for (let answered = 0; answered < count; answered++) {
    await until(() => questions.length > 0)
    t.true(questions.length <= EXPECTED_MAX)
    const { code, answer: give } = questions.shift()!
    give(to(code))
  }
  await until(() => answer.endsWith('\r\n\r\n') && answer.includes(`/late-${count - 1}\r\n`))
  const expected = Array.from({ length: count }, (_, index) => `late-${index}`)
  t.deepEqual(locations(answer), expected)
  socket.destroy()
})

test('long URLs that wait behind the first are let go, asked for again, and all sent in order', async (t) => {
  const { server, questions, nextQuestion } = await start(t)
  const socket = await open(server)
  let answer = ''
  socket.on('data', (chunk) => (answer += String(chunk)))
  const count = 8
  socket.write(Array.from({ length: count }, (_, index) => get(`/late-${index}`)).join(''))
  await until(() => questions.length === count)
  const first = questions.shift()!
  for (const { code, answer: give } of questions.splice(0)) give(toLong(code))
  for (let turn = 0; turn < 10; turn++) await setImmediate()
  t.is(answer, '')
  first.answer(toLong(first.code))
  const kept = Math.ceil(FOUND_BYTES_MAX / 32_000)
  for (let index = 1 + kept; index < count; index++) {
    const { code, answer: give } = await nextQuestion()
    t.is(String(code), `late-${index}`)
    give(toLong(code))
  }
  await until(() => locations(answer).length === count)
  const sent = locations(answer).map((location) => location.slice(0, 'late-0'.length))
  t.deepEqual(
    sent,
    Array.from({ length: count }, (_, index) => `late-${index}`),
  )
  socket.destroy()
})

test('behind a request that waits, no more long URLs are looked up than may be held', async (t) => {
  const url = `https://example.com/${'x'.repeat(32_000)}`
  let lookups = 0
  const { server, nextQuestion } = await start(t, {}, () => {
    lookups++
    return { kind: 'redirect', url }
  })
  const socket = await open(server)
  let bytes = 0
  socket.on('data', (chunk: Buffer) => (bytes += chunk.length))
  const count = 100
  socket.write(get('/late') + get('/abc').repeat(count))
  const { answer } = await nextQuestion()
  for (let turn = 0; turn < 10; turn++) await setImmediate()
  t.is(lookups, Math.ceil(FOUND_BYTES_MAX / url.length))
  answer(to('late'))
  await until(() => bytes > count * url.length)
  t.is(lookups, count)
  socket.destroy()
})
