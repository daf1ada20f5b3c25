/**
 * Quiet at the target of hand-offs: while one partition's writes wait, the links of others do.
 *
 * Used by the target. Sources know nothing of each other, and each sends its next piece when the one
 * before is answered; so the target, by answering later, decides who goes on. A partition that is
 * about to be sealed is given quiet as soon as no other one has it, and has it until the target
 * serves it. Without it a step of a few milliseconds waits again and again for the pieces of two
 * other sources, at a target that has just started and on processors that are all in use.
 *
 * It makes moves faster and nothing else: every wait ends by itself, because a source may die.
 * Rejected: one source at a time. Links hold up nobody's writes while they stream, and the whole join
 * would take longer.
 */
import type { Clock } from '../../links/clock.ts'
import type { PartitionId } from '../../links/ids.ts'

/** Longest quiet for one partition; a few times what it takes. */
const QUIET_MAX_MS = 50
/** Longest wait for quiet, or for the end of it; well below the time after which a call fails. */
const WAIT_MAX_MS = 400

export class HandOffQuiet {
  readonly #clock: Clock
  #partition: PartitionId | undefined
  #cancelEnd: () => void = () => {}
  /** Those that wait for the end of a quiet, in order. */
  readonly #waiting = new Set<() => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Resolves when no other partition has quiet. */
  async untilNone(partition: PartitionId): Promise<void> {
    const until = this.#clock.now() + WAIT_MAX_MS
    while (this.#mustWait(partition, until)) await this.#untilEnd(until)
  }

  /** Resolves when this partition has quiet. */
  async begin(partition: PartitionId): Promise<void> {
    const until = this.#clock.now() + WAIT_MAX_MS
    while (this.#mustWait(partition, until)) await this.#untilEnd(until)
    // In the same turn as the last look, or two might take it at once.
    this.#partition = partition
    this.#cancelEnd()
    this.#cancelEnd = this.#clock.after(QUIET_MAX_MS, () => this.end(partition))
  }

  /** The partition needs no quiet any more, if it had it. */
  end(partition: PartitionId): void {
    if (this.#partition === partition) this.endAll()
  }

  endAll(): void {
    this.#partition = undefined
    this.#cancelEnd()
    for (const goOn of this.#waiting) goOn()
  }

  #mustWait(partition: PartitionId, until: number): boolean {
    const isOfAnother = this.#partition !== undefined && this.#partition !== partition
    return isOfAnother && this.#clock.now() < until
  }

  #untilEnd(until: number): Promise<void> {
    return new Promise((resolve) => {
      const goOn = () => {
        cancel()
        this.#waiting.delete(goOn)
        resolve()
      }
      const cancel = this.#clock.after(until - this.#clock.now(), goOn)
      this.#waiting.add(goOn)
    })
  }
}
