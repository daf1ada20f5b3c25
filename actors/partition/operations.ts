/**
 * The operations of one partition: what was asked lately, by its id, and what was answered.
 *
 * Used by the partition actor, so that a request that is asked again (because its answer was lost, or
 * its link changed owners) gets the first answer and changes nothing a second time. Filled when a
 * batch is applied and, at a take-over, from the log; so the log keeps what is in here (`oldest`).
 * A take-over reads the older ones last: until then they are not complete, and the log keeps all.
 *
 * Only what changed something is remembered: any other answer may be given anew. Visits and changes
 * of links are promised different times (`links/link-owner.ts`) and have memories of their own, each
 * bounded: what would not fit is refused before it is done (`untilRoom`), so that nothing that is
 * promised is forgotten early. Rejected: forgetting the oldest for the newest, by which a link that is
 * visited often took the promised minute from all others of its partition; the id in the link itself,
 * which costs every link some bytes for ever.
 */
import { POSITION_NONE, type EpochMs, type LogPosition } from '../../links/ids.ts'
import { decodeLink, updatedAtOf, type LinkRecord } from '../../links/link-record.ts'
import {
  OPERATION_KEPT_MS,
  redirectOfVisit,
  VISIT_KEPT_MS,
  type WriteResult,
} from '../../links/link-owner.ts'
import type { LoggedOperation, OperationOutcome } from '../../persistence/log/log-record.ts'

/** In one partition: 166 a second for a minute. */
export const CHANGES_MAX = 10_000
/** In one partition: 1,000 a second for ten seconds. */
export const VISITS_MAX = 10_000
/** Of a bound, what is taken on while an earlier owner's are not read yet. */
const INCOMPLETE_SHARE = 0.1
/** What an earlier owner promised comes on top of what this one has. */
const INHERITED_FACTOR = 2
/** A clock that goes back by less is not noticed. */
const CLOCK_STEP_MS = 1_000
/** The clock of an earlier owner is taken to be at most this much behind. */
const CLOCK_SKEW_MS = 10_000

export interface Operation {
  readonly id: string
  readonly outcome: OperationOutcome
  /** The link as the batch left it. */
  readonly record: LinkRecord
  readonly position: LogPosition
  readonly at: EpochMs
}

export class Operations {
  readonly #changes = new Remembered(OPERATION_KEPT_MS, CHANGES_MAX)
  readonly #visits = new Remembered(VISIT_KEPT_MS, VISITS_MAX)
  #missingUpTo: LogPosition | undefined

  /** @param missingUpTo there are older ones in the log up to here, which come by `complete` */
  constructor(missingUpTo?: LogPosition) {
    this.#missingUpTo = missingUpTo
  }

  /** Where in the log there are more of them; undefined: nowhere. */
  get missingUpTo(): LogPosition | undefined {
    return this.#missingUpTo
  }

  /** Whether one that is not in here was not carried out, in the time that counts. */
  get isComplete(): boolean {
    return this.missingUpTo === undefined
  }

  get size(): number {
    return this.#changes.size + this.#visits.size
  }

