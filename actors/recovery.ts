/**
 * Recovery: brings partitions to the point where they can answer reads and writes.
 *
 * Runs at the start of a node, before anything is asked of it. For each partition, in this order:
 *
 * 1. the epoch record, which shuts out every earlier owner;
 * 2. what the log holds after the checkpoint, into memory, dirty;
 * 3. nothing more: what only the store has comes by read-through and by the background load.
 *
 * The log comes before the store: the other way round, a last flush and trim of the earlier owner
 * could fall between the two reads, and a link would be in neither. Versions that the store refused
 * for good (dead letters) come back into memory too, unless the store has a newer one.
 */
import assert from 'node:assert/strict'
import {
  toLogPosition,
  POSITION_NONE,
  type Code,
  type Epoch,
  type LogPosition,
  type NodeId,
  type PartitionId,
} from '../cluster/ids.ts'
import { codeOfRecord, type LinkRecord } from '../cluster/link-record.ts'
import type { LinkVersion } from '../cluster/link.ts'
import type { LinkStore } from '../persistence/link-store.ts'
import { decodeLogRecord, encodeLogRecord } from '../persistence/log-record.ts'
import type { DeadLetter, Log } from '../persistence/log.ts'
import type { PartitionMemory } from './partition-memory.ts'

/** What hears of the replayed writes; the write-behind. */
export interface ReplaySink {
  noteApplied(partition: PartitionId, position: LogPosition, versions: readonly LinkVersion[]): void
}

/** One log entry in memory: its position and its links; none for an epoch record. */
interface Applied {
  readonly position: LogPosition
  readonly versions: readonly LinkVersion[]
}

export interface RecoveryOptions {
  readonly log: Log
  readonly store: LinkStore
  readonly nodeId: NodeId
  readonly partitions: readonly PartitionId[]
  readonly sink: ReplaySink
  readonly newMemory: () => PartitionMemory
  /** Called with each opened partition. */
  readonly onOpen: (partition: RecoveredPartition) => void
  readonly onProgress: (partitionsDone: number, linksReplayed: number) => void
}

export interface RecoveredPartition {
  readonly id: PartitionId
  readonly epoch: Epoch
  readonly memory: PartitionMemory
  readonly lastPosition: LogPosition
}

/** Opens the partitions in one new epoch, above every epoch the log has seen, and returns it. */
export async function recover(options: RecoveryOptions): Promise<Epoch> {
  const { log, store, nodeId, partitions, sink, newMemory, onOpen, onProgress } = options
  const lasts = await Promise.all(partitions.map((id) => log.last(id)))
  const epochs = await Promise.all(partitions.map((id, index) => epochAt(log, id, lasts[index]!)))
  const epoch = (epochs.reduce((max, seen) => Math.max(max, seen), 0) + 1) as Epoch
  const record = encodeLogRecord({ kind: 'epoch', epoch, nodeId })
  const opened = await Promise.all(
    partitions.map((id, index) => log.append(id, record, lasts[index]!)),
  )
  const checkpoints = await store.checkpoints()
  const letters = await lettersByPartition(log)
  let replayed = 0
  for (const [index, id] of partitions.entries()) {
    const checkpoint = checkpoints.get(id) ?? POSITION_NONE
    const partition = { id, epoch, memory: newMemory(), lastPosition: opened[index]! }
    const restored = await restoreLetters(options, partition, checkpoint, letters.get(id) ?? [])
    const applied = [...restored, ...(await replay(options, partition, checkpoint))]
    onOpen(partition)
    // Only now: the write-behind may ask the partition for what it is told of.
    for (const { position, versions } of applied) sink.noteApplied(id, position, versions)
    replayed += applied.reduce((sum, { versions }) => sum + versions.length, 0)
    onProgress(index + 1, replayed)
  }
  return epoch
}

async function epochAt(log: Log, id: PartitionId, last: LogPosition): Promise<number> {
  if (last === POSITION_NONE) return 0
  for await (const { payload } of log.readAfter(id, toLogPosition(last - 1))) {
    return decodeLogRecord(payload).epoch
  }
  assert.fail(`the last log entry of partition ${id} is missing`)
}

async function replay(
  { log }: RecoveryOptions,
  { id, memory }: RecoveredPartition,
  checkpoint: LogPosition,
): Promise<Applied[]> {
  const applied: Applied[] = []
  for await (const { position, payload } of log.readAfter(id, checkpoint)) {
    const record = decodeLogRecord(payload)
    const records = record.kind === 'batch' ? record.records : []
    const versions = records.map((bytes) => versionOf(bytes, position))
    for (const version of versions) memory.apply(version)
    applied.push({ position, versions })
  }
  return applied
}

function versionOf(record: LinkRecord, position: LogPosition): LinkVersion {
  return { code: codeOfRecord(record), position, record }
}

async function lettersByPartition(log: Log): Promise<Map<PartitionId, DeadLetter[]>> {
  const letters = new Map<PartitionId, DeadLetter[]>()
  for await (const letter of log.deadLetters()) {
    letters.set(letter.partition, [...(letters.get(letter.partition) ?? []), letter])
  }
  return letters
}

/** Letters above the checkpoint are left out: the log still holds them, in their place. */
async function restoreLetters(
  { log, store }: RecoveryOptions,
  { memory }: RecoveredPartition,
  checkpoint: LogPosition,
  letters: readonly DeadLetter[],
): Promise<Applied[]> {
  const restored: Applied[] = []
  const old = letters.filter(({ position }) => position <= checkpoint)
  for (const letter of old.sort((a, b) => a.position - b.position)) {
    const stored = await store.get(letter.key as Code)
    if (stored !== undefined && stored.position >= letter.position) {
      await log.removeDeadLetter(letter.key)
      continue
    }
    const version = versionOf(letter.payload as LinkRecord, letter.position)
    memory.apply(version)
    restored.push({ position: letter.position, versions: [version] })
  }
  return restored
}
