/**
 * Shows how far a command is, how fast, and how long it will take: a bar on a terminal, otherwise a
 * plain line now and then.
 *
 * Writes to standard error, so that standard output stays free for data. How many links there will
 * be is known of a file, which is read before anything is sent, and not of a pipe.
 */
import { SingleBar } from 'cli-progress'

const PLAIN_INTERVAL_MS = 2000

interface Counts {
  readonly done: number
  readonly failed: number
}

export interface ProgressDisplay {
  update(counts: Counts): void
  /** A sentence above the bar, or a line of its own. */
  note(sentence: string): void
  stop(): void
}

/**
 * @param total links; null if not known
 * @param doneBefore links that an earlier run has done, which say nothing of this one's speed
 */
export function progressDisplay(total: number | null, doneBefore = 0): ProgressDisplay {
  const canDraw = process.stderr.isTTY && total !== null && total > 0
  return canDraw ? bar(total, doneBefore) : plainLines(total, doneBefore)
}

function bar(total: number, doneBefore: number): ProgressDisplay {
  const startedAt = performance.now()
  const drawn = new SingleBar({
    format: '{bar} {percentage} % | {value} of {total} links, {failed} failed | {speed}',
    hideCursor: true,
  })
  drawn.start(total, doneBefore, { failed: 0, speed: '' })
  return {
    update: ({ done, failed }) => {
      const elapsedMs = performance.now() - startedAt
      drawn.update(done, { failed, speed: speedOf(done - doneBefore, total - done, elapsedMs) })
    },
    note: (sentence) => console.error(`\n${sentence}`),
    stop: () => drawn.stop(),
  }
}

function plainLines(total: number | null, doneBefore: number): ProgressDisplay {
  const startedAt = performance.now()
  let toldAt = startedAt
  return {
    update: ({ done, failed }) => {
      const now = performance.now()
      if (now - toldAt < PLAIN_INTERVAL_MS) return
      toldAt = now
      const of = total === null ? '' : ` of ${total}`
      const left = total === null ? undefined : total - done
      const speed = speedOf(done - doneBefore, left, now - startedAt)
      console.error(`${done}${of} links, ${failed} failed, ${speed}`)
    },
    note: (sentence) => console.error(sentence),
    stop: () => {},
  }
}

/** @param left links still to come, if that is known */
export function speedOf(done: number, left: number | undefined, elapsedMs: number): string {
  const perSecond = (done * 1000) / Math.max(1, elapsedMs)
  const rate = `${Math.round(perSecond)}/s`
  if (left === undefined || perSecond === 0) return rate
  return `${rate}, ${durationOf(Math.ceil(left / perSecond))} left`
}

export function durationOf(seconds: number): string {
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.ceil(seconds / 60)
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
