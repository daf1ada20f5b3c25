/**
 * Replays entries of the log in turns with all other long work.
 *
 * Used where a partition is opened and where its operations are looked up afterwards; in a cluster
 * that happens while requests are answered. Entries are taken as the log gives them, some at a time.
 */
import type { LongWork, Steps } from '../../links/long-work.ts'
import type { LogEntry } from './log.ts'

/** Entries in memory that are not applied yet. */
const ENTRIES_MAX = 256

/** @param apply yields where another turn may come in between */
export async function replayInTurns(
  work: LongWork,
  entries: AsyncIterable<LogEntry>,
  apply: (entry: LogEntry) => Steps<void>,
): Promise<void> {
  let some: LogEntry[] = []
  for await (const entry of entries) {
    some.push(entry)
    if (some.length < ENTRIES_MAX) continue
    await work.run(applyAll(some, apply), 'upkeep')
    some = []
  }
  if (some.length > 0) await work.run(applyAll(some, apply), 'upkeep')
}

function* applyAll(
  entries: readonly LogEntry[],
  apply: (entry: LogEntry) => Steps<void>,
): Steps<void> {
  for (const entry of entries) {
    yield* apply(entry)
    yield
  }
}
