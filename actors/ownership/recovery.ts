/**
 * Recovery: opens partitions from the log, so that this node can answer reads and writes.
 *
 * Runs at the start of an embedded node, and in the cluster where an owner has died. For each
 * partition, in this order:
 *
 * 1. the epoch record, which shuts out every earlier owner;
 * 2. what the log holds after the checkpoint, into memory, dirty;
 * 3. nothing more: what only the store has comes by read-through and by the background load.
 *    Of a take-over the older operations come last (`logged-operations.ts`): they are a minute of
 *    writes, and few of those that wait for the partition have to wait for them.
 *
 * The log comes before the store: the other way round, a last flush and trim of the earlier owner
 * could fall between the two reads, and a link would be in neither. A store that is away holds up
 * nothing: without its checkpoints all that the log still has is replayed, which changes nothing in
 * the store. Only a partition that has dead letters waits for it (`restored-letters.ts`), and comes
 * after the others. Where the store's checkpoint is known and entries behind it are missing, the partition is
 * not opened (`log-gap.ts`). A partition whose log was never written to is complete at once, if the
 * store was there to say that it is of this cluster: a log that is new because the old one was lost has
 * nothing to say of what is in the store. Versions that the store refused for good (dead letters) come
 * back into memory too, unless the store has a newer one.
 */
import { hasCode, TinygridError } from '../../links/errors.ts'
import {
  POSITION_NONE,
  type Epoch,
  type EpochMs,
  type LogPosition,
  type NodeId,
  type PartitionId,
} from '../../links/ids.ts'
import { codeOfRecord, type LinkRecord, type LinkVersion } from '../../links/link-record.ts'
import type { LongWork } from '../../links/long-work.ts'
import type { LinkStore } from '../../persistence/store/link-store.ts'
import { decodeLogRecord } from '../../persistence/log/log-record.ts'
import { replayInTurns } from '../../persistence/log/log-replay.ts'
import type { DeadLetter, Log } from '../../persistence/log/log.ts'
import type { PartitionMemory } from '../memory/partition-memory.ts'
import { Operations } from '../partition/operations.ts'
import type { EpochRecords } from './epoch-records.ts'
import { LogGap } from './log-gap.ts'
import { lettersByPartition, versionsOfLetters } from './restored-letters.ts'

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
  readonly work: LongWork
  readonly nodeId: NodeId
  readonly partitions: readonly PartitionId[]
  readonly sink: ReplaySink
  readonly newMemory: () => PartitionMemory
  /** Of earlier attempts too: a repeated one appends nothing more. */
  readonly epochs: EpochRecords
  readonly now: () => EpochMs
  /** Operations from before the checkpoint are left to the actor. */
  readonly leavesOperations: boolean
  /** Called with each opened partition. False: nobody wants it any more. */
  readonly onOpen: (partition: OpenedMemory) => boolean
  readonly onProgress: (partitionsDone: number, linksReplayed: number) => void
  readonly onError?: (what: string, error: unknown) => void
}

/** A partition that this node has opened in the log. */
export interface OpenedMemory {
  readonly id: PartitionId
  readonly epoch: Epoch
  readonly memory: PartitionMemory
  readonly operations: Operations
  readonly lastPosition: LogPosition
}

interface Opening extends OpenedMemory {
  /** Nothing was ever written: the log had not even an epoch record. */
  readonly isNew: boolean
}

/**
 * Partitions replayed at the same time, each of which reads the log in pieces. Few, so that requests
 * come in between: measured at a take-over on two cores, 16 save a tenth of its time and make 2 % of
 * the redirects late.
 */
const REPLAYS_MAX = 4

/**
 * Opens the partitions, each in an epoch above every one that its log has seen. One that cannot be
 * opened does not keep the others from it.
 *
 * @throws TinygridError once nothing is under way any more: of the log; log_gap if log and store do
 *   not belong together. Who was not told of a partition by `onOpen` asks for it again.
 */
export async function recover(options: RecoveryOptions): Promise<void> {
  // Beside the opening, to save time. One that is too low only makes the replay longer.
  const early = checkpointsOf(options)
  early.catch(ignore)
  const failures: unknown[] = []
  const noteFailure = (error: unknown) => void failures.push(error)
  const attempts = options.partitions.map((id) => open(options, id).catch(noteFailure))
  const openings = (await Promise.all(attempts)).filter((opening) => opening !== undefined)
  await replayAll(options, openings, early, noteFailure)
  if (failures.length > 0) throw failures[0]
}

