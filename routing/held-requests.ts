/**
 * Requests that wait for their owner: tried again across a change of owner instead of failing.
 *
 * Used by the router for writes, reads of the API, and look-ups that nobody else can answer. A
 * request whose owner is away, is another one by now, or cannot log at the moment, is tried again
 * as soon as its partition is placed anew, and after a pause, until it has been under way for its
 * hold time; then it is refused with owner_unavailable, and whether it was done is not known. What
 * is repeated must be safe to repeat: writes carry an operation id.
 *
 * A refusal for want of room (mailbox_full, log_full, operations_full) or of the store is passed on at
 * once: to wait would only add to it. How many may wait is bounded.
 */
import type { Clock } from '../links/clock.ts'
import { hasCode, TinygridError, type ErrorCode } from '../links/errors.ts'
import type { PartitionId } from '../links/ids.ts'
import type { PlacedOwner, Placement } from '../cluster/table/placement.ts'
import { OwnerWaits } from './owner-waits.ts'
import type { RouterCounters } from './router-counters.ts'

/** Longest that a request is held, from its first attempt. */
export const HOLD_MS = 5_000
/** Pause before the next attempt: at first, and at most. The upper half of it is random. */
const PAUSE_MIN_MS = 50
const PAUSE_MAX_MS = 200
/** What passes by itself, as a rule within a few seconds. */
const PASSING: readonly ErrorCode[] = [
  'owner_unavailable',
  'not_owner',
  'log_replaced',
  'log_uncertain',
  'log_unavailable',
  'shutting_down',
]

export interface HeldRequestsOptions {
  readonly placement: Placement
  readonly clock: Clock
  /** From 0 to below 1. */
  readonly random: () => number
  readonly counters: RouterCounters
  /** Requests that may wait; one more is refused at once. */
  readonly heldMax: number
}

export interface Hold {
  readonly partition: PartitionId
  readonly holdMs: number
  /** Counts it if it has to wait. */
  readonly counter: 'lookupsHeld' | 'readsHeld' | 'writesHeld'
}

interface Failure {
  readonly placed: PlacedOwner
  readonly error: TinygridError
}

type Outcome<T> = { readonly value: T } | Failure
/** Rejects where it fails; throws nothing. */
type Attempt<T> = (placed: PlacedOwner) => Promise<T>

export class HeldRequests {
  readonly #placement: Placement
  readonly #clock: Clock
  readonly #random: () => number
  readonly #counters: RouterCounters
  readonly #heldMax: number
  readonly #waits: OwnerWaits
  /** Invariant: how many wait for another attempt, at most #heldMax. */
  #held = 0

  constructor(options: HeldRequestsOptions) {
    this.#placement = options.placement
    this.#clock = options.clock
    this.#random = options.random
    this.#counters = options.counters
    this.#heldMax = options.heldMax
    this.#waits = new OwnerWaits(options.placement, options.clock)
  }

  /** @throws TinygridError owner_unavailable, or what does not pass by waiting */
  async run<T>(hold: Hold, attempt: Attempt<T>): Promise<T> {
    const until = this.#clock.now() + hold.holdMs
    const first = await this.#try(hold.partition, until, attempt)
    if ('value' in first) return first.value
    if (this.#held >= this.#heldMax) throw this.#givingUp(first)
    this.#counters[hold.counter]++
    this.#counters.heldNow++
    this.#held++
    try {
      return await this.#tryAgain(hold.partition, until, first, attempt)
    } finally {
      this.#counters.heldNow--
      this.#held--
    }
  }

  async #tryAgain<T>(
    partition: PartitionId,
    until: number,
    failed: Failure,
    attempt: Attempt<T>,
  ): Promise<T> {
    let pauseMs = PAUSE_MIN_MS
    for (;;) {
      const pause = Math.min(pauseMs * (0.5 + this.#random() / 2), until - this.#clock.now())
      await this.#untilMoved(partition, failed.placed, pause)
      if (this.#clock.now() >= until) throw this.#givingUp(failed)
      pauseMs = Math.min(PAUSE_MAX_MS, 2 * pauseMs)
      this.#counters.retries++
      const outcome = await this.#try(partition, until, attempt)
      if ('value' in outcome) return outcome.value
      failed = outcome
    }
  }

  /**
   * An answer, or why there is none: refused, moved on, or not in time.
   *
   *   1. an attempt is sent to A, which is dead     2. the table says that B owns the partition
   *   3. without a look at the table the request would wait for A until its call times out
   */
  #try<T>(partition: PartitionId, until: number, attempt: Attempt<T>): Promise<Outcome<T>> {
    const placed = this.#placement.ownerOf(partition)
    return new Promise((resolve, reject) => {
      const end = () => resolve({ placed, error: new TinygridError('owner_unavailable') })
      const wait = { partition, placed, until, end }
      this.#waits.begin(wait)
      attempt(placed).then(
        (value) => {
          if (this.#waits.stop(wait)) resolve({ value })
        },
        (error: unknown) => {
          if (!this.#waits.stop(wait)) return
          if (!isPassing(error)) return reject(error)
          learnOwner(this.#placement, partition, error)
          resolve({ placed, error })
        },
      )
    })
  }

  #untilMoved(partition: PartitionId, placed: PlacedOwner, ms: number): Promise<void> {
    return new Promise((end) => {
      const wait = { partition, placed, until: this.#clock.now() + ms, end }
      if (this.#waits.hasMoved(wait)) end()
      else this.#waits.begin(wait)
    })
  }

  #givingUp({ error }: Failure): TinygridError {
    this.#counters.givenUp++
    return new TinygridError('owner_unavailable', { cause: error })
  }
}

/** Whether to wait may help. */
function isPassing(error: unknown): error is TinygridError {
  return hasCode(error, ...PASSING)
}

/** Takes the hint in a not_owner, if there is one. */
export function learnOwner(
  placement: Placement,
  partition: PartitionId,
  { owner }: TinygridError,
): void {
  if (owner !== undefined) placement.learn(partition, owner.owner, owner.epoch)
}
