/**
 * The workload: what the clients of a run ask, on a few codes, one thing after the other each.
 *
 * Every URL is new, so that an answer tells which write it rests on. A code that has enough operations
 * for its history to be checked in time is left alone.
 */
import { Client } from './client.ts'
import type { History } from './history.ts'
import type { Population } from './population.ts'
import type { Random } from './random.ts'
import type { Operation } from './register.ts'
import type { Schedule } from './schedule.ts'
import type { Surroundings } from './surroundings.ts'

/** Operations per code. */
const OPERATIONS_MAX = 40
/** What is asked at once reaches an owner in one turn. */
const AT_ONCE = { share: 0.25, pauseMs: 3 }
/** How often each is asked for, relative to the others. */
const WEIGHTS = { create: 20, update: 16, delete: 4, restore: 5, visit: 10, find: 30, read: 10 }
/** The same with purges. */
const WEIGHTS_WITH_PURGES = { ...WEIGHTS, purge: 4 }
const REUSE_SHARE = 0.2
const METERED_SHARE = 0.35
const RULED_SHARE = 0.2

export class Workload {
  readonly #schedule: Schedule
  readonly #surroundings: Surroundings
  readonly #population: Population
  readonly #history: History
  readonly #random: Random
  #urls = 0
  #isEnding = false

  constructor(
    schedule: Schedule,
    surroundings: Surroundings,
    population: Population,
    history: History,
  ) {
    this.#schedule = schedule
    this.#surroundings = surroundings
    this.#population = population
    this.#history = history
    this.#random = surroundings.random.fork()
  }

  newClient(name: string): Client {
    const { scheduler, random, story, onBug } = this.#surroundings
    const choice = random.fork()
    return new Client({
      name,
      scheduler,
      random: random.fork(),
      history: this.#history,
      story,
      nextNode: () =>
        this.#population.up.length === 0 ? undefined : choice.pick(this.#population.up),
      onBug,
    })
  }

  /** Resolves when every client has its last answer, some time after `end`. */
  async run(): Promise<void> {
    const { clients } = this.#schedule
    await Promise.all(Array.from({ length: clients }, (_, index) => this.#live(`c${index + 1}`)))
  }

  /** Nothing more is asked. */
  end(): void {
    this.#isEnding = true
  }

  async #live(name: string): Promise<void> {
    const client = this.newClient(name)
    while (!this.#isEnding) {
      await this.#pause()
      const code = this.#random.pick(this.#schedule.codes)
      if (this.#history.sizeOf(code) >= OPERATIONS_MAX) continue
      await client.ask(code, this.#operation())
    }
  }

  #operation(): Operation {
    const random = this.#random
    const weights = this.#schedule.hasPurges ? WEIGHTS_WITH_PURGES : { ...WEIGHTS, purge: 0 }
    const kind = random.weighted(weights)
    if (kind === 'update') return { kind, url: this.#newUrl() }
    if (kind !== 'create') return { kind }
    const reuse = random.chance(REUSE_SHARE)
    const url = reuse && this.#urls > 0 ? urlOf(random.int(1, this.#urls)) : this.#newUrl()
    const maxVisits = !reuse && random.chance(METERED_SHARE) ? random.int(1, 4) : null
    return { kind, url, maxVisits, reuse, isRuled: !reuse && random.chance(RULED_SHARE) }
  }

  #newUrl(): string {
    return urlOf(++this.#urls)
  }

  /** So long that the operations of all clients are spread over the run. */
  async #pause(): Promise<void> {
    const { clients, durationMs, codes } = this.#schedule
    const spreadMs = (2 * clients * durationMs) / (codes.length * OPERATIONS_MAX)
    const isAtOnce = this.#random.chance(AT_ONCE.share)
    const ms = this.#random.between(1, isAtOnce ? AT_ONCE.pauseMs : spreadMs)
    await new Promise<void>((resolve) => {
      this.#surroundings.scheduler.after(ms, resolve)
    })
  }
}

function urlOf(count: number): string {
  return `https://e.org/${count}`
}
