/**
 * Clicks that were logged and are not to be had: counted by what each run of a process says of itself.
 *
 * Used by the click consumer. A batch tells how many entries its run had before it; what is missing
 * was dropped by the log's bounds, or could not be decoded. Of a run that is met in its middle it is
 * not known what was read by an earlier consumer; then the share of the log that is known to be
 * missing stands in for it. Pure.
 */
import type { ClickBatch } from '../log/click-batch.ts'

/** Runs that are remembered; beyond it the one unheard of for longest is forgotten. */
const RUNS_MAX = 1_000

interface RunState {
  /** Of the next batch. */
  readonly number: number
  /** Entries before it. */
  readonly before: number
}

export class LogGaps {
  readonly #runs = new Map<string, RunState>()
  #lost = 0

  /** Clicks and changes, since this was made. */
  get lost(): number {
    return this.#lost
  }

  /** What comes next is not what follows the last batch, and nothing is missing for that. */
  forget(): void {
    this.#runs.clear()
  }

  /**
   * Each batch in the order of the log.
   *
   * @param missing positions of the log that were dropped before they were read, before this one
   */
  note(batch: ClickBatch, missing: number): void {
    const { node, run, number, before, clicks, changes } = batch
    const name = `${node}:${run}`
    const known = this.#runs.get(name)
    // A late or repeated batch says nothing of a gap.
    if (known !== undefined && number < known.number) return
    if (known !== undefined) this.#lost += Math.max(0, before - known.before)
    else if (number > 0) this.#lost += Math.round(before * Math.min(1, missing / number))
    this.#runs.delete(name)
    this.#runs.set(name, { number: number + 1, before: before + clicks.length + changes.length })
    if (this.#runs.size > RUNS_MAX) this.#runs.delete(this.#runs.keys().next().value!)
  }
}
