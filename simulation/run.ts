/**
 * One run: a schedule carried out from its seed, mended, brought to rest, and judged.
 *
 * The judgement, in this order: nothing failed that must not fail; it comes to rest within a bounded
 * virtual time, takes over what has no dead letters while the store is away, and comes to rest again;
 * every code's history makes sense (`history.ts`), final readings through every node
 * included; the store has what the owners say, and the log nothing newer.
 */
import type { Client } from './client.ts'
import { History } from './history.ts'
import type { PlantedFault } from './planted-faults.ts'
import { Population } from './population.ts'
import { Random } from './random.ts'
import { heldUpOf, logFault, storeFault, unrestOf } from './rest.ts'
import { describeSchedule, scheduleOf, type Schedule } from './schedule.ts'
import { Scheduler } from './scheduler.ts'
import type { Seams, StartProgram } from './simulated-node.ts'
import type { Operation } from './register.ts'
import { createStory, SILENT } from './story.ts'
import { createSurroundings, type Surroundings } from './surroundings.ts'
import { Workload } from './workload.ts'

export interface RunOptions {
  readonly startProgram: StartProgram
  /** Where each line of the story goes, if it is told. */
  readonly print?: (line: string) => void
  /** What is changed of the schedule that the seed gives. */
  readonly adjust?: (schedule: Schedule) => Schedule
  readonly fault?: PlantedFault
}

export interface RunResult {
  readonly seed: number
  /** What went wrong, in words; undefined: nothing. */
  readonly failure: string | undefined
  readonly operations: number
  readonly events: number
}

/** Virtual time that it may take to come to rest. */
const REST_MS_MAX = 60_000
const REST_CHECK_MS = 250
/** Virtual time that it may take to open a dead node's partitions: its lease runs out first. */
const TAKE_OVER_MS_MAX = 10_000
/** Virtual time after which the log keeps nothing more for repeated writes, with a trim. */
const ROOM_MS_MAX = 120_000
/** The last answers come within this time. */
const ANSWERS_MS_MAX = 60_000
const READ_ATTEMPTS_MAX = 20

export async function runSeed(seed: number, options: RunOptions): Promise<RunResult> {
  const adjust = options.adjust ?? ((schedule) => schedule)
  const run = new Run(adjust(scheduleOf(seed)), options)
  const unplant = options.fault?.plant?.()
  process.on('unhandledRejection', run.noteBug)
  try {
    return await run.judge()
  } finally {
    unplant?.()
    process.off('unhandledRejection', run.noteBug)
  }
}

class Run {
  readonly #schedule: Schedule
  readonly #scheduler = new Scheduler()
  readonly #surroundings: Surroundings
  readonly #population: Population
  readonly #workload: Workload
  readonly #history = new History()
  #bug: unknown

  constructor(schedule: Schedule, { print, startProgram, fault }: RunOptions) {
    this.#schedule = schedule
    const scheduler = this.#scheduler
    const story = print === undefined ? SILENT : createStory(scheduler, print)
    const random = new Random(schedule.seed ^ 0x5eed)
    const made = createSurroundings({ schedule, scheduler, random, story, onBug: this.noteBug })
    this.#surroundings = { ...made, states: { ...made.states, ...fault?.states?.(made) } }
    const startIt = (seams: Seams) => startProgram({ ...seams, ...fault?.seams?.(seams) })
    this.#population = new Population(this.#surroundings, startIt)
    const history = this.#history
    this.#workload = new Workload(schedule, this.#surroundings, this.#population, history)
    print?.(describeSchedule(schedule))
  }

  readonly noteBug = (error: unknown): void => {
    this.#bug ??= error
    this.#surroundings.story.tell('*', () => `BUG ${String((error as Error).stack)}`)
  }

