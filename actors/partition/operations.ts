/**
 * The operations of one partition: what was asked lately, by its id, and what was answered.
 *
 * Used by the partition actor, so that a request that is asked again (because its answer was lost, or
 * its link changed owners) gets the first answer and changes nothing a second time. Filled when a
 * batch is applied and, at a take-over, from the log; so the log keeps what is in here (`oldest`).
 * A take-over reads the older ones last: until then they are not complete, and the log keeps all.
 *
 * Only what changed something is remembered: any other answer may be given anew. Bounded by age and
 * number. Rejected: the id in the link itself, which costs every link some bytes for ever.
 */
import { POSITION_NONE, type EpochMs, type LogPosition } from '../../links/ids.ts'
import { decodeLink, type LinkRecord } from '../../links/link-record.ts'
import { OPERATION_KEPT_MS, type WriteResult } from '../../links/link-owner.ts'
import type { LoggedOperation, OperationOutcome } from '../../persistence/log/log-record.ts'

/** In one partition. More are remembered for less than OPERATION_KEPT_MS. */
export const OPERATIONS_MAX = 1_000

export interface Operation {
  readonly id: string
  readonly outcome: OperationOutcome
  /** The link as the batch left it. */
  readonly record: LinkRecord
  readonly position: LogPosition
  readonly at: EpochMs
}

export class Operations {
  /** Invariant: at most OPERATIONS_MAX. */
  readonly #byId = new Map<string, Operation>()
  /**
   * In order of position, from #first on. What is not in #byId any more has been remembered anew.
   * The map alone would do, but finds its oldest only behind the places of all that have gone before.
   */
  #order: Operation[] = []
  #first = 0
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
    return this.#byId.size
  }

  /** Where the log must not be trimmed: the position of the oldest one that still counts. */
  oldest(now: EpochMs): LogPosition | undefined {
    if (this.#missingUpTo !== undefined) return POSITION_NONE
    this.#forgetOlderThan(now - OPERATION_KEPT_MS)
    return this.#order[this.#first]?.position
  }

  /** The first answer to the operation, if it is known. */
  answerTo(id: string): WriteResult | undefined {
    const operation = this.#byId.get(id)
    return operation === undefined ? undefined : resultOf(operation)
  }

  remember(operation: Operation): void {
    // The same id may come again when it was forgotten here but is still in the log.
    this.#byId.set(operation.id, operation)
    this.#order.push(operation)
    this.#forgetOlderThan(operation.at - OPERATION_KEPT_MS)
    while (this.#byId.size > OPERATIONS_MAX) this.#forgetFirst()
  }

  /** Those of a log entry. */
  rememberLogged(
    logged: readonly LoggedOperation[],
    records: readonly LinkRecord[],
    position: LogPosition,
    at: EpochMs,
  ): void {
    for (const { id, outcome, record } of logged) {
      this.remember({ id, outcome, record: records[record]!, position, at })
    }
  }

  /** Takes in the older ones; some may be in here already. */
  complete(older: Operations): void {
    const all = [...older.all(), ...this.all()]
    this.#byId.clear()
    this.#order = []
    this.#first = 0
    for (const operation of all) this.remember(operation)
    this.#missingUpTo = undefined
  }

  all(): Operation[] {
    return this.#order.slice(this.#first).filter((operation) => this.#isKnown(operation))
  }

  /** Ends with one that is known as the first, or none. */
  #forgetOlderThan(time: number): void {
    for (;;) {
      const first = this.#order[this.#first]
      if (first === undefined || (first.at > time && this.#isKnown(first))) return
      this.#forgetFirst()
    }
  }

  #forgetFirst(): void {
    const first = this.#order[this.#first++]!
    if (this.#isKnown(first)) this.#byId.delete(first.id)
    if (this.#first < OPERATIONS_MAX) return
    this.#order = this.#order.slice(this.#first)
    this.#first = 0
  }

  #isKnown(operation: Operation): boolean {
    return this.#byId.get(operation.id) === operation
  }
}

/** What a request with this outcome is answered. */
export function resultOf({ outcome, record }: Pick<Operation, 'outcome' | 'record'>): WriteResult {
  const link = decodeLink(record)
  return outcome === 'redirect' ? { kind: 'redirect', url: link.url } : { kind: outcome, link }
}
