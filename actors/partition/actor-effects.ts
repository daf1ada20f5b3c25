/**
 * Carries out what partition actors decide: appends to the log, reads of log and store, answers.
 *
 * Used by the host, for all its partitions. Each append and each read ends with one call of the actor
 * that asked for it, if that still is here, and what it says then is carried out in turn. Counts what
 * happens, and asks again after a pause where an actor cannot go on without an answer. It decides
 * nothing.
 */
import type { Clock } from '../../links/clock.ts'
import { hasCode, TinygridError } from '../../links/errors.ts'
import type { Code, EpochMs, LogPosition, PartitionId } from '../../links/ids.ts'
import { isWholeVersion } from '../../links/link-record.ts'
import type { LongWork } from '../../links/long-work.ts'
import type { RequestMark } from '../../links/request-mark.ts'
import type { LinkStore } from '../../persistence/store/link-store.ts'
import type { Log, LogEntry } from '../../persistence/log/log.ts'
import type { Effect } from './effect.ts'
import { beginAppend } from './append-span.ts'
import { LoggedOperations } from './logged-operations.ts'
import type { PartitionActor } from './partition-actor.ts'

/** Who asked for a write or a read, and waits. */
interface Caller {
  readonly resolve: (result: never) => void
  readonly reject: (error: TinygridError) => void
  /** Of a write, if it has one. */
  readonly mark?: RequestMark | undefined
}

export type Actor = PartitionActor<Caller>

type Effects = readonly Effect<Caller>[]
type Append = Pick<Extract<Effect<Caller>, { kind: 'append' }>, 'payload' | 'expectedLast'> &
  Partial<Pick<Extract<Effect<Caller>, { kind: 'append' }>, 'callers'>>
export type Applied = Extract<Effect<Caller>, { kind: 'applied' }>

export interface ActorEffectsOptions {
  readonly log: Log
  readonly work: LongWork
  readonly store: LinkStore
  readonly clock: Clock
  readonly now: () => EpochMs
  readonly isHere: (partition: PartitionId, actor: Actor) => boolean
  /** Memory has these now. */
  readonly onApplied: (partition: PartitionId, applied: Applied) => void
  /** What the actor asked for has ended, and the actor was told if it still is here. */
  readonly onEnd: (partition: PartitionId, actor: Actor) => void
  readonly onError: (what: string, error: unknown) => void
}

/** Pause before a log or store that failed uncertainly is asked again. */
const RETRY_PAUSE_MS = 50
/** Store reads in flight, over all partitions; one more is refused with store_unavailable. */
const STORE_READS_MAX = 10_000

export class ActorEffects {
  readonly #options: ActorEffectsOptions
  readonly #operations: LoggedOperations
  #appends = 0
  #storeReads = 0
  readonly counters = {
    logAppends: 0,
    logErrors: 0,
    storeErrors: 0,
    readThroughs: 0,
    decisionErrors: 0,
  }

  constructor(options: ActorEffectsOptions) {
    this.#options = options
    this.#operations = new LoggedOperations(options)
  }

  get appendsUnderWay(): number {
    return this.#appends
  }

  /** Nobody waits for anything any more. */
  stop(): void {
    this.#operations.stop()
  }

  /** In the order given. */
  carryOut(partition: PartitionId, actor: Actor, effects: Effects): void {
    for (const effect of effects) this.#carryOut(partition, actor, effect)
  }

  #carryOut(partition: PartitionId, actor: Actor, effect: Effect<Caller>): void {
    switch (effect.kind) {
      case 'append':
        return this.#append(partition, actor, effect)
      case 'append_again':
        return this.#later(partition, actor, () => this.#append(partition, actor, effect))
      case 'read_tail':
        return this.#readTail(partition, actor, effect.after)
      case 'read_store':
        return this.#readStore(partition, actor, effect.code)
      case 'read_operations':
        return this.#operations.ask(partition, effect, {
          isHere: () => this.#options.isHere(partition, actor),
          take: (operations) => this.#end(partition, actor, () => actor.recalled(operations)),
        })
      case 'applied':
        return this.#options.onApplied(partition, effect)
      case 'answer':
        return effect.ticket.resolve(effect.result as never)
      case 'answer_read':
        return effect.ticket.resolve(effect.link as never)
      case 'refuse':
        if (hasCode(effect.error, 'internal')) this.#noteDecisionError(effect.error)
        return effect.ticket.reject(effect.error)
    }
  }

  #append(partition: PartitionId, actor: Actor, append: Append): void {
    const { payload, expectedLast, callers } = append
    const span = callers && beginAppend(partition, payload.length, callers)
    this.#appends++
    this.#options.log.append(partition, payload, expectedLast).then(
      (position) => {
        span?.end()
        this.#appends--
        this.counters.logAppends++
        this.#end(partition, actor, () => actor.appended(position))
      },
      (error: unknown) => {
        span?.end(error)
        this.#appends--
        this.#noteLogError('log append failed', error)
        const failure = asOperatingError(error, 'log_uncertain')
        this.#end(partition, actor, () => actor.appendFailed(failure))
      },
    )
  }

  #readTail(partition: PartitionId, actor: Actor, after: LogPosition): void {
    collect(this.#options.log.readAfter(partition, after)).then(
      (entries) => this.#end(partition, actor, () => actor.tailRead(entries)),
      (error: unknown) => {
        this.#noteLogError('log tail could not be read', error)
        this.#later(partition, actor, () => this.#readTail(partition, actor, after))
      },
    )
  }

  #readStore(partition: PartitionId, actor: Actor, code: Code): void {
    const fail = (error: TinygridError) => {
      this.#end(partition, actor, () => actor.storeReadFailed(code, error))
    }
    if (this.#storeReads >= STORE_READS_MAX) {
      return fail(new TinygridError('store_unavailable', { detail: 'Too many reads are waiting' }))
    }
    const noteAndFail = (error: unknown) => {
      this.counters.storeErrors++
      this.#options.onError('store read failed', error)
      fail(asOperatingError(error, 'store_unavailable'))
    }
    this.#storeReads++
    this.counters.readThroughs++
    this.#options.store.get(code).then(
      (version) => {
        this.#storeReads--
        const isUsable = version === undefined || isWholeVersion(version)
        if (isUsable) this.#end(partition, actor, () => actor.storeRead(code, version))
        else noteAndFail(new Error(`the stored version of ${code} is damaged`))
      },
      (error: unknown) => {
        this.#storeReads--
        noteAndFail(error)
      },
    )
  }

  /** Tells the actor what came of something, if it still is here. */
  #end(partition: PartitionId, actor: Actor, tell: () => Effects): void {
    const { isHere, onEnd } = this.#options
    if (isHere(partition, actor)) this.carryOut(partition, actor, tell())
    onEnd(partition, actor)
  }

  #later(partition: PartitionId, actor: Actor, action: () => void): void {
    this.#options.clock.after(RETRY_PAUSE_MS, () => {
      if (this.#options.isHere(partition, actor)) action()
    })
  }

  #noteLogError(what: string, error: unknown): void {
    this.counters.logErrors++
    this.#options.onError(what, error)
  }

  #noteDecisionError(error: TinygridError): void {
    this.counters.decisionErrors++
    this.#options.onError('a write could not be decided', error.cause ?? error)
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
