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
 * What changed something is known to the partition (`operations.ts`), for longer, and whoever owns it;
 * so that one was created is not kept here. Bounded by age and number; a failure is not
 * kept. Rejected: one map whose oldest entry goes for each new one, which looks through the places of
 * all that have gone before.
 */
import type { Clock } from '../../links/clock.ts'
import type { LinkOwner, WriteRequest, WriteResult } from '../../links/link-owner.ts'

/** How late a message may be: longer than any caller waits and asks again. */
const LATE_MS_MAX = 10_000
/** So many are kept at least, and twice as many at most. */
const ANSWERS_KEPT = 10_000

interface Answered {
  readonly result: WriteResult
  readonly at: number
}

export class RecentWrites {
  readonly #owner: Pick<LinkOwner, 'write'>
  readonly #clock: Clock
  readonly #underWay = new Map<string, Promise<WriteResult>>()
  /** Invariant: at most ANSWERS_KEPT, in order of time, none older than those in #older. */
  #newer = new Map<string, Answered>()
  #older: ReadonlyMap<string, Answered> = new Map()

  constructor(owner: Pick<LinkOwner, 'write'>, clock: Clock) {
    this.#owner = owner
    this.#clock = clock
  }

  write(request: WriteRequest): Promise<WriteResult> {
    const { operationId } = request
    if (operationId === undefined) return this.#owner.write(request)
    const answered = this.#newer.get(operationId) ?? this.#older.get(operationId)
    if (answered !== undefined && !this.#isOver(answered)) return Promise.resolve(answered.result)
    const joined = this.#underWay.get(operationId)
    if (joined !== undefined) return joined
    const write = this.#owner.write(request)
    this.#underWay.set(operationId, write)
    // Before whoever asked hears of it, since this asks first.
    write.then(
      (result) => {
        this.#underWay.delete(operationId)
        this.#keep(operationId, result)
      },
      () => this.#underWay.delete(operationId),
    )
    return write
  }

  #keep(operationId: string, result: WriteResult): void {
    if (result.kind === 'created') return
    const oldest = this.#newer.values().next().value
    const isOld = oldest !== undefined && this.#isOver(oldest)
    if (isOld || this.#newer.size >= ANSWERS_KEPT) {
      this.#older = this.#newer
      this.#newer = new Map()
    }
    this.#newer.set(operationId, { result, at: this.#clock.now() })
  }

  #isOver({ at }: Answered): boolean {
    return at <= this.#clock.now() - LATE_MS_MAX
  }
}
