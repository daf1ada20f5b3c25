/** Whether each link gets its one final answer, whatever the server does in between. */
import test, { type ExecutionContext } from 'ava'
import { ApiClient, retryAfterMs, delayBefore, GIVE_UP_AFTER_MS } from './api-client.ts'
import { BulkSender } from './bulk-sender.ts'
import { CommandError } from './command-error.ts'
import { KEY, SmallServer } from './testing/small-server.ts'

interface Bench {
  readonly server: SmallServer
  readonly client: ApiClient
  readonly sender: BulkSender
  /** What the sender slept, in ms; the clock runs by it. */
  readonly slept: number[]
}

async function prepare(t: ExecutionContext, key = KEY): Promise<Bench> {
  const server = new SmallServer()
  const client = new ApiClient(new URL(await server.listen()), key)
  t.teardown(() => server.close())
  const slept: number[] = []
  const clock = {
    now: () => slept.reduce((sum, ms) => sum + ms, 0),
    sleep: async (ms: number) => void slept.push(ms),
  }
  return { server, client, slept, sender: new BulkSender(client, clock) }
}

const A = { url: 'https://a.example/' }
const B = { url: 'https://b.example/', title: 'two\nlines' }
const C = { url: 'https://c.example/', code: 'mine' }
const D = { url: 'https://d.example/', code: 'tagged', tags: ['x'] }

test('links are made in one request, and answered in order', async (t) => {
  const { server, sender } = await prepare(t)
  const outcomes = await sender.send([A, { url: 'nonsense' }, C], 0)
  t.deepEqual(
    outcomes.map((outcome) => [outcome.status, outcome.code, outcome.failure?.code]),
    [
      [201, 'c0', undefined],
      [400, '', 'invalid_field'],
      [201, 'mine', undefined],
    ],
  )
  t.deepEqual(server.requests, [3])
})

test('a busy server is asked again after the wait that it names', async (t) => {
  const { server, sender, slept } = await prepare(t)
  server.faults.push({ status: 503, retryAfter: '7' }, { status: 429, retryAfter: '2' })
  const outcomes = await sender.send([A], 0)
  t.is(outcomes[0]!.status, 201)
  t.deepEqual(slept, [7000, 2000])
})

test('only the items that the server was too busy for are sent again', async (t) => {
  const { server, sender } = await prepare(t)
  server.faults.push({ busyItems: [0, 2] })
  const outcomes = await sender.send([A, B, C], 0)
  t.deepEqual(
    outcomes.map((outcome) => outcome.status),
    [201, 201, 201],
  )
  t.deepEqual(server.requests, [3, 2])
  t.is(server.links.length, 3)
})

test('an answer that is lost makes no link twice', async (t) => {
  const { server, client, sender } = await prepare(t)
  server.faults.push('lose-answer', 'refuse-connection')
  const twins = [B, B]
  const outcomes = await sender.send([A, ...twins, C, D], client.serverTimeMs)
  t.is(server.links.length, 5)
  t.deepEqual(outcomes.map((outcome) => outcome.code).sort(), ['c0', 'c1', 'c2', 'mine', 'tagged'])
  t.true(outcomes.every((outcome) => outcome.failure === undefined))
})

test('a lost answer is found under a code that the server keeps in small letters', async (t) => {
  const { server, client, sender } = await prepare(t)
  server.isFolding = true
  server.faults.push('lose-answer')
  const [outcome] = await sender.send([{ ...D, code: 'Tagged' }], client.serverTimeMs)
  t.like(outcome, { code: 'tagged', failure: undefined })
  t.is(server.links.length, 1)
})

test('where case matters, a link under the code in small letters is another one', async (t) => {
  const { server, client, sender } = await prepare(t)
  await sender.send([D], 0)
  const since = client.serverTimeMs - 1000
  const [outcome] = await sender.send([{ ...D, code: 'Tagged' }], since, true)
  t.like(outcome, { code: 'Tagged', failure: undefined })
  t.is(server.links.length, 2)
})

test('links that an interrupted import may have made are looked for before they are sent', async (t) => {
  const { server, client, sender } = await prepare(t)
  await sender.send([B, C], 0)
  const outcomes = await sender.send([C, B], client.serverTimeMs - 1000, true)
  t.is(server.links.length, 2)
  t.deepEqual(
    outcomes.map((outcome) => outcome.code),
    ['mine', 'c0'],
  )
})

test('the same link under the same code is found again, another one under it is refused', async (t) => {
  const { server, sender } = await prepare(t)
  await sender.send([C], 0)
  const outcomes = await sender.send([C, { ...C, url: 'https://other.example/' }], 0)
  t.deepEqual(
    outcomes.map((outcome) => outcome.status),
    [200, 409],
  )
  t.is(server.links.length, 1)
})

test('a body that is refused whole is halved until the item at fault is alone', async (t) => {
  const { server, sender } = await prepare(t)
  server.faults.push({ status: 413 }, { status: 413 }, undefined, { status: 413 })
  const outcomes = await sender.send([A, B, C, A], 0)
  t.deepEqual(server.requests, [4, 2, 1, 1, 2])
  t.deepEqual(
    outcomes.map((outcome) => outcome.status),
    [201, 413, 201, 200],
  )
})

test('a wrong key stops the import at once', async (t) => {
  const { sender } = await prepare(t, 'wrong')
  await t.throwsAsync(sender.send([A], 0), { instanceOf: CommandError, message: /key/ })
})

test('a server that stays away is given up', async (t) => {
  const { server, sender, slept } = await prepare(t)
  server.faults.push(...Array.from({ length: 200 }, () => 'refuse-connection' as const))
  await t.throwsAsync(sender.send([A], 0), { instanceOf: CommandError, message: /Given up/ })
  t.true(slept.reduce((sum, ms) => sum + ms, 0) > GIVE_UP_AFTER_MS)
})

test('waits double with jitter up to a bound, and are never shorter than asked', (t) => {
  t.deepEqual(
    [1, 2, 3, 50].map((tries) => delayBefore(tries, 0, 0)),
    [100, 200, 400, 5000],
  )
  t.is(delayBefore(1, 3000, 0.5), 3000)
  t.true(delayBefore(1, 10 ** 9, 0) <= 60_000)
})

test('Retry-After is read as seconds or as a date', (t) => {
  const now = Date.parse('2030-01-01T00:00:00Z')
  t.is(retryAfterMs('2', now), 2000)
  t.is(retryAfterMs('Tue, 01 Jan 2030 00:00:05 GMT', now), 5000)
  t.is(retryAfterMs('Mon, 31 Dec 2029 00:00:05 GMT', now), 0)
  t.is(retryAfterMs('soon', now), undefined)
  t.is(retryAfterMs(null, now), undefined)
})
