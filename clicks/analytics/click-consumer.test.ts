import test from 'ava'
import { TinygridError } from '../../links/errors.ts'
import type { Code, EpochMs } from '../../links/ids.ts'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import type { Click } from '../click.ts'
import type { ClickBatch, ClickRecord } from '../log/click-batch.ts'
import type { LoggedBatch } from '../log/click-log.ts'
import { MemoryClickStore } from '../testing/memory-click-store.ts'
import { ClickConsumer } from './click-consumer.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const NOW = (1_000 * DAY_MS + 5) as EpochMs

class World {
  readonly clock = new ManualClock()
  readonly store = new MemoryClickStore()
  readonly entries: LoggedBatch[] = []
  readonly told: string[] = []
  readonly retained: number[] = []
  appends: number[] = []
  firstPosition = 1
  isStoreAway = false
  isAnswerLost = false
  /** Of the first position that is told. */
  placed: (number | undefined)[] = []
  deleted: string[] = []
  #numbers = 0
  #before = 0
  readonly consumer: ClickConsumer

  constructor(options: { countedTo?: number } = {}) {
    this.consumer = new ClickConsumer({
      log: {
        read: async (after) => this.entries.filter(({ position }) => position > after),
        more: (_position, signal) => this.#until(signal),
        span: async () => ({ ...this.#span(), bytes: 0 }),
      },
      store: {
        position: () => this.store.position(),
        append: async (clicks, position) => {
          if (this.isStoreAway) throw new TinygridError('click_store_unavailable')
          this.appends.push(clicks.length)
          await this.store.append(clicks, position)
          if (this.isAnswerLost) throw new TinygridError('click_store_unavailable')
        },
        delete: async (deletion, position) => {
          if (this.isStoreAway) throw new TinygridError('click_store_unavailable')
          return this.store.delete(deletion, position)
        },
        retain: async (from) => {
          this.retained.push(from)
        },
      },
      decode: (payload) => JSON.parse(new TextDecoder().decode(payload)) as ClickBatch,
      parse: ({ code, at }, node) => ({ code, at, node, visitor: '', kind: 'human' }) as Click,
      clock: this.clock,
      now: () => NOW,
      random: () => 0.5,
      retentionMs: 10 * DAY_MS,
      onPlaced: async () => void this.placed.push(this.consumer.position),
      onDeleted: (id, clicks) => this.deleted.push(`${id}: ${clicks}`),
      onError: (what) => this.told.push(what),
      ...options,
    })
  }

  log(clicks: number): void {
    const records = Array.from({ length: clicks }, () => ({ code: 'a' as Code, at: NOW }))
    const batch: ClickBatch = {
      node: 'n1',
      run: 'r1',
      number: this.#numbers++,
      before: this.#before,
      clicks: records as ClickRecord[],
      changes: [],
    }
    this.#before += clicks
    this.put(JSON.stringify(batch))
  }

  logDeletion(id: string): void {
    const name = { node: 'n1', run: 'r1', number: this.#numbers++, before: this.#before }
    const deletion = { id, kind: 'link', value: 'a' } as const
    this.put(JSON.stringify({ ...name, clicks: [], changes: [], deletion }))
  }

  put(text: string): void {
    const position = (this.entries.at(-1)?.position ?? 0) + 1
    this.entries.push({ position, payload: new TextEncoder().encode(text) })
  }

  drop(batches: number): void {
    this.entries.splice(0, batches)
    this.firstPosition += batches
  }

  /** Starts it, and lets it come to where it waits. */
  async run(ms = 0): Promise<void> {
    void this.consumer.run()
    await this.pass(ms)
  }

  async pass(ms: number): Promise<void> {
    for (let turns = 0; turns < 20; turns++) await this.clock.pass(ms / 20)
  }

  async stored(): Promise<number> {
    return (await this.store.facts()).clicks
  }

  /** It looks every 100 ms. */
  #until(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.clock.after(100, resolve)
      signal.addEventListener('abort', () => resolve())
    })
  }

  #span() {
    const { firstPosition } = this
    return { firstPosition, lastPosition: this.entries.at(-1)?.position ?? firstPosition - 1 }
  }
}

test('clicks are stored half a second after they were read, together', async (t) => {
  const world = new World()
  world.log(3)
  world.log(4)
  await world.run(400)
  t.is(await world.stored(), 0)
  await world.pass(300)
  t.deepEqual(world.appends, [7])
  t.like(world.consumer.counts, { stored: 7, lost: 0 })
  t.is(world.consumer.position, 2)
})

