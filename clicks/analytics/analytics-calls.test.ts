import { setImmediate } from 'node:timers/promises'
import test from 'ava'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import type { ClickStore } from '../store/click-store.ts'
import { MemoryClickStore } from '../testing/memory-click-store.ts'
import { sampleClick, sampleQuestion } from '../testing/sample-clicks.ts'
import { AnalyticsCalls, remoteAnalytics, STREAMS_MAX } from './analytics-calls.ts'
import { StoreAnalytics } from './store-analytics.ts'
import { CSV_HEADER } from '../store/visit-lines.ts'

const VISITS = 3_000

class World {
  readonly clock = new ManualClock()
  readonly calls: AnalyticsCalls
  readonly store: ClickStore = new MemoryClickStore()

  constructor() {
    const consumer = { position: 1, counts: { stored: VISITS, lost: 0, undecodable: 0 } }
    const deletions = { of: async () => 3 }
    const log = { span: async () => ({ firstPosition: 1, lastPosition: 4, bytes: 9 }) }
    const analytics = new StoreAnalytics({ store: this.store, log, consumer, deletions })
    this.calls = new AnalyticsCalls(analytics, this.clock)
  }

  static async filled(): Promise<World> {
    const world = new World()
    const clicks = Array.from({ length: VISITS }, (_, index) => sampleClick({ index }))
    await world.store.append(clicks, 1)
    return world
  }

  get remote() {
    return remoteAnalytics((...call) => this.calls.call(...call))
  }
}

async function textOf(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const piece of pieces) text += decoder.decode(piece)
  return text
}

test('what is asked by calls is answered as the store does', async (t) => {
  const { remote, store } = await World.filled()
  const question = sampleQuestion({ groupBy: ['country'] })
  t.deepEqual(await remote.ask(question), await store.ask(question))
  t.deepEqual(await remote.mostClicked(0, 5), [{ code: sampleClick().code, clicks: VISITS }])
  t.like(await remote.status(), { position: 1, lag: 3, stored: VISITS, clicks: VISITS })
  t.is(await remote.deleted('d1'), 3)
})

test('visits come piece by piece, all of them and no more than asked for', async (t) => {
  const { remote } = await World.filled()
  const csv = await textOf(remote.visits(sampleQuestion(), 'csv', VISITS))
  t.true(csv.startsWith(CSV_HEADER))
  t.is(csv.split('\r\n').length, VISITS + 2)
  const lines = await textOf(remote.visits(sampleQuestion(), 'ndjson', 7))
  t.is(lines.split('\n').length, 8)
  t.is(await textOf(remote.visits({ ...sampleQuestion(), to: 1 as never }, 'ndjson', 7)), '')
})

test('who breaks off an export leaves room for the next one', async (t) => {
  const { remote } = await World.filled()
  for (let round = 0; round < STREAMS_MAX * 2; round++) {
    for await (const piece of remote.visits(sampleQuestion(), 'csv', VISITS)) {
      t.true(piece.length > 0)
      break
    }
  }
})

test('exports that nobody reads are ended, and until then no more than a few are open', async (t) => {
  const { calls, clock } = await World.filled()
  const open = () => calls.call('open', [sampleQuestion(), 'csv', VISITS])
  const first = await open()
  for (let opened = 1; opened < STREAMS_MAX; opened++) await open()
  await t.throwsAsync(open(), { code: 'overloaded' })
  await clock.pass(200_000)
  await t.throwsAsync(calls.call('next', [first]), { code: 'analytics_unavailable' })
  await t.notThrowsAsync(open())
})

test('what nobody waits for is broken off where it is under way', async (t) => {
  const world = await World.filled()
  const begun: string[] = []
  const untilGone = (what: string, signal?: AbortSignal) =>
    new Promise<never>((_resolve, reject) => {
      begun.push(what)
      signal!.addEventListener('abort', () => reject(new Error(`${what} was broken off`)))
    })
  world.store.ask = (_question, signal) => untilGone('a question', signal)
  world.store.visits = async function* (_question, signal) {
    yield await untilGone('an export', signal)
  }
  const gone = new AbortController()
  const asked = world.remote.ask(sampleQuestion(), gone.signal)
  const piece = textOf(world.remote.visits(sampleQuestion(), 'ndjson', VISITS, gone.signal))
  while (begun.length < 2) await setImmediate()
  gone.abort()
  await t.throwsAsync(asked, { message: 'a question was broken off' })
  await t.throwsAsync(piece, { message: 'an export was broken off' })
  const late = textOf(world.remote.visits(sampleQuestion(), 'ndjson', VISITS, gone.signal))
  await t.throwsAsync(late, { code: 'analytics_unavailable' })
})
