/**
 * A simulated process: what runs, freezes and dies as one.
 *
 * Everything that happens in a process enters here: its timers, the messages and answers that reach
 * it. Running, it takes them as they come. Frozen, it takes nothing, and all that came meanwhile when
 * it wakes: the timers in their order and the messages in theirs, either kind first, as an operating
 * system does. Crashed, it never takes anything again; what it had sent is on its way all the same.
 */
import type { Clock } from '../links/clock.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'

interface Entry {
  readonly kind: 'timer' | 'message'
  /** undefined: cancelled. */
  action: (() => void) | undefined
}

/** The longest that a timer or the end of a turn is late, in milliseconds. */
const TIMER_LATE_MS_MAX = 2
const TURN_MS_MAX = 0.3

export class SimulatedProcess {
  readonly name: string
  readonly scheduler: Scheduler
  readonly random: Random
  /** The process's own monotonic clock: it begins anywhere. */
  readonly clock: Clock
  #state: 'running' | 'frozen' | 'crashed' = 'running'
  /** Invariant: empty unless frozen. */
  #held: Entry[] = []

  constructor(name: string, scheduler: Scheduler, random: Random) {
    this.name = name
    this.scheduler = scheduler
    this.random = random
    const start = random.int(0, 100_000)
    this.clock = {
      now: () => start + scheduler.now,
      after: (ms, action) => this.#timer(ms + random.between(0, TIMER_LATE_MS_MAX), action),
    }
  }

  get isRunning(): boolean {
    return this.#state === 'running'
  }

  get isFrozen(): boolean {
    return this.#state === 'frozen'
  }

  get isCrashed(): boolean {
    return this.#state === 'crashed'
  }

  /** Runs `action` at the end of the event-loop turn; what arrives meanwhile belongs to the turn. */
  readonly defer = (action: () => void): void => {
    this.#timer(this.random.between(0, TURN_MS_MAX), action)
  }

  /** Something reaches the process now. */
  receive(action: () => void): void {
    this.#enter({ kind: 'message', action })
  }

  freeze(): void {
    if (this.isRunning) this.#state = 'frozen'
  }

  thaw(): void {
    if (!this.isFrozen) return
    this.#state = 'running'
    const first = this.random.pick(['timer', 'message'] as const)
    const isFirst = ({ kind }: Entry) => kind === first
    const held = this.#held
    this.#held = []
    for (const entry of [...held.filter(isFirst), ...held.filter((other) => !isFirst(other))]) {
      this.scheduler.after(0, () => this.#enter(entry))
    }
  }

  crash(): void {
    this.#state = 'crashed'
    this.#held = []
  }

  #timer(ms: number, action: () => void): () => void {
    const entry: Entry = { kind: 'timer', action }
    this.scheduler.after(ms, () => this.#enter(entry))
    return () => (entry.action = undefined)
  }

  #enter(entry: Entry): void {
    if (this.isFrozen) this.#held.push(entry)
    else if (this.isRunning) entry.action?.()
  }
}
