/**
 * What may be done in one turn of the event loop for those who ask much.
 *
 * Used by the fast path and by `connection-bounds.ts`, each with one of its own. Many connections of
 * which each is given little still fill a turn together. So what goes beyond the first request of a
 * packet is taken from one budget, and who gets nothing stands in line for a turn to come. Who asks one
 * thing at a time never meets it. A turn that took from it is followed by one with a full budget.
 *
 * Rejected: a bound for each connection alone, under which five hundred that pipeline kept others
 * waiting for seconds; time instead of a count, which a busy machine uses up by itself.
 */

/** Who stands in line. */
export interface Waiter {
  /** Does what the budget allows; who is not done then waits again. */
  goOn(): void
}

export class TurnBudget {
  readonly #max: number
  /** Below 0, where more was spent at once than was left. */
  #left: number
  /** The one that waits longest first. */
  readonly #line = new Set<Waiter>()
  /** Whether a full budget is on its way. Invariant: true while somebody waits or some is spent. */
  #isPlanned = false

  constructor(max: number) {
    this.#max = max
    this.#left = max
  }

  get isSpent(): boolean {
    return this.#left <= 0
  }

  spend(cost: number): void {
    this.#left -= cost
    this.#plan()
  }

  /** Takes one. False: there is none left in this turn. */
  take(): boolean {
    if (this.isSpent) return false
    this.spend(1)
    return true
  }

  /** Has it go on in a turn to come. */
  wait(waiter: Waiter): void {
    this.#line.add(waiter)
    this.#plan()
  }

  isWaiting(waiter: Waiter): boolean {
    return this.#line.has(waiter)
  }

  leave(waiter: Waiter): void {
    this.#line.delete(waiter)
  }

  #plan(): void {
    if (this.#isPlanned) return
    this.#isPlanned = true
    setImmediate(this.#begin)
  }

  readonly #begin = (): void => {
    this.#isPlanned = false
    this.#left = this.#max
    for (const waiter of this.#line) {
      if (this.isSpent) break
      this.#line.delete(waiter)
      waiter.goOn()
      // At least, so that the turn ends.
      this.spend(1)
    }
    if (this.#line.size > 0) this.#plan()
  }
}
