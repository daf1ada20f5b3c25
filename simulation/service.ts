/**
 * A service that processes call over a network: log, store, cache or key-value, and how it fails.
 *
 * Used by the simulated seams. A call is three events: it is sent, takes effect at the service, and
 * its answer arrives. Any of the two ways may be cut, the service may be down, and a call may be
 * refused, lose its answer after its effect, or take effect long after its caller has given up.
 */
import type { Random } from './random.ts'
import type { SimulatedProcess } from './simulated-process.ts'
import type { Story } from './story.ts'

export type ServiceName = 'log' | 'store' | 'cache' | 'kv'

export interface Faults {
  /** How likely each is, from 0 to 1. */
  readonly refused: number
  readonly answerLost: number
  readonly late: number
  /** Longest way there and back of an ordinary call. */
  readonly delayMsMax: number
}

export const NO_FAULTS: Faults = { refused: 0, answerLost: 0, late: 0, delayMsMax: 2 }

/** What a caller is told: whether it is certain that the call had no effect and will have none. */
export type Refuse = (isCertain: boolean) => Error

interface Call<T> {
  readonly process: SimulatedProcess
  readonly what: () => string
  readonly effect: () => Promise<T>
  readonly refuse: Refuse
  readonly answer: (settle: () => void) => void
  readonly resolve: (result: T) => void
  readonly reject: (error: unknown) => void
}

/** How long a caller waits for an answer. */
const TIMEOUT_MS = 600
/** The longest that an effect comes after its caller has given up. */
const LATE_MS_MAX = 4_000
const MIN_DELAY_MS = 0.1

export class Service {
  readonly name: string
  readonly #random: Random
  readonly #story: Story
  faults = NO_FAULTS
  isDown = false
  /** Processes whose calls and answers are lost. */
  readonly #cutOff = new Set<SimulatedProcess>()

  constructor(name: string, random: Random, story: Story) {
    this.name = name
    this.#random = random
    this.#story = story
  }

  cut(process: SimulatedProcess): void {
    this.#cutOff.add(process)
  }

  mend(process: SimulatedProcess): void {
    this.#cutOff.delete(process)
  }

  mendAll(): void {
    this.#cutOff.clear()
  }

  reaches(process: SimulatedProcess): boolean {
    return !this.isDown && !this.#cutOff.has(process)
  }

  delayMs(): number {
    return this.#random.between(MIN_DELAY_MS, this.faults.delayMsMax / 2)
  }

  /**
   * Runs `effect` at the service, once at most, and settles in the caller's process.
   *
   * @param effect does all that it does to the service's state before it first waits
   */
  call<T>(
    process: SimulatedProcess,
    what: () => string,
    effect: () => Promise<T>,
    refuse: Refuse,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      let isSettled = false
      const answer = (settle: () => void) => {
        if (!isSettled) process.receive(settle)
        isSettled = true
      }
      this.#send({ process, what, effect, refuse, answer, resolve, reject })
    })
  }

  #send<T>(call: Call<T>): void {
    const { process, answer, refuse, reject } = call
    const { scheduler } = process
    const isNoticed = !this.reaches(process) && this.#random.chance(0.5)
    const fate = isNoticed ? 'refused' : this.#fate()
    if (fate === 'refused') {
      scheduler.after(this.delayMs(), () => answer(() => reject(refuse(true))))
      return
    }
    const cancelTimeout = scheduler.after(TIMEOUT_MS, () => answer(() => reject(refuse(false))))
    const lateMs = fate === 'late' ? TIMEOUT_MS + this.#random.between(0, LATE_MS_MAX) : 0
    scheduler.after(this.delayMs() + lateMs, () => {
      if (!this.reaches(process)) return
      this.#take(call, fate, cancelTimeout)
    })
  }

  #take<T>(call: Call<T>, fate: 'done' | 'answerLost' | 'late', cancelTimeout: () => void): void {
    const { process, what, answer, resolve, reject } = call
    const reply = (outcome: string, settle: () => void) => {
      this.#story.tell(process.name, () => `${this.name} ${what()}: ${outcome}${NOTES[fate]}`)
      if (fate !== 'done') return
      process.scheduler.after(this.delayMs(), () => {
        if (!this.reaches(process)) return
        cancelTimeout()
        answer(settle)
      })
    }
    call.effect().then(
      (result) => reply('ok', () => resolve(result)),
      (error: unknown) => reply((error as Error).message, () => reject(error)),
    )
  }

  #fate(): 'refused' | 'answerLost' | 'late' | 'done' {
    const { refused, answerLost, late } = this.faults
    return this.#random.weighted({
      refused,
      answerLost,
      late,
      done: 1 - refused - answerLost - late,
    })
  }
}

const NOTES = { done: '', answerLost: ' (the answer is lost)', late: ' (late)' }
