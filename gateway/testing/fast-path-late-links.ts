/**
 * Links whose answers come later, as from other nodes; for the fast path's tests.
 *
 * Around links that are known at once: a code that is late is 'unknown' to a look-up, and `find`
 * answers after some turns of the event loop, or when a test says so. Two answers may change places.
 */
import { setImmediate } from 'node:timers/promises'
import type { Code } from '../../links/ids.ts'
import { UNKNOWN, type Lookup } from '../../links/link.ts'
import type { Found } from '../../links/link-owner.ts'

/** An answer takes fewer turns than this. */
const TURNS_MAX = 5
/** What was handed over when its answer came is answered by the server within so many turns. */
const SERVER_TURNS = 5

export interface LateOptions {
  readonly lookup: (code: Code) => Lookup
  readonly find: (code: Code) => Promise<Found>
  readonly isLate: (code: Code) => boolean
  /** How many turns the next answer takes; by default from none to TURNS_MAX, in no order. */
  readonly turns?: () => number
}

export class LateLinks {
  /** The codes that were asked for, in order. */
  readonly asked: Code[] = []
  readonly #options: LateOptions
  #underWay = 0
  #seed = 1

  constructor(options: LateOptions) {
    this.#options = options
  }

  readonly lookup = (code: Code): Lookup =>
    this.#options.isLate(code) ? UNKNOWN : this.#options.lookup(code)

  readonly find = async (code: Code): Promise<Found> => {
    this.asked.push(code)
    this.#underWay++
    try {
      const turns = this.#options.turns?.() ?? this.#anyTurns()
      for (let turn = 0; turn < turns; turn++) await setImmediate()
      return await this.#options.find(code)
    } finally {
      this.#underWay--
    }
  }

  /** Resolves when nothing is asked any more, and what followed from the last answer is done. */
  readonly settled = async (): Promise<void> => {
    for (let quiet = 0; quiet < SERVER_TURNS; quiet++) {
      if (this.#underWay > 0) quiet = 0
      await setImmediate()
    }
  }

  /** A linear congruential generator (Numerical Recipes): the same delays in each run. */
  #anyTurns(): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((this.#seed / 2 ** 32) * TURNS_MAX)
  }
}
