/**
 * The way of clicks in memory, with a fault between any two steps: a writer, a log, a consumer and a
 * store, of which the first and the third can crash and whatever they call can fail.
 *
 * What is on disk (`PathDisk`) outlives every crash. A schedule decides what each call of a seam does;
 * when it is used up, everything works, so that the path comes to rest.
 */
import type { Clock } from '../../../links/clock.ts'
import { TinygridError } from '../../../links/errors.ts'
import type { EpochMs } from '../../../links/ids.ts'
import type { Click, PlacedClick } from '../../click.ts'
import { batchId, type ClickBatch, type ClickRecord } from '../../log/click-batch.ts'
import type { LoggedBatch } from '../../log/click-log.ts'
import { ClickConsumer } from '../click-consumer.ts'

/** What happens at a call: nothing bad; it fails without or with its effect; its caller dies there. */
export const STEPS = ['work', 'fail before', 'fail after', 'die before', 'die after'] as const
export type Step = (typeof STEPS)[number]

/** What is wrong on purpose, to show that it would be seen. */
export type PathFault = 'position outside the transaction' | 'retried batch with a new id'

export interface PathPlan {
  /** Clicks in each batch; -1: bytes that are no batch. */
  readonly batches: readonly number[]
  /** Of the writer's calls, and of the consumer's. */
  readonly writes: readonly Step[]
  readonly steps: readonly Step[]
  readonly fault?: PathFault
}

export interface PathEnd {
  /** Times of the clicks that the writer was given, each another one. */
  readonly taken: readonly number[]
  readonly logged: readonly string[]
  readonly stored: readonly string[]
}

interface LoggedOnDisk extends LoggedBatch {
  readonly id: string
}

class PathDisk {
  readonly log: LoggedOnDisk[] = []
  rows: PlacedClick[] = []
  position = 0
}

/** The calls of one process, which ends where the schedule says so. */
class Life {
  readonly dead: Promise<void>
  readonly #steps: Step[]
  #die: () => void = () => {}

  constructor(steps: Step[]) {
    this.#steps = steps
    this.dead = new Promise((resolve) => (this.#die = resolve))
  }

  async call<T>(effect: () => T): Promise<T> {
    await turn()
    const step = this.#steps.shift() ?? 'work'
    if (step === 'die before') return this.#end()
    if (step === 'fail before') throw new TinygridError('click_store_unavailable')
    const value = effect()
    if (step === 'die after') return this.#end()
    if (step === 'fail after') throw new TinygridError('click_store_unavailable')
    return value
  }

  #end(): Promise<never> {
    this.#die()
    return new Promise(() => {})
  }
}

/** Runs until everything that was taken is stored, and tells what is where. */
export async function runClickPath({ batches, writes, steps, fault }: PathPlan): Promise<PathEnd> {
  const disk = new PathDisk()
  const left = [...steps]
  const taken: number[] = []
  const writing = writeAll(batches, { disk, left: [...writes], taken, fault })
  for (let isDone = false; !isDone;) {
    const life = new Life(left)
    const consumer = consumerOf(disk, life, fault)
    const run = consumer.run()
    const drained = writing.then(() => drain(consumer))
    const ended = await Promise.race([run.then(() => true), life.dead.then(() => false)])
    consumer.stop()
    if (ended) await drained
    isDone = ended
  }
  return { taken, logged: disk.log.flatMap(placesIn), stored: disk.rows.map(placeOf) }
}

async function drain(consumer: ClickConsumer): Promise<void> {
  for (;;) {
    try {
      return await consumer.drain()
    } catch {
      await turn()
    }
  }
}

interface Writing {
  readonly disk: PathDisk
  readonly left: Step[]
  readonly taken: number[]
  readonly fault: PathFault | undefined
}

/** Turns of the event loop between two batches: the consumer stores in groups meanwhile. */
const TURNS_BETWEEN = 8

/** Each batch until it resolves, as the recorder does; the recorder itself does not die here. */
async function writeAll(batches: readonly number[], { disk, left, taken, fault }: Writing) {
  let before = 0
  for (const [number, size] of batches.entries()) {
    const clicks = Array.from({ length: Math.max(0, size) }, (_, index) => recordOf(before + index))
    taken.push(...clicks.map(({ at }) => at))
    const batch: ClickBatch = { node: 'n1', run: 'r1', number, before, clicks, changes: [] }
    before += clicks.length
    for (let turns = 0; turns < TURNS_BETWEEN; turns++) await turn()
    const payload = new TextEncoder().encode(size < 0 ? 'no batch' : JSON.stringify(batch))
    for (let attempt = 0; ; attempt++) {
      const name = batchId(batch)
      const id = fault === 'retried batch with a new id' ? `${name}:${attempt}` : name
      try {
        await new Life(onlyFailures(left)).call(() => append(disk, id, payload))
        break
      } catch {
        await turn()
      }
    }
  }
}

function onlyFailures(left: Step[]): Step[] {
  const step = left.shift() ?? 'work'
  return [step === 'die before' ? 'fail before' : step === 'die after' ? 'fail after' : step]
}

function append({ log }: PathDisk, id: string, payload: Uint8Array): void {
  if (log.some((entry) => entry.id === id)) return
  log.push({ position: log.length + 1, id, payload })
}

function consumerOf(disk: PathDisk, life: Life, fault: PathFault | undefined): ClickConsumer {
  const { log } = disk
  return new ClickConsumer({
    log: {
      read: (after) => life.call(() => log.slice(after, after + 2)),
      more: turn,
      span: () => life.call(() => ({ firstPosition: 1, lastPosition: log.length, bytes: 0 })),
    },
    store: {
      position: () => life.call(() => disk.position),
      append: (clicks, position) => store(disk, life, { clicks, position }, fault),
      delete: () => Promise.resolve(0),
      retain: () => Promise.resolve(),
    },
    decode: (payload) => JSON.parse(new TextDecoder().decode(payload)) as ClickBatch,
    parse: ({ code, at }) => ({ code, at }) as Click,
    clock: hastyClock(),
    now: () => 0 as EpochMs,
    random: () => 0.5,
    retentionMs: 1,
    onError: () => {},
  })
}

async function store(
  disk: PathDisk,
  life: Life,
  { clicks, position }: { clicks: readonly PlacedClick[]; position: number },
  fault: PathFault | undefined,
): Promise<void> {
  if (disk.position >= position) return
  if (fault !== 'position outside the transaction') {
    return life.call(() => {
      disk.rows.push(...clicks)
      disk.position = position
    })
  }
  await life.call(() => disk.rows.push(...clicks))
  await life.call(() => (disk.position = position))
}

/** Each look at it is some time later, and what is waited for comes at once. */
function hastyClock(): Clock {
  let ms = 0
  return {
    now: () => (ms += 200),
    after: (wait, action) => {
      const immediate = setImmediate(() => {
        ms += wait
        action()
      })
      return () => clearImmediate(immediate)
    },
  }
}

function recordOf(at: number): ClickRecord {
  const empty = { address: '', visitor: '', headers: '', query: '', targetQuery: '', rule: 0 }
  return { code: 'code' as ClickRecord['code'], at: at as EpochMs, status: 302, ...empty }
}

function placesIn({ position, payload }: LoggedBatch): string[] {
  const text = new TextDecoder().decode(payload)
  if (!text.startsWith('{')) return []
  const { clicks } = JSON.parse(text) as ClickBatch
  return clicks.map(({ at }, index) => `${position}/${index} ${at}`)
}

function placeOf({ position, index, at }: PlacedClick): string {
  return `${position}/${index} ${at}`
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
