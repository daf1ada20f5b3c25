/** The feed tells each click once, whatever fails between any two steps. */
import test from 'ava'
import fc from 'fast-check'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import { decodeBatch, encodeBatch } from '../log/batch-codec.ts'
import { sampleBatch, sampleClick } from '../testing/sample-batches.ts'
import { sampleClick as parsedClick } from '../testing/sample-clicks.ts'
import { MemoryClickLog } from '../testing/memory-click-log.ts'
import { ClickFeed } from './click-feed.ts'
import { ROWS_MAX, type Rows } from './click-row.ts'
import type { FeedEnd, FeedStream } from './feed-stream.ts'

const PATIENCE_MS = 10_000

/** What becomes of the next message: it is taken; refused; taken and not acknowledged; or taken later. */
const FATES = ['taken', 'refused', 'unacknowledged', 'late'] as const
type Fate = (typeof FATES)[number]
const STEPS = ['clicks', 'many clicks', 'nonsense', 'kill', 'another lead', ...FATES] as const
type Step = (typeof STEPS)[number]

class Stream implements FeedStream {
  readonly messages: Rows[] = []
  readonly fates: Fate[] = []
  readonly #late: { rows: Rows; after: number }[] = []
  /** Whether a message is added wherever it comes: what the feed must not rely on. */
  isLenient = false

  async end(): Promise<FeedEnd> {
    return { sequence: this.messages.length, told: this.messages.at(-1)?.place }
  }

  async add(rows: Rows, after: number): Promise<number> {
    const fate = this.fates.shift() ?? 'taken'
    if (fate === 'refused') throw new Error('refused')
    if (fate === 'late') this.#late.push({ rows, after })
    else this.#take(rows, after)
    if (fate !== 'taken') throw new Error('not acknowledged')
    return this.messages.length
  }

  /** What was under way arrives. */
  arrive(): void {
    for (const { rows, after } of this.#late.splice(0)) {
      if (this.isLenient || after === this.messages.length) this.messages.push(rows)
    }
  }

  #take(rows: Rows, after: number): void {
    if (!this.isLenient && after !== this.messages.length) throw new Error('not the last one')
    this.messages.push(rows)
  }
}

class World {
  readonly clock = new ManualClock()
  readonly log = new MemoryClickLog()
  readonly stream = new Stream()
  readonly errors: string[] = []
  readonly #leads: AbortController[] = []
  readonly #running: Promise<void>[] = []
  #batches = 0

  lead(): void {
    const stop = new AbortController()
    const feed = new ClickFeed({
      log: this.log.reader(),
      decode: (payload) => {
        try {
          return decodeBatch(payload)
        } catch {
          return undefined
        }
      },
      parse: ({ code, at }) => {
        const { position: _position, index: _index, ...click } = parsedClick({ code, at })
        return click
      },
      stream: this.stream,
      clock: this.clock,
      random: () => 0.5,
      onError: (what) => this.errors.push(what),
    })
    this.#leads.push(stop)
    this.#running.push(feed.run(stop.signal))
  }

  kill(): void {
    this.#leads.shift()?.abort()
  }

  async append(clicks: number): Promise<void> {
    const batch = sampleBatch(this.#batches++, {
      clicks: Array.from({ length: clicks }, () => sampleClick()),
    })
    await this.log.append(`${this.#batches}`, encodeBatch(batch))
  }

  async appendNonsense(): Promise<void> {
    await this.log.append(`${++this.#batches}`, Buffer.from('nonsense'))
  }

  async step(step: Step): Promise<void> {
    if (step === 'clicks') await this.append(2)
    else if (step === 'many clicks') await this.append(2 * ROWS_MAX + 1)
    else if (step === 'nonsense') await this.appendNonsense()
    else if (step === 'another lead') this.lead()
    else if (step !== 'kill') this.stream.fates.push(step)
    else {
      this.kill()
      if (this.#leads.length === 0) this.lead()
    }
    await this.clock.pass(20)
    if (this.stream.fates.length === 0) this.stream.arrive()
  }

  /** Until all is told that the log has. */
  async end(): Promise<void> {
    this.stream.fates.length = 0
    this.stream.arrive()
    await this.clock.pass(PATIENCE_MS)
    while (this.#leads.length > 0) this.kill()
    await this.clock.pass(PATIENCE_MS)
    await Promise.all(this.#running)
  }

  get logged(): string[] {
    return this.log.batches.flatMap(({ position, payload }) => {
      if (Buffer.from(payload).toString() === 'nonsense') return []
      return decodeBatch(payload).clicks.map((_click, index) => `${position}-${index}`)
    })
  }

  get told(): string[] {
    const lines = this.stream.messages.flatMap(({ text }) => text.split('\n').slice(0, -1))
    return lines.map((line) => (JSON.parse(line) as { id: string }).id)
  }
}

async function tellsOnce(steps: readonly Step[], isLenient = false): Promise<boolean> {
  const world = new World()
  world.stream.isLenient = isLenient
  world.lead()
  for (const step of steps) await world.step(step)
  await world.end()
  return world.told.join() === world.logged.join()
}

const plans = fc.array(fc.constantFrom(...STEPS), { minLength: 5, maxLength: 30 })

test('each click is told once and in order, whatever fails, dies, or leads at the same time', async (t) => {
  const property = fc.asyncProperty(plans, (steps) => tellsOnce(steps))
  await t.notThrowsAsync(fc.assert(property, { numRuns: 60 }))
})

test('it is seen where a message is added that is not behind the last one', async (t) => {
  const property = fc.asyncProperty(plans, (steps) => tellsOnce(steps, true))
  t.true((await fc.check(property, { numRuns: 200, seed: 20_261_127 })).failed)
})

test('what the log dropped before it was told is missing, and said', async (t) => {
  const world = new World()
  await world.append(1)
  world.lead()
  await world.clock.pass(100)
  world.kill()
  const first = world.log.batches[0]!.payload.length
  const bounded = new MemoryClickLog(first)
  for (const number of [1, 2, 3]) {
    await bounded.append(`${number}`, encodeBatch(sampleBatch(number)))
  }
  Object.assign(world, { log: bounded })
  world.lead()
  await world.end()
  t.deepEqual(world.told, ['1-0', '3-0'])
  t.deepEqual(world.errors, [
    'positions 2 to 2 of the click log were dropped before the feed had told them',
  ])
})