async function replayAll(
  options: RecoveryOptions,
  openings: readonly Opening[],
  early: Promise<Checkpoints | undefined>,
  noteFailure: (error: unknown) => void,
): Promise<void> {
  const { log, store, sink, epochs, onOpen, onProgress } = options
  const letters = await lettersByPartition(log)
  // A letter above the checkpoint is taken to be in the log still, so here it must not be too low.
  let late: Promise<Checkpoints> | undefined
  let done = 0
  let replayed = 0
  const replayOne = async (opening: Opening) => {
    const own = letters.get(opening.id)
    const checkpoints = await (own === undefined ? early : (late ??= store.checkpoints()))
    const checkpoint = checkpoints?.get(opening.id) ?? POSITION_NONE
    assertAhead(opening, checkpoint)
    if (opening.isNew && checkpoints !== undefined) opening.memory.takeForComplete()
    const kept = await versionsOfLetters(options, own ?? [], checkpoint)
    const restored = kept.map((version) => restore(opening, version))
    const gap = new LogGap(opening.id, checkpoint)
    const applied = [...restored, ...(await replay(options, opening, checkpoint, gap))]
    if (checkpoints !== undefined && gap.isFound) {
      await judge(options, opening.id, gap)
      await assertSameLetters(log, opening.id, own ?? [])
    }
    done++
    if (!onOpen(opening)) return
    epochs.use(opening.id)
    // Only now: the write-behind may ask the partition for what it is told of.
    for (const { position, versions } of applied) {
      sink.noteApplied(opening.id, position, versions)
    }
    replayed += applied.reduce((sum, { versions }) => sum + versions.length, 0)
    onProgress(done, replayed)
  }
  const replayEach = async (some: readonly Opening[]) => {
    const waiting = some.values()
    const work = async () => {
      for (const opening of waiting) await replayOne(opening).catch(noteFailure)
    }
    await Promise.all(Array.from({ length: REPLAYS_MAX }, work))
  }
  // Last: these may wait for a store that is away, and the others must not wait with them.
  await replayEach(openings.filter(({ id }) => !letters.has(id)))
  await replayEach(openings.filter(({ id }) => letters.has(id)))
}

/** Appends the epoch record. */
async function open(
  { log, nodeId, newMemory, leavesOperations, epochs }: RecoveryOptions,
  id: PartitionId,
): Promise<Opening> {
  const memory = newMemory()
  const { epoch, position, isNew } = await epochs.open(log, id, nodeId)
  const operations = new Operations(leavesOperations && !isNew ? position : undefined)
  return { id, epoch, memory, operations, lastPosition: position, isNew }
}

type Checkpoints = ReadonlyMap<PartitionId, LogPosition>

/** Whoever awaits it later meets the failure. */
function ignore(): void {}

/** undefined: the store is away. All but dead letters can do without. */
async function checkpointsOf({ store }: RecoveryOptions): Promise<Checkpoints | undefined> {
  try {
    return await store.checkpoints()
  } catch (error) {
    if (!hasCode(error, 'store_unavailable')) throw error
    return undefined
  }
}

/**
 *   1. the checkpoints are read    2. the earlier owner saves a higher one, and trims to it
 *   3. the log is read: entries behind the first checkpoint are missing, which the store has
 */
async function judge(options: RecoveryOptions, id: PartitionId, gap: LogGap): Promise<void> {
  const checkpoints = await checkpointsOf(options)
  if (checkpoints !== undefined) gap.judge(checkpoints.get(id) ?? POSITION_NONE)
}

/** A log that was lost or changed for another would take new writes for older than the store's. */
function assertAhead({ id, lastPosition }: OpenedMemory, checkpoint: LogPosition): void {
  if (checkpoint < lastPosition) return
  const detail = `The log of partition ${id} ends before the store's checkpoint: it is not the log that the store was written from`
  throw new TinygridError('log_gap', { detail: `${detail}; restore both from one backup` })
}

/**
 * An earlier owner that was frozen may go on in between, although the log takes no more writes of it:
 *
 *   1. the letters are read: there is none    2. it adds one, saves its checkpoint, and trims
 *   3. the log is read: the version is not in it any more, nor in the store
 *
 * Letters are added before the trim, so those that are read now are complete.
 *
 * @throws TinygridError log_unavailable: the partition is opened by the next attempt
 */
async function assertSameLetters(
  log: Log,
  id: PartitionId,
  known: readonly DeadLetter[],
): Promise<void> {
  const letters = (await lettersByPartition(log)).get(id) ?? []
  const isKnown = ({ key, position }: DeadLetter) =>
    known.some((letter) => letter.key === key && letter.position === position)
  if (letters.every(isKnown)) return
  const detail = `Partition ${id} got a dead letter while its log was read`
  throw new TinygridError('log_unavailable', { detail })
}

const NOTHING = { records: [], operations: [], damaged: 0 } as const

/** Entries that the store has are read for their operations alone. */
async function replay(
  { log, work, now, leavesOperations, onError }: RecoveryOptions,
  { id, memory, operations }: OpenedMemory,
  checkpoint: LogPosition,
  gap: LogGap,
): Promise<Applied[]> {
  const applied: Applied[] = []
  const at = now()
  const after = leavesOperations ? checkpoint : POSITION_NONE
  await replayInTurns(work, log.readAfter(id, after), function* (entry) {
    const { position, payload } = entry
    gap.note(entry)
    const record = decodeLogRecord(payload)
    const { records, operations: done, damaged = 0 } = record.kind === 'batch' ? record : NOTHING
    operations.rememberLogged(done, records, position, at)
    if (damaged > 0) onError?.('links in the log are damaged', new Error(`at ${id}/${position}`))
    if (position <= checkpoint) return
    const versions = records.map((bytes) => versionOf(bytes, position))
    for (const version of versions) {
      memory.apply(version)
      yield
    }
    applied.push({ position, versions })
  })
  return applied
}

function restore({ memory }: OpenedMemory, version: LinkVersion): Applied {
  memory.apply(version)
  return { position: version.position, versions: [version] }
}

function versionOf(record: LinkRecord, position: LogPosition): LinkVersion {
  return { code: codeOfRecord(record), position, record }
}