test('many clicks are stored before half a second is over', async (t) => {
  const world = new World()
  for (let batch = 0; batch < 60; batch++) world.log(1_000)
  await world.run()
  t.is(await world.stored(), 50_000)
  await world.pass(700)
  t.deepEqual(world.appends, [50_000, 10_000])
})

test('a drain stores at once what the log has, and ends', async (t) => {
  const world = new World()
  world.log(3)
  const ended = world.consumer.run()
  await world.pass(200)
  t.is(await world.stored(), 0)
  await world.consumer.drain()
  await ended
  t.is(await world.stored(), 3)
})

test('while the store is away clicks wait, it is told once, and then all are there', async (t) => {
  const world = new World()
  world.isStoreAway = true
  world.log(3)
  await world.run(5_000)
  t.deepEqual(world.told, ['clicks wait in their log'])
  world.log(2)
  world.isStoreAway = false
  await world.pass(10_000)
  t.is(await world.stored(), 5)
  t.is(world.consumer.counts.stored, 5)
})

test('a batch that cannot be decoded is counted, told once, and stops nothing', async (t) => {
  const world = new World()
  world.log(1)
  world.put('nonsense')
  world.put('more nonsense')
  world.log(2)
  await world.run(1_000)
  t.is(await world.stored(), 3)
  t.is(world.consumer.counts.undecodable, 2)
  t.deepEqual(world.told, ['batch 2 of the click log cannot be read, and is passed over'])
})

test('clicks that the log dropped before they were read are counted as lost', async (t) => {
  const world = new World()
  world.log(1)
  await world.run(1_000)
  for (const clicks of [10, 20, 30]) world.log(clicks)
  world.drop(3)
  await world.pass(1_000)
  t.like(world.consumer.counts, { stored: 31, lost: 30 })
})

test('clicks older than their retention are removed at the start and once an hour', async (t) => {
  const world = new World()
  await world.run(1_000)
  t.deepEqual(world.retained, [NOW - 10 * DAY_MS])
  await world.pass(HOUR_MS)
  t.is(world.retained.length, 2)
})

test('a store that is ahead of its log is left alone, and told', async (t) => {
  const world = new World()
  await world.store.append([], 9)
  world.log(3)
  await world.run(1_000)
  t.is(await world.stored(), 0)
  t.deepEqual(world.told, ['clicks wait in their log'])
})

test('what a killed consumer stored and did not tell is counted by the next one', async (t) => {
  const world = new World({ countedTo: 1 })
  for (const clicks of [1, 10, 100]) world.log(clicks)
  await world.store.append([], 2)
  await world.run(1_000)
  t.is(world.consumer.counts.stored, 110)
})

test('its position is not known before the store has told it, and is told once', async (t) => {
  const world = new World()
  await world.store.append([], 1)
  world.log(1)
  world.log(2)
  t.is(world.consumer.position, undefined)
  await world.run(1_000)
  t.deepEqual(world.placed, [1])
  t.is(world.consumer.position, 2)
})

test('what another one has stored meanwhile is not lost', async (t) => {
  const world = new World()
  world.log(1)
  await world.run(1_000)
  world.isStoreAway = true
  for (const clicks of [10, 20, 30]) world.log(clicks)
  while (world.told.length === 0) await world.pass(20)
  // More than this one has read: it goes on behind that.
  for (const clicks of [40, 50]) world.log(clicks)
  await world.store.append([], 5)
  world.isStoreAway = false
  await world.pass(10_000)
  t.like(world.consumer.counts, { lost: 0, stored: 51 })
})

test('what was stored although the answer is lost counts', async (t) => {
  const world = new World()
  world.isAnswerLost = true
  world.log(3)
  await world.run(600)
  world.log(4)
  world.isAnswerLost = false
  await world.pass(10_000)
  t.is(world.consumer.counts.stored, 7)
})

test('a deletion takes the clicks before it, and is waited for by nothing', async (t) => {
  const world = new World()
  world.log(3)
  world.logDeletion('d1')
  world.log(2)
  await world.run()
  t.deepEqual(world.deleted, ['d1: 3'])
  t.is(world.consumer.position, 2)
  await world.pass(1_000)
  t.is(await world.stored(), 2)
  t.like(world.consumer.counts, { stored: 5, lost: 0 })
})

test('a deletion that the store cannot carry out is tried again before anything else', async (t) => {
  const world = new World()
  world.log(3)
  await world.run(1_000)
  world.isStoreAway = true
  world.logDeletion('d1')
  world.log(2)
  await world.pass(5_000)
  t.deepEqual([world.deleted, await world.stored()], [[], 3])
  world.isStoreAway = false
  await world.pass(10_000)
  t.deepEqual([world.deleted, await world.stored()], [['d1: 3'], 2])
})
