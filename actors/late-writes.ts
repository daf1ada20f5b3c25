/**
 * Writes of other nodes by operation id, while they are under way and for some time after.
 *
 * Used by the owner service. A request that comes again joins itself, or gets the answer it had; so
 * a message that was late, or came twice, changes nothing after its caller was told that nothing
 * changes:
 *
 *   1. a gateway sends an update; it is late   2. the gateway sends it again: there is no such link
 *   3. somebody creates the link               4. the late message would update it
 *
 * What changed something is known to the partition too (`operations.ts`), for longer, and whoever owns
 * it; any other answer only here. Bounded by age and number; a failure is not kept.
 */
import type { Clock } from '../cluster/clock.ts'
import type { LinkOwner, WriteRequest, WriteResult } from '../cluster/protocol.ts'

/** How late a message may be: longer than any caller waits and asks again. */
const LATE_MS_MAX = 10_000
const ANSWERS_MAX = 10_000

interface Answered {
  readonly result: WriteResult
  readonly at: number
}

export class LateWrites {
  readonly #owner: Pick<LinkOwner, 'write'>
  readonly #clock: Clock
  readonly #underWay = new Map<string, Promise<WriteResult>>()
  /** Invariant: in order of time; at most ANSWERS_MAX. */
  readonly #answered = new Map<string, Answered>()

  constructor(owner: Pick<LinkOwner, 'write'>, clock: Clock) {
    this.#owner = owner
    this.#clock = clock
  }

  async write(request: WriteRequest): Promise<WriteResult> {
    const { operationId } = request
    if (operationId === undefined) return this.#owner.write(request)
    const answered = this.#answered.get(operationId)
    if (answered !== undefined) return answered.result
    const joined = this.#underWay.get(operationId)
    if (joined !== undefined) return joined
    const write = this.#owner.write(request)
    this.#underWay.set(operationId, write)
    try {
      const result = await write
      this.#keep(operationId, result)
      return result
    } finally {
      this.#underWay.delete(operationId)
    }
  }

  #keep(operationId: string, result: WriteResult): void {
    const now = this.#clock.now()
    this.#answered.set(operationId, { result, at: now })
    for (const [id, { at }] of this.#answered) {
      if (this.#answered.size <= ANSWERS_MAX && at > now - LATE_MS_MAX) return
      this.#answered.delete(id)
    }
  }
}
