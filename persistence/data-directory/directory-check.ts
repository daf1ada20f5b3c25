/**
 * Checks a data directory whole: every entry of log and store, and whether the two belong together.
 *
 * Used by `npm start -- --verify` and `--repair`. The directory is locked by the caller, so nothing
 * changes meanwhile. Where log and store disagree, it is told in positions: that is all there is to
 * know of entries that are gone.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { POSITION_NONE, type LogPosition, type PartitionId } from '../../links/ids.ts'
import { Ring } from '../../links/ring.ts'
import { CHUNKS } from '../log/log-chunk.ts'
import type { LmdbEnvironment } from './lmdb-environment.ts'
import { inspectLog, mismatchOf, type LogInspection } from './log-inspection.ts'
import { inspectStore, storeKeyspaces, type StoreInspection } from './store-inspection.ts'

export interface Environments {
  readonly log: LmdbEnvironment
  readonly store: LmdbEnvironment
}

export interface Mismatch {
  readonly partition: PartitionId
  readonly kind: 'behind' | 'gap'
  readonly why: string
  /** Up to where the store has versions. */
  readonly reached: LogPosition
}

export interface DirectoryReport {
  readonly log: LogInspection
  readonly store: StoreInspection
  readonly mismatches: readonly Mismatch[]
}

/** Tells how far a long check is. */
export type Progress = (what: string, done: number) => void

const TURN_STEPS_MAX = 2_000

export async function checkDirectory(
  environments: Environments,
  partitions: number,
  onProgress: Progress,
): Promise<DirectoryReport> {
  const ring = new Ring(partitions)
  const chunks = environments.log.keyspace(CHUNKS)
  const log = await finish(inspectLog(chunks), (done) => onProgress('parts of the log', done))
  const keyspaces = storeKeyspaces(environments.store)
  const entries = (done: number) => onProgress('entries of the store', done)
  const store = await finish(inspectStore(keyspaces, ring), entries)
  return { log, store, mismatches: mismatchesOf(ring, log, store) }
}

function mismatchesOf(ring: Ring, log: LogInspection, store: StoreInspection): Mismatch[] {
  return ring.all().flatMap((partition) => {
    if (store.damagedCheckpoints.includes(partition)) return []
    const checkpoint = store.checkpoints.get(partition) ?? POSITION_NONE
    const stored = store.reached.get(partition) ?? POSITION_NONE
    const reached = stored > checkpoint ? stored : checkpoint
    const span = log.spans.get(partition)
    const last = span?.last ?? POSITION_NONE
    // Versions behind the checkpoint are in the log too, unless it has lost its end.
    const found = mismatchOf(span, reached > last ? reached : checkpoint)
    return found === undefined ? [] : [{ partition, reached, ...found }]
  })
}

/** One line for each thing that is wrong, with the code or the partition that it concerns. */
export function* linesOf({ log, store, mismatches }: DirectoryReport): Generator<string> {
  for (const { chunk, entry, why } of log.damage) {
    const place =
      entry === undefined
        ? `part ${chunk}, whose entries are not known`
        : `entry ${entry.position} of partition ${entry.partition}`
    yield `log: ${place}: ${why}`
  }
  for (const { partition, why } of mismatches) yield `partition ${partition}: ${why}`
  for (const { code } of store.damagedLinks) yield `store: link ${JSON.stringify(code)} is damaged`
  for (const partition of store.damagedCheckpoints) {
    yield `store: the checkpoint of partition ${partition} is damaged`
  }
  for (const { code, index, isMissing } of store.indexFaults) {
    const list = index === 'byTime' ? 'the list' : 'the list by tag'
    yield `store: link ${JSON.stringify(code)} ${isMissing ? 'is missing from' : 'is wrongly in'} ${list}`
  }
}

async function finish<T>(
  steps: Generator<undefined, T>,
  onTurn: (done: number) => void,
): Promise<T> {
  for (let done = 0; ; done++) {
    const step = steps.next()
    if (step.done === true) return step.value
    if (done % TURN_STEPS_MAX !== TURN_STEPS_MAX - 1) continue
    onTurn(done + 1)
    await nextTurn() // for signals
  }
}
