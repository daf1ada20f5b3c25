/**
 * Who of those with long work has the next slice.
 *
 * Used by `long-work.ts`; pure. What keeps the node going (lane 'upkeep') has every other slice,
 * however many requests there are; its jobs take turns. The slices of requests go by turns to two
 * kinds. Who is new takes turns with the others that are, so that a short list is not behind a long
 * search. Who is not done after NEW_SLICES_MAX stands in line, first come, first served:
 * LONG_AT_ONCE are gone on with, and the rest wait until one of those is done.
 *
 * Rejected: turns between all, under which a hundred searches end at the same time, all of them at
 * the end, and nobody has a page before; one at a time, behind which everybody waits if it is the
 * export of all links.
 */

/** request: someone waits for the answer. upkeep: what keeps the node going. */
export type Lane = 'request' | 'upkeep'

export interface Job {
  readonly lane: Lane
  /** True: it has ended, and whoever waits for it was told. */
  step(): boolean
}

/** By then a page of a list is written, and a bulk request of some hundred links is read. */
export const NEW_SLICES_MAX = 8
export const LONG_AT_ONCE = 4

interface Waiting {
  readonly job: Job
  readonly slices: number
}

type Kind = 'new' | 'long' | 'upkeep'

export class WorkLine {
  /** Each in the order of their turns. */
  readonly #waiting: Readonly<Record<Kind, Waiting[]>> = { new: [], long: [], upkeep: [] }
  #lastLane: Lane = 'upkeep'
  #lastKind: 'new' | 'long' = 'long'
  /** The one whose slice it is. Invariant: in none of the lines. */
  #taken: Waiting | undefined

  get isEmpty(): boolean {
    return Object.values(this.#waiting).every(({ length }) => length === 0)
  }

  add(job: Job): void {
    this.#waiting[job.lane === 'upkeep' ? 'upkeep' : 'new'].push({ job, slices: 0 })
  }

  /** Whose slice is next; it is out of the line until it is put back. */
  take(): Job | undefined {
    this.#taken = this.#waiting[this.#nextKind()].shift()
    return this.#taken?.job
  }

  /** The one that was taken last has had its slice and has not ended. */
  putBack(): void {
    const { job, slices } = this.#taken!
    const waiting = { job, slices: slices + 1 }
    const { long } = this.#waiting
    if (job.lane === 'upkeep') this.#waiting.upkeep.push(waiting)
    else if (slices + 1 < NEW_SLICES_MAX) this.#waiting.new.push(waiting)
    else if (slices + 1 === NEW_SLICES_MAX) long.push(waiting)
    else long.splice(LONG_AT_ONCE - 1, 0, waiting) // Among those under way, the last.
  }

  /** Of what did not have the last slice, if something waits there. */
  #nextKind(): Kind {
    const { new: fresh, long, upkeep } = this.#waiting
    const hasRequests = fresh.length + long.length > 0
    const isForUpkeep = upkeep.length > 0 && (this.#lastLane === 'request' || !hasRequests)
    this.#lastLane = isForUpkeep ? 'upkeep' : 'request'
    if (isForUpkeep) return 'upkeep'
    const isForLong = long.length > 0 && (this.#lastKind === 'new' || fresh.length === 0)
    this.#lastKind = isForLong ? 'long' : 'new'
    return this.#lastKind
  }
}
