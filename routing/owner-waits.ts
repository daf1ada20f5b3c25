/**
 * Requests that wait: each until it is answered, its partition has another owner, or its time is over.
 *
 * Used by `held-requests.ts`. Nearly all are answered within milliseconds, so they share one timer,
 * for the first whose time ends, and one look at the placement when it changes. Rejected: a timer and
 * a listener for each, which cost more than all the rest of a request that is answered.
 */
import type { Clock } from '../links/clock.ts'
import type { PartitionId } from '../links/ids.ts'
import type { PlacedOwner, Placement } from '../cluster/table/placement.ts'

export interface Wait {
  readonly partition: PartitionId
  /** Whom it waits for. */
  readonly placed: PlacedOwner
  /** By the monotonic clock. */
  readonly until: number
  /** Called once, unless the wait was stopped before. */
  readonly end: () => void
}

export class OwnerWaits {
  readonly #placement: Placement
  readonly #clock: Clock
  readonly #waits = new Set<Wait>()
  /** Invariant: there is one while somebody waits, and nobody's time ends before it. */
  #timer: { readonly at: number; readonly cancel: () => void } | undefined
  /** Invariant: there is one while somebody waits. */
  #unlisten: (() => void) | undefined

  constructor(placement: Placement, clock: Clock) {
    this.#placement = placement
    this.#clock = clock
  }

  begin(wait: Wait): void {
    this.#waits.add(wait)
    this.#unlisten ??= this.#placement.onChange(() => this.#endMoved())
    if (this.#timer === undefined || wait.until < this.#timer.at) this.#wakeAt(wait.until)
  }

  /** False: it has ended before. */
  stop(wait: Wait): boolean {
    const isWaiting = this.#waits.delete(wait)
    if (this.#waits.size === 0) this.#rest()
    return isWaiting
  }

  hasMoved({ partition, placed }: Wait): boolean {
    return !isSame(this.#placement.ownerOf(partition), placed)
  }

  #endMoved(): void {
    for (const wait of this.#waits) if (this.hasMoved(wait)) this.#end(wait)
  }

  #endExpired(): void {
    this.#timer = undefined
    const now = this.#clock.now()
    let next = Infinity
    for (const wait of this.#waits) {
      if (wait.until <= now) this.#end(wait)
      else next = Math.min(next, wait.until)
    }
    if (next < Infinity) this.#wakeAt(next)
  }

  #end(wait: Wait): void {
    if (this.stop(wait)) wait.end()
  }

  #wakeAt(at: number): void {
    this.#timer?.cancel()
    const ms = Math.max(0, at - this.#clock.now())
    this.#timer = { at, cancel: this.#clock.after(ms, () => this.#endExpired()) }
  }

  /** Nobody waits. */
  #rest(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#unlisten?.()
    this.#unlisten = undefined
  }
}

export function isSame(one: PlacedOwner, other: PlacedOwner): boolean {
  return one.owner === other.owner && one.epoch === other.epoch
}
