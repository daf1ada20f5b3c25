/**
 * What a node says of itself in its lease: whether it takes partitions, and what it has opened and released.
 *
 * Used by `Membership` for its own lease. A node that was drained says that it is leaving, which every program
 * understands as that it is to be rid of its partitions, and besides that it stays, which only newer ones know.
 */
import type { NodeLease, OpenedPartition, ReleasedPartition } from './lease.ts'
import { PACKED_FORMAT } from '../table/table-text.ts'

type Who = Pick<NodeLease, 'startedAt' | 'roles' | 'url'>

export class LeaseContent {
  readonly #who: Who
  #isLeaving = false
  #isDrained = false
  #opened: readonly OpenedPartition[] = []
  #released: readonly ReleasedPartition[] = []

  constructor({ startedAt, roles, url }: Who) {
    this.#who = { startedAt, roles, url }
  }

  get(): Omit<NodeLease, 'nodeId'> {
    const isDrained = this.#isDrained && !this.#isLeaving
    return {
      ...this.#who,
      state: this.#isLeaving || isDrained ? 'leaving' : 'active',
      ...(isDrained && { isDrained }),
      reads: PACKED_FORMAT,
      opened: this.#opened,
      released: this.#released,
    }
  }

  report(opened: readonly OpenedPartition[], released: readonly ReleasedPartition[]): void {
    this.#opened = opened
    this.#released = released
  }

  drain(isWanted: boolean): void {
    this.#isDrained = isWanted
  }

  /** For good. */
  leave(): void {
    this.#isLeaving = true
  }
}