  /** Where the log must not be trimmed: the position of the oldest one that still counts. */
  oldest(now: EpochMs): LogPosition | undefined {
    if (this.#missingUpTo !== undefined) return POSITION_NONE
    const oldest = [this.#changes.oldest(now), this.#visits.oldest(now)]
    const positions = oldest.filter((position) => position !== undefined)
    return positions.length === 0 ? undefined : (Math.min(...positions) as LogPosition)
  }

  /** The first answer to the operation, if it is known. */
  answerTo(id: string): WriteResult | undefined {
    const operation = this.#changes.get(id) ?? this.#visits.get(id)
    return operation === undefined ? undefined : resultOf(operation)
  }

  /**
   * In how many milliseconds one more visit, or change, can be remembered; 0: now.
   *
   * @param more those that are about to be remembered already
   */
  untilRoom(isVisit: boolean, more: number, now: EpochMs): number {
    const kind = isVisit ? this.#visits : this.#changes
    return kind.untilRoom(more, now, this.isComplete ? 1 : INCOMPLETE_SHARE)
  }

  remember(operation: Operation): void {
    const kind = operation.outcome === 'redirect' ? this.#visits : this.#changes
    kind.add(operation)
  }

  /** Those of a batch that was decided at this time. */
  rememberBatch(
    done: readonly LoggedOperation[],
    records: readonly LinkRecord[],
    position: LogPosition,
    at: EpochMs,
  ): void {
    for (const { id, outcome, record } of done) {
      this.remember({ id, outcome, record: records[record]!, position, at })
    }
  }

  /** Those of a log entry, which may be of long ago: the log holds what the store does not have yet. */
  rememberLogged(
    logged: readonly LoggedOperation[],
    records: readonly LinkRecord[],
    position: LogPosition,
    now: EpochMs,
  ): void {
    for (const { id, outcome, record: place } of logged) {
      const record = records[place]!
      this.remember({ id, outcome, record, position, at: timeOf(outcome, record, now) })
    }
  }

  /** Takes in the older ones; some may be in here already. */
  complete(older: Operations): void {
    const all = [...older.all(), ...this.all()]
    for (const kind of [this.#changes, this.#visits]) kind.clear()
    for (const operation of all) this.remember(operation)
    this.#missingUpTo = undefined
  }

  /** In order of position. */
  all(): Operation[] {
    return [...this.#changes.all(), ...this.#visits.all()].sort((a, b) => a.position - b.position)
  }
}

/** Those of one kind. */
class Remembered {
  readonly #keptMs: number
  readonly #max: number
  /** Invariant: at most #max that were let in here, INHERITED_FACTOR times that with all others. */
  readonly #byId = new Map<string, Operation>()
  /**
   * In order of position, from #first on. What is not in #byId any more has been remembered anew.
   * The map alone would do, but finds its oldest only behind the places of all that have gone before.
   */
  #order: Operation[] = []
  #first = 0

  constructor(keptMs: number, max: number) {
    this.#keptMs = keptMs
    this.#max = max
  }

  get size(): number {
    return this.#byId.size
  }

  get(id: string): Operation | undefined {
    return this.#byId.get(id)
  }

  untilRoom(more: number, now: EpochMs, share: number): number {
    const max = this.#max * share
    if (this.size + more < max) return 0
    this.#noteTime(now)
    if (this.size + more < max) return 0
    const at = this.#order[this.#first]?.at ?? now
    return Math.max(1, at + this.#keptMs - now)
  }

  add(operation: Operation): void {
    // The same id may come again when it was forgotten here but is still in the log.
    this.#byId.set(operation.id, operation)
    this.#order.push(operation)
    this.#forget(operation.at)
    // Of those in the log, the newest: its owners let in no more than #max each while they counted.
    while (this.size > INHERITED_FACTOR * this.#max) this.#forgetFirst()
  }

  oldest(now: EpochMs): LogPosition | undefined {
    this.#noteTime(now)
    return this.#order[this.#first]?.position
  }

  all(): Operation[] {
    return this.#order.slice(this.#first).filter((operation) => this.#isKnown(operation))
  }

  clear(): void {
    this.#byId.clear()
    this.#order = []
    this.#first = 0
  }

  #noteTime(now: EpochMs): void {
    this.#forget(now)
    const first = this.#order[this.#first]
    if (first !== undefined && first.at > now + CLOCK_STEP_MS) this.#countFrom(now)
  }

  /** Ends with one that still counts as the first, or none. */
  #forget(now: EpochMs): void {
    for (;;) {
      const first = this.#order[this.#first]
      if (first === undefined) return
      if (first.at + this.#keptMs > now && this.#isKnown(first)) return
      this.#forgetFirst()
    }
  }

  /** The clock went back, and they would stay for as much longer: from now on they are as new. */
  #countFrom(now: EpochMs): void {
    const all = this.all()
    this.clear()
    for (const operation of all) {
      const renewed = operation.at > now ? { ...operation, at: now } : operation
      this.#byId.set(renewed.id, renewed)
      this.#order.push(renewed)
    }
  }

  #forgetFirst(): void {
    const first = this.#order[this.#first++]!
    if (this.#isKnown(first)) this.#byId.delete(first.id)
    if (this.#first < this.#max) return
    this.#order = this.#order.slice(this.#first)
    this.#first = 0
  }

  #isKnown(operation: Operation): boolean {
    return this.#byId.get(operation.id) === operation
  }
}

/** Rather too late than too early. Of a visit a record does not tell. */
function timeOf(outcome: OperationOutcome, record: LinkRecord, now: EpochMs): EpochMs {
  if (outcome === 'redirect') return now
  return Math.min(now, updatedAtOf(record) + CLOCK_SKEW_MS) as EpochMs
}

/** What a request with this outcome is answered. */
export function resultOf({ outcome, record }: Pick<Operation, 'outcome' | 'record'>): WriteResult {
  const link = decodeLink(record)
  return outcome === 'redirect' ? redirectOfVisit(link) : { kind: outcome, link }
}
