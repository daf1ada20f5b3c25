/**
 * Decides whether the history of one code is linearizable.
 *
 * It is if the operations can be put in one order that respects real time (what had returned before
 * another was called comes before it) and in which the register answers each as it was answered.
 * An operation whose outcome is not known may come anywhere after its call, or nowhere.
 *
 * The search is the one of Wing and Gong with Lowe's memory of what was tried ("Testing and Verifying
 * Concurrent Objects", "Testing for linearizability"): the same set of operations done with the same
 * state need not be searched twice. A reading whose outcome fits is taken at once: it changes nothing,
 * so nothing is lost by taking it early. Exponential at worst; meant for some forty operations.
 */
import {
  fits,
  isReading,
  step,
  textOf,
  type Operation,
  type Outcome,
  type RegisterState,
} from './register.ts'

export interface Call {
  readonly operation: Operation
  /** Times on one clock. A call and a return at the same time are concurrent. */
  readonly calledAt: number
  /** Infinity: the outcome is not known. */
  readonly returnedAt: number
  /** undefined: not known; the operation may have happened, may yet happen, or never does. */
  readonly outcome: Outcome | undefined
}

/** How far the longest attempt at an order came; `order` is complete if it is linearizable. */
export interface Verdict {
  readonly isLinearizable: boolean
  /** The longest order found, as indexes into the history. */
  readonly order: readonly number[]
  /** The register after that order. */
  readonly state: RegisterState
}

/** Steps of the search after which it gives up, loudly. */
const STEPS_MAX = 2_000_000

class SearchTooLong extends Error {
  override readonly name = 'SearchTooLong'
}

/** @throws SearchTooLong */
export function checkLinearizable(calls: readonly Call[]): Verdict {
  return new Search(calls).run()
}

class Search {
  readonly #calls: readonly Call[]
  /** Indexes of calls in the order in which they were called. */
  readonly #byCall: readonly number[]
  readonly #tried = new Set<string>()
  readonly #isDone: Uint8Array
  readonly #order: number[] = []
  /** Known outcomes that are not in the order yet. */
  #left: number
  #steps = 0
  #longest: { order: readonly number[]; state: RegisterState } = { order: [], state: undefined }

  constructor(calls: readonly Call[]) {
    this.#calls = calls
    this.#byCall = [...calls.keys()].sort((a, b) => calls[a]!.calledAt - calls[b]!.calledAt)
    this.#isDone = new Uint8Array(calls.length)
    this.#left = calls.filter(({ outcome }) => outcome !== undefined).length
  }

  run(): Verdict {
    const isLinearizable = this.#extend(undefined)
    return { isLinearizable, ...this.#longest }
  }

  /** Whether the order so far, which led to `state`, can be completed. */
  #extend(state: RegisterState): boolean {
    if (this.#order.length >= this.#longest.order.length) {
      this.#longest = { order: [...this.#order], state }
    }
    if (this.#left === 0) return true
    if (this.#steps++ > STEPS_MAX) throw new SearchTooLong(`${this.#calls.length} calls`)
    const key = `${textOf(state)} ${this.#isDone.join('')}`
    if (this.#tried.has(key)) return false
    this.#tried.add(key)
    const next = this.#next()
    const reading = next.find((index) => this.#isFittingReading(index, state))
    if (reading !== undefined) return this.#try(reading, state)
    return next.some((index) => this.#try(index, state))
  }

  /** The calls that may come next: nothing that is not in the order returned before they began. */
  #next(): number[] {
    let firstReturn = Infinity
    const next: number[] = []
    for (const index of this.#byCall) {
      if (this.#isDone[index] === 1) continue
      const { calledAt, returnedAt } = this.#calls[index]!
      if (calledAt > firstReturn) break
      next.push(index)
      firstReturn = Math.min(firstReturn, returnedAt)
    }
    return next
  }

  #isFittingReading(index: number, state: RegisterState): boolean {
    const { operation, outcome } = this.#calls[index]!
    return (
      isReading(operation) && outcome !== undefined && fits(step(state, operation).outcome, outcome)
    )
  }

  #try(index: number, state: RegisterState): boolean {
    const { operation, outcome } = this.#calls[index]!
    const after = step(state, operation)
    if (outcome !== undefined && !fits(after.outcome, outcome)) return false
    // What has no known outcome and changes nothing need not happen.
    if (outcome === undefined && textOf(after.state) === textOf(state)) return false
    const isKnown = outcome === undefined ? 0 : 1
    this.#isDone[index] = 1
    this.#order.push(index)
    this.#left -= isKnown
    if (this.#extend(after.state)) return true
    this.#isDone[index] = 0
    this.#order.pop()
    this.#left += isKnown
    return false
  }
}
