/**
 * Long work: everything that keeps the event loop busy for more than a moment, in turns.
 *
 * One per process. Searches and lists, the reading and answering of bulk requests, the load from the
 * store, the replay of the log and the preparing of flushes hand their work in as steps (a
 * generator that yields between two of them). Between two slices of SLICE_MS the event loop turns,
 * so that what has come in meanwhile is answered, and all slices together keep to the share of
 * `work-share.ts`. Without it each of many requests is bounded by itself, and together they stop the
 * redirects for seconds.
 *
 * Whose slice is next is said by `work-line.ts`. Requests are admitted first, up to REQUESTS_MAX and
 * REQUEST_BYTES_MAX; beyond it they are refused and told to come again. A step cannot be interrupted:
 * it must take a small part of a slice.
 *
 * Rejected: worker threads, which would need the store's data there and a copy of each answer; a rest
 * for each loop by itself, which bounds nothing in sum.
 */
import { systemClock, type Clock } from './clock.ts'
import { TinygridError } from './errors.ts'
import { WorkLine, type Job, type Lane } from './work-line.ts'
import { WorkShare } from './work-share.ts'

/** Longest stretch without a turn of the event loop, but for the step in which it ends. */
export const SLICE_MS = 1
/** Steps of a slice, where time stands still or steps are tiny. */
export const SLICE_STEPS_MAX = 1_000
/** Requests with long work, begun and waiting. */
export const REQUESTS_MAX = 256
/** Bytes of the bodies that they hold. */
export const REQUEST_BYTES_MAX = 64 * 1024 * 1024
/** By then a few of those that wait are done. */
const RETRY_AFTER_SECONDS = 2
/** Waiting for less of its share than this, it would be woken for next to nothing. */
const SLICE_MS_MIN = 0.5

export type Steps<T> = Generator<void, T, void>

export interface LongWorkOptions {
  readonly clock: Clock
  /** Runs an action in the next turn of the event loop. */
  readonly defer: (action: () => void) => void
  /**
   * How long this thread has had the processor: while others have it, nobody waits for long work.
   * By default the clock's time.
   */
  readonly busyMs?: () => number
}

/** A request's place among those with long work. */
export interface Place {
  /** May be called again. */
  leave(): void
}

export interface LongWorkNumbers {
  readonly requests: number
  /** Requests refused since the start. */
  readonly refused: number
  /** Milliseconds of the event loop since the start. */
  readonly takenMs: number
}

/** For a process; made once, where the process is put together. */
export function systemLongWork(): LongWork {
  return new LongWork({
    clock: systemClock,
    defer: (action) => setImmediate(action),
    busyMs: () => {
      const { user, system } = process.threadCpuUsage()
      return (user + system) / 1000
    },
  })
}

export class LongWork {
  readonly #clock: Clock
  readonly #defer: (action: () => void) => void
  readonly #busyMs: () => number
  readonly #share = new WorkShare()
  readonly #line = new WorkLine()
  /** Whether a slice is on its way. Invariant: true while someone is in line. */
  #isAwake = false
  #requests = 0
  #requestBytes = 0
  #refused = 0
  #takenMs = 0

  constructor({ clock, defer, busyMs = () => clock.now() }: LongWorkOptions) {
    this.#clock = clock
    this.#busyMs = busyMs
    this.#defer = defer
  }

  /**
   * @param bytes of its body, which it holds until it leaves
   * @throws TinygridError overloaded
   */
  admit(bytes = 0): Place {
    const isFull = this.#requests >= REQUESTS_MAX || this.#requestBytes + bytes > REQUEST_BYTES_MAX
    if (isFull) {
      this.#refused++
      throw new TinygridError('overloaded', { retryAfterSeconds: RETRY_AFTER_SECONDS })
    }
    this.#requests++
    this.#requestBytes += bytes
    let hasLeft = false
    const leave = () => {
      if (hasLeft) return
      hasLeft = true
      this.#requests--
      this.#requestBytes -= bytes
    }
    return { leave }
  }

  /** Runs the steps to their end, in turns with all other work. Rejects with what a step throws. */
  run<T>(steps: Steps<T>, lane: Lane): Promise<T> {
    return new Promise((resolve, reject) => {
      const step = () => {
        try {
          const { done, value } = steps.next()
          if (done === true) resolve(value)
          return done === true
        } catch (error) {
          reject(error)
          return true
        }
      }
      this.#line.add({ lane, step })
      this.#wake()
    })
  }

  numbers(): LongWorkNumbers {
    return {
      requests: this.#requests,
      refused: this.#refused,
      takenMs: this.#takenMs,
    }
  }

  #wake(): void {
    if (this.#isAwake) return
    this.#isAwake = true
    this.#takeTurn()
  }

  #takeTurn(): void {
    const left = this.#busyMs()
    this.#defer(() => {
      const now = this.#clock.now()
      this.#share.noteTurn(this.#busyMs() - left, now)
      this.#slice(now)
    })
  }

  #slice(began: number): void {
    const wait = this.#share.waitMs(SLICE_MS_MIN, began)
    if (wait > 0) {
      this.#clock.after(wait, () => this.#slice(this.#clock.now()))
      return
    }
    const until = began + Math.min(SLICE_MS, this.#share.allowedMs(began))
    const ended = this.#work(until)
    this.#share.noteLong(ended - began, ended)
    this.#takenMs += ended - began
    this.#isAwake = !this.#line.isEmpty
    if (this.#isAwake) this.#takeTurn()
  }

  /** Works until the time, or until there is nothing to do; returns when it was. */
  #work(until: number): number {
    let now = this.#clock.now()
    let steps = 0
    const isOver = () => {
      now = this.#clock.now()
      return now >= until || ++steps >= SLICE_STEPS_MAX
    }
    for (let job = this.#line.take(); job !== undefined; job = this.#line.take()) {
      if (!this.#goOn(job, isOver)) this.#line.putBack()
      if (now >= until || steps >= SLICE_STEPS_MAX) break
    }
    return now
  }

  /** Whether the job has ended. */
  #goOn(job: Job, isOver: () => boolean): boolean {
    let hasEnded = job.step()
    while (!isOver() && !hasEnded) hasEnded = job.step()
    return hasEnded
  }
}