  async judge(): Promise<RunResult> {
    const failure = await this.#failure().catch((error: unknown) => textOf(error))
    const { seed } = this.#schedule
    const found = this.#bug === undefined ? failure : textOf(this.#bug)
    return { seed, failure: found, operations: this.#history.size, events: this.#scheduler.count }
  }

  async #failure(): Promise<string | undefined> {
    for (let count = this.#schedule.nodes; count > 0; count--) this.#population.add()
    this.#population.plan(this.#schedule.disturbances)
    const answered = this.#workload.run()
    await this.#scheduler.runUntil(this.#schedule.durationMs)
    this.#workload.end()
    this.#population.mend()
    this.#surroundings.story.tell('*', () => 'everything is mended')
    return (
      (await this.#unanswered(answered)) ??
      (await this.#unrest()) ??
      (await this.#heldUp()) ??
      (await this.#unrest()) ??
      (await this.#isWritable()) ??
      (await this.#renewRefused()) ??
      (await this.#unrest()) ??
      (await this.#readAll()) ??
      this.#history.fault() ??
      (await logFault(this.#surroundings))
    )
  }

  async #unanswered(answered: Promise<void>): Promise<string | undefined> {
    const isDone = await this.#completes(answered, ANSWERS_MS_MAX)
    return isDone ? undefined : 'a client waits for ever'
  }

  /** Lets time pass until the promise is settled. */
  async #completes(promise: Promise<unknown>, withinMs: number): Promise<boolean> {
    const done = new AbortController()
    void promise.then(() => done.abort())
    const until = this.#scheduler.now + withinMs
    while (!done.signal.aborted && this.#scheduler.now < until && this.#bug === undefined) {
      await this.#scheduler.runUntil(this.#scheduler.now + REST_CHECK_MS)
    }
    return done.signal.aborted
  }

  async #unrest(): Promise<string | undefined> {
    const until = this.#scheduler.now + REST_MS_MAX
    for (;;) {
      const unrest = unrestOf(this.#population, this.#surroundings)
      if (unrest === undefined || this.#bug !== undefined) return undefined
      if (this.#scheduler.now >= until) return `it does not come to rest: ${unrest}`
      await this.#scheduler.runUntil(this.#scheduler.now + REST_CHECK_MS)
    }
  }

  /**
   * Where there are dead letters, a node dies while the store is away. Only the partitions that have
   * letters may wait for it.
   */
  async #heldUp(): Promise<string | undefined> {
    const { states, services, story } = this.#surroundings
    const letters = await Array.fromAsync(states.log.deadLetters())
    if (letters.length === 0 || this.#bug !== undefined) return undefined
    story.tell('*', () => `the store is away, with ${letters.length} dead letters`)
    services.store.isDown = true
    this.#population.replaceOne()
    const until = this.#scheduler.now + TAKE_OVER_MS_MAX
    let heldUp: string | undefined = 'nothing yet'
    while (heldUp !== undefined && this.#scheduler.now < until && this.#bug === undefined) {
      await this.#scheduler.runUntil(this.#scheduler.now + REST_CHECK_MS)
      heldUp = await heldUpOf(this.#population, this.#surroundings)
    }
    services.store.isDown = false
    return heldUp && `dead letters hold up other partitions: ${heldUp}`
  }

  /** A log that was full has room again, after a time. */
  async #isWritable(): Promise<string | undefined> {
    const writer = this.#workload.newClient('filler')
    const code = this.#schedule.codes.at(-1)!
    const isChanged = await this.#changes(writer, code, [
      createOf(`https://e.org/${code}/room`),
      { kind: 'delete' },
      { kind: 'restore' },
    ])
    return isChanged ? undefined : 'the log takes no writes any more'
  }

  /**
   * A link that the store refused waits for its next version: there is one, whatever it is now, and
   * however long the log has no room for it.
   */
  async #renewRefused(): Promise<string | undefined> {
    const writer = this.#workload.newClient('writer')
    for (const code of this.#schedule.refusedCodes) {
      const isChanged = await this.#changes(writer, code, [
        createOf(`https://e.org/${code}`),
        { kind: 'restore' },
        { kind: 'update', url: `https://e.org/${code}/new` },
      ])
      if (!isChanged) return `${code} cannot be changed`
    }
    return undefined
  }

  /** Asks for one operation after the other, again and again, until one has an effect. */
  async #changes(writer: Client, code: string, operations: readonly Operation[]): Promise<boolean> {
    const until = this.#scheduler.now + ROOM_MS_MAX
    while (this.#bug === undefined && this.#scheduler.now < until) {
      for (const operation of operations) {
        if (await this.#hasEffect(writer, code, operation)) return true
      }
      await this.#scheduler.runUntil(this.#scheduler.now + REST_CHECK_MS)
    }
    return this.#bug !== undefined
  }

  async #hasEffect(writer: Client, code: string, operation: Operation): Promise<boolean> {
    const asking = writer.ask(code, operation)
    return (await this.#completes(asking, ANSWERS_MS_MAX)) && (await asking).hasEffect
  }

  /** Reads every code until it is answered, and compares the store. */
  async #readAll(): Promise<string | undefined> {
    const reader = this.#workload.newClient('reader')
    const said = new Map<string, string>()
    const reading = async () => {
      for (const code of this.#schedule.codes) {
        await reader.ask(code, { kind: 'find' }, READ_ATTEMPTS_MAX)
        const { outcome } = await reader.ask(code, { kind: 'read' }, READ_ATTEMPTS_MAX)
        said.set(code, outcome ?? 'unanswered')
      }
    }
    if (!(await this.#completes(reading(), ANSWERS_MS_MAX)))
      return 'links cannot be read at the end'
    return storeFault(this.#surroundings, said)
  }
}

function createOf(url: string): Operation {
  return { kind: 'create', url, maxVisits: null, reuse: false }
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
