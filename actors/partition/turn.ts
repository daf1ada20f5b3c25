/**
 * A turn: what a partition actor decides between two batches, request by request.
 *
 * Used by the partition actor alone. It gathers the versions to log in a batch and says at once what
 * needs no logging. A request that was carried out before gets the answer it had then.
 */
import { TinygridError } from '../../links/errors.ts'
import type { EpochMs } from '../../links/ids.ts'
import type { Link } from '../../links/link.ts'
import type { WriteRequest, WriteResult } from '../../links/link-owner.ts'
import { Batch } from './batch.ts'
import { decide } from './decision.ts'
import { refusal, type Effect } from './effect.ts'
import type { Operations } from './operations.ts'

export interface WaitingWrite<Ticket> {
  readonly ticket: Ticket
  readonly request: WriteRequest
}

export class Turn<Ticket> {
  readonly now: EpochMs
  readonly batch = new Batch<Ticket>()
  readonly effects: Effect<Ticket>[] = []
  /** Requests that this turn has answered or refused; those in the batch are not among them. */
  settled = 0
  readonly #canLog: boolean
  readonly #operations: Operations

  /** @param canLog false: what would change something is refused, everything else is answered */
  constructor(now: EpochMs, canLog: boolean, operations: Operations) {
    this.now = now
    this.#canLog = canLog
    this.#operations = operations
  }

  /** Answers a request that was carried out before; false if it was not. */
  answerAgain({ ticket, request: { operationId } }: WaitingWrite<Ticket>): boolean {
    if (operationId === undefined) return false
    const result = this.batch.answerTo(operationId)
    if (result !== undefined) {
      this.batch.answers.push({ ticket, result })
      return true
    }
    const known = this.#operations.answerTo(operationId)
    if (known !== undefined) this.#answer(ticket, known)
    return known !== undefined
  }

  /** Decides a request on the link as it is. */
  settle({ ticket, request }: WaitingWrite<Ticket>, link: Link | undefined): void {
    const { result, next } = decide(link, request, this.now)
    const restsOnBatch = next !== undefined || this.batch.linkOf(request.code) !== undefined
    if (!restsOnBatch) return this.#answer(ticket, result)
    if (next !== undefined && !this.#canLog) {
      this.effects.push(refusal(ticket, new TinygridError('log_full')))
      this.settled++
      return
    }
    if (next !== undefined) {
      this.batch.put(next)
      const { operationId, code } = request
      if (operationId !== undefined) this.batch.noteOperation(operationId, code, result)
    }
    this.batch.answers.push({ ticket, result })
  }

  #answer(ticket: Ticket, result: WriteResult): void {
    this.effects.push({ kind: 'answer', ticket, result })
    this.settled++
  }
}
