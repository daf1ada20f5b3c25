/**
 * A breather: lets the event loop turn in the middle of long work.
 *
 * Used where a loop over many links must not hold up redirects. `due()` is cheap enough for every
 * few entries; when it says yes, the work awaits `breathe()`. Rejected: a turn after every batch of
 * a fixed size, which is too long on a slow disk and needlessly slow on a fast one.
 */

/** Longest stretch of work without a turn of the event loop. */
const STRETCH_MS_MAX = 5

export class Breather {
  #since = performance.now()

  /** Whether the work has gone on for long enough. */
  due(): boolean {
    return performance.now() - this.#since >= STRETCH_MS_MAX
  }

  async breathe(): Promise<void> {
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
    this.#since = performance.now()
  }
}
