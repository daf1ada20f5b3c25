/**
 * Errands: what partition actors ask of log and store, carried out.
 *
 * Used by the host. Each errand ends with one call of `tell`, which hands its outcome to the actor
 * that asked, if that still is here. Counts what happens, and asks again after a pause where an actor
 * cannot go on without an answer. It decides nothing.
 */
import type { Clock } from '../../links/clock.ts'
import { TinygridError } from '../../links/errors.ts'
import type { Code, EpochMs, LogPosition, PartitionId } from '../../links/ids.ts'
import { isWholeVersion } from '../../links/link-record.ts'
import type { LongWork } from '../../links/long-work.ts'
import type { LinkStore } from '../../persistence/store/link-store.ts'
import type { Log, LogEntry } from '../../persistence/log/log.ts'
import type { Effect } from './effect.ts'
import { LoggedOperations, type WantedOperations } from './logged-operations.ts'
import type { PartitionActor } from './partition-actor.ts'

export interface ErrandOptions {
  readonly log: Log
  readonly work: LongWork
  readonly store: LinkStore
  readonly clock: Clock
  readonly now: () => EpochMs
  readonly onError: (what: string, error: unknown) => void
}

type Outcome<Ticket> = (actor: PartitionActor<Ticket>) => Effect<Ticket>[]
/** False: the actor is not here any more. */
export type Tell<Ticket> = (outcome: Outcome<Ticket>) => boolean

/** Pause before a log or store that failed uncertainly is asked again. */
const RETRY_PAUSE_MS = 50
/** Store reads in flight, over all partitions; one more is refused with store_unavailable. */
const STORE_READS_MAX = 10_000

export class Errands<Ticket> {
  readonly #options: ErrandOptions
  readonly #recalls: LoggedOperations<Ticket>
  #appends = 0
  #storeReads = 0
  readonly counters = { logAppends: 0, logErrors: 0, storeErrors: 0, readThroughs: 0 }

  constructor(options: ErrandOptions) {
    this.#options = options
    this.#recalls = new LoggedOperations(options)
  }

  get appendsUnderWay(): number {
    return this.#appends
  }

  append(
    partition: PartitionId,
    { payload, expectedLast }: { payload: Buffer; expectedLast: LogPosition },
    tell: Tell<Ticket>,
  ): void {
    this.#appends++
    this.#options.log.append(partition, payload, expectedLast).then(
      (position) => {
        this.#appends--
        this.counters.logAppends++
        tell((actor) => actor.appended(position))
      },
      (error: unknown) => {
        this.#appends--
        this.#noteLogError('log append failed', error)
        tell((actor) => actor.appendFailed(asOperatingError(error, 'log_uncertain')))
      },
    )
  }

  /** As append, after a pause, if the actor still is here then. */
  appendAgain(
    partition: PartitionId,
    entry: { payload: Buffer; expectedLast: LogPosition },
    tell: Tell<Ticket>,
  ): void {
    this.later(() => {
      if (tell(() => [])) this.append(partition, entry, tell)
    })
  }

  readOperations(partition: PartitionId, wanted: WantedOperations, tell: Tell<Ticket>): void {
    this.#recalls.ask(partition, wanted, tell)
  }

  readTail(partition: PartitionId, after: LogPosition, tell: Tell<Ticket>): void {
    collect(this.#options.log.readAfter(partition, after)).then(
      (entries) => {
        tell((actor) => actor.tailRead(entries))
      },
      (error: unknown) => {
        this.#noteLogError('log tail could not be read', error)
        this.later(() => {
          // Asks nothing of the actor but whether it still waits.
          if (tell(() => [])) this.readTail(partition, after, tell)
        })
      },
    )
  }

  readStore(code: Code, tell: Tell<Ticket>): void {
    if (this.#storeReads >= STORE_READS_MAX) {
      const error = new TinygridError('store_unavailable', { detail: 'Too many reads are waiting' })
      tell((actor) => actor.storeReadFailed(code, error))
      return
    }
    this.#storeReads++
    this.counters.readThroughs++
    this.#options.store.get(code).then(
      (version) => {
        this.#storeReads--
        if (version === undefined || isWholeVersion(version)) {
          tell((actor) => actor.storeRead(code, version))
        } else {
          this.#noteStoreError(code, new Error(`the stored version of ${code} is damaged`), tell)
        }
      },
      (error: unknown) => {
        this.#storeReads--
        this.#noteStoreError(code, error, tell)
      },
    )
  }

  #noteStoreError(code: Code, error: unknown, tell: Tell<Ticket>): void {
    this.counters.storeErrors++
    this.#options.onError('store read failed', error)
    tell((actor) => actor.storeReadFailed(code, asOperatingError(error, 'store_unavailable')))
  }

  later(action: () => void): void {
    this.#options.clock.after(RETRY_PAUSE_MS, action)
  }

  #noteLogError(what: string, error: unknown): void {
    this.counters.logErrors++
    this.#options.onError(what, error)
  }
}

async function collect(entries: AsyncIterable<LogEntry>): Promise<LogEntry[]> {
  const collected: LogEntry[] = []
  for await (const entry of entries) collected.push(entry)
  return collected
}

function asOperatingError(error: unknown, code: 'log_uncertain' | 'store_unavailable') {
  return error instanceof TinygridError ? error : new TinygridError(code, { cause: error })
}
