/**
 * Shows how far a command is: a bar on a terminal, otherwise a plain line now and then.
 *
 * Writes to standard error, so that standard output stays free for data. The bar runs over the
 * bytes of the input, because a count of links is known only at the end; through a pipe neither is
 * known, and plain lines are used.
 */
import { SingleBar } from 'cli-progress'

const PLAIN_INTERVAL_MS = 2000

interface Counts {
  readonly done: number
  readonly failed: number
}

export interface ProgressDisplay {
  update(counts: Counts, bytes: number): void
  /** A sentence above the bar, or a line of its own. */
  note(sentence: string): void
  stop(): void
}

/** @param totalBytes null if not known */
export function progressDisplay(totalBytes: number | null): ProgressDisplay {
  const canDraw = process.stderr.isTTY && totalBytes !== null && totalBytes > 0
  return canDraw ? bar(totalBytes) : plainLines()
}

function bar(totalBytes: number): ProgressDisplay {
  const drawn = new SingleBar({
    format: '{bar} {percentage} % | {done} links, {failed} failed | {duration_formatted}',
    hideCursor: true,
    etaBuffer: 100,
  })
  drawn.start(totalBytes, 0, { done: 0, failed: 0 })
  return {
    update: (counts, bytes) => drawn.update(bytes, counts),
    note: (sentence) => console.error(`\n${sentence}`),
    stop: () => drawn.stop(),
  }
}

function plainLines(): ProgressDisplay {
  let toldAt = performance.now()
  return {
    update: ({ done, failed }) => {
      if (performance.now() - toldAt < PLAIN_INTERVAL_MS) return
      toldAt = performance.now()
      console.error(`${done} links, ${failed} failed`)
    },
    note: (sentence) => console.error(sentence),
    stop: () => {},
  }
}
