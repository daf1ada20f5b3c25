/**
 * One run of the click path: a schedule carried out from its seed, mended, brought to rest, and judged.
 *
 * The judgement, in this order: nothing failed that must not fail; within a bounded virtual time everything that
 * waits is logged and everything that is logged is stored; then nodes are stopped, and what they still had is
 * there too; log and stores are as `click-verdict.ts` says.
 */
import type { RunResult } from '../run.ts'
import { Scheduler } from '../scheduler.ts'
import { createStory, SILENT } from '../story.ts'
import { clickScheduleOf, CODES, describeClickSchedule } from './click-schedule.ts'
import { clickVerdict } from './click-verdict.ts'
import { ClickWorld } from './click-world.ts'
import type { PlantedClickFault } from './planted-click-faults.ts'

export interface ClickRunOptions {
  /** Where each line of the story goes, if it is told. */
  readonly print?: ((line: string) => void) | undefined
  readonly fault?: PlantedClickFault | undefined
}

/** Virtual time that it may take to come to rest. */
const REST_MS_MAX = 60_000
const REST_CHECK_MS = 100

export async function runClickSeed(seed: number, options: ClickRunOptions): Promise<RunResult> {
  const run = new ClickRun(seed, options)
  const unplant = options.fault?.plant?.()
  process.on('unhandledRejection', run.noteBug)
  try {
    return await run.judge()
  } finally {
    unplant?.()
    process.off('unhandledRejection', run.noteBug)
  }
}

class ClickRun {
  readonly #scheduler = new Scheduler()
  readonly #world: ClickWorld
  #bug: unknown

  constructor(seed: number, { print, fault }: ClickRunOptions) {
    const schedule = clickScheduleOf(seed)
    const scheduler = this.#scheduler
    const story = print === undefined ? SILENT : createStory(scheduler, print)
    const { noteBug } = this
    print?.(describeClickSchedule(schedule))
    this.#world = new ClickWorld({ schedule, scheduler, story, fault: fault ?? {}, noteBug })
  }

  readonly noteBug = (error: unknown): void => {
    this.#bug ??= error
  }

  async judge(): Promise<RunResult> {
    const failure = await this.#failure().catch((error: unknown) => textOf(error))
    const { schedule, nodes } = this.#world
    const operations = nodes.reduce((sum, { taken }) => sum + taken.length, 0)
    const found = this.#bug === undefined ? failure : textOf(this.#bug)
    return { seed: schedule.seed, failure: found, operations, events: this.#scheduler.count }
  }

  async #failure(): Promise<string | undefined> {
    const world = this.#world
    world.begin()
    await this.#scheduler.runUntil(world.schedule.durationMs)
    world.mend()
    return (
      (await this.#unrest()) ??
      (await this.#endOfNodes()) ??
      (await this.#unrest()) ??
      (await clickVerdict(world))
    )
  }

  async #endOfNodes(): Promise<string | undefined> {
    for (const node of this.#world.up) node.visit(`last-of-${node.name}`, CODES[0], 302)
    await this.#scheduler.runUntil(this.#scheduler.now + 1)
    for (const node of this.#world.up) void node.stop()
    return this.#untilNone(() => {
      const late = this.#world.nodes.find(({ state }) => state === 'up' || state === 'stopping')
      return late && `${late.name} does not end`
    })
  }

  async #unrest(): Promise<string | undefined> {
    const { log, nodes, readers } = this.#world
    return this.#untilNone(() => {
      const waiting = nodes.find(({ state, numbers }) => state === 'up' && numbers.waiting > 0)
      if (waiting !== undefined) return `clicks wait in ${waiting.name}`
      const last = log.batches.at(-1)?.position ?? 0
      const behind = readers.find((reader) => !reader.isAt(last))
      return behind && `${behind.name} has not stored everything`
    })
  }

  /** Lets time pass until there is nothing wrong any more. */
  async #untilNone(wrong: () => string | undefined): Promise<string | undefined> {
    const until = this.#scheduler.now + REST_MS_MAX
    for (;;) {
      const what = wrong()
      if (what === undefined || this.#bug !== undefined) return undefined
      if (this.#scheduler.now >= until) return `it does not come to rest: ${what}`
      await this.#scheduler.runUntil(this.#scheduler.now + REST_CHECK_MS)
    }
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
