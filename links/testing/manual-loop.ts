/**
 * An event loop for tests of long work: time passes when work says how long it took, and each turn
 * serves what else has come in, for as long as the test says.
 */
import type { Clock } from '../clock.ts'
import { LongWork, type Steps } from '../long-work.ts'

interface Timer {
  readonly at: number
  readonly action: () => void
}

export interface Stretch {
  readonly from: number
  readonly to: number
}

export class ManualLoop {
  readonly clock: Clock
  readonly work: LongWork
  /** What long work has taken without a turn in between. */
  readonly stretches: Stretch[] = []
  /** Other work that each turn does, in milliseconds. */
  otherMs = 0
  #now = 0
  #deferred: (() => void)[] = []
  #timers: Timer[] = []

  constructor() {
    this.clock = {
      now: () => this.#now,
      after: (ms, action) => {
        const timer = { at: this.#now + ms, action }
        this.#timers.push(timer)
        return () => (this.#timers = this.#timers.filter((other) => other !== timer))
      },
    }
    this.work = new LongWork({ clock: this.clock, defer: (action) => this.#deferred.push(action) })
  }

  /** Steps that take `ms` each. */
  *steps<T>(count: number, ms: number, result: T): Steps<T> {
    for (let done = 0; done < count; done++) {
      this.#now += ms
      yield
    }
    return result
  }

  /** Turns until nothing is left to do. */
  async run(): Promise<void> {
    for (;;) {
      await settle()
      const next = this.#timers.toSorted((a, b) => a.at - b.at)[0]
      if (this.#deferred.length === 0) {
        if (next === undefined) return
        this.#now = Math.max(this.#now, next.at)
      }
      this.#now += this.otherMs
      const due = this.#timers.filter(({ at }) => at <= this.#now)
      this.#timers = this.#timers.filter(({ at }) => at > this.#now)
      const actions = [...due.map(({ action }) => action), ...this.#deferred.splice(0)]
      for (const action of actions) this.#note(action)
    }
  }

  #note(action: () => void): void {
    const from = this.#now
    action()
    if (this.#now > from) this.stretches.push({ from, to: this.#now })
  }
}

/** All microtasks run before the next turn of the event loop. */
async function settle(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve)
  })
}
