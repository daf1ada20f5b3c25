/**
 * Writes in doubt: asked of a partition that was taken over, whose older operations are not read yet.
 *
 * Used by the partition actor. Such a write may be a repetition of what an earlier owner has carried
 * out, and waits until that is known; so do those that come after it for the same code, in order.
 * Not in doubt is a write to a code that was never given: what is carried out leaves a version.
 */
import type { Code } from '../../links/ids.ts'
import type { Operations } from './operations.ts'
import type { WaitingWrite } from './batch.ts'

export class UncertainWrites<Ticket> {
  readonly #operations: Operations
  #writes: WaitingWrite<Ticket>[] = []
  readonly #codes = new Set<Code>()

  constructor(operations: Operations) {
    this.#operations = operations
  }

  /** Whether the write is in doubt. Then it is kept here. */
  keep(write: WaitingWrite<Ticket>, wasNeverGiven: boolean): boolean {
    if (write.request.operationId === undefined || this.#operations.isComplete) return false
    if (wasNeverGiven) return false
    this.#add(write)
    return true
  }

  /** Whether one to the same code is in doubt. Then this one is kept behind it. */
  keepBehind(write: WaitingWrite<Ticket>): boolean {
    if (!this.#codes.has(write.request.code)) return false
    this.#add(write)
    return true
  }

  /** The older operations are known: nothing is in doubt any more. Hands out all, as `takeAll`. */
  end(older: Operations): readonly WaitingWrite<Ticket>[] {
    this.#operations.complete(older)
    return this.takeAll()
  }

  /** Hands out all of them, in the order in which they came. */
  takeAll(): readonly WaitingWrite<Ticket>[] {
    const writes = this.#writes
    this.#writes = []
    this.#codes.clear()
    return writes
  }

  #add(write: WaitingWrite<Ticket>): void {
    this.#writes.push(write)
    this.#codes.add(write.request.code)
  }
}
