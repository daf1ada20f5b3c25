/**
 * Epoch records: what opens a partition's log for this node and shuts every earlier owner out.
 *
 * Used by recovery. In: a partition. Out: the epoch and position of a record of this node's at the
 * log's end. An opening that fails after its record is tried again, for hours if need be, so the
 * record is kept and used by the next attempt, for as long as nobody has written behind it: the log
 * must not fill with attempts. One whose acknowledgement was lost is found again too. What was used
 * is never used twice: the partition's actor may have an append behind it under way.
 */
import { hasCode } from '../../links/errors.ts'
import {
  POSITION_NONE,
  toLogPosition,
  type Epoch,
  type LogPosition,
  type NodeId,
  type PartitionId,
} from '../../links/ids.ts'
import {
  decodeLogRecord,
  encodeLogRecord,
  type LogRecord,
} from '../../persistence/log/log-record.ts'
import type { Log } from '../../persistence/log/log.ts'

export interface OpenedEpoch {
  readonly epoch: Epoch
  readonly position: LogPosition
  /** Nothing was ever written: the log had not even an epoch record. */
  readonly isNew: boolean
}

/** An earlier owner can come in between once per append that it has under way: one. */
const ATTEMPTS_MAX = 5

export class EpochRecords {
  /** Appended, and not used yet. */
  readonly #unused = new Map<PartitionId, OpenedEpoch>()

  /** @throws TinygridError as `Log.append` does */
  async open(log: Log, partition: PartitionId, nodeId: NodeId): Promise<OpenedEpoch> {
    const unused = this.#unused.get(partition)
    if (unused !== undefined && (await log.last(partition)) === unused.position) return unused
    const opened = await appendEpoch(log, partition, nodeId)
    this.#unused.set(partition, opened)
    return opened
  }

  /** An actor writes behind it from here on. */
  use(partition: PartitionId): void {
    this.#unused.delete(partition)
  }
}

/** Opens a new epoch at the end of the partition's log, above every one that it has seen. */
export async function appendEpoch(
  log: Log,
  partition: PartitionId,
  nodeId: NodeId,
): Promise<OpenedEpoch> {
  let uncertain: { readonly epoch: Epoch; readonly isNew: boolean } | undefined
  for (let attempt = 1; ; attempt++) {
    const position = await log.last(partition)
    const record = await newestRecord(log, partition, position)
    if (uncertain !== undefined && isOwn(record, uncertain.epoch, nodeId)) {
      return { ...uncertain, position }
    }
    const next = { epoch: ((record?.epoch ?? 0) + 1) as Epoch, isNew: position === POSITION_NONE }
    const payload = encodeLogRecord({ kind: 'epoch', epoch: next.epoch, nodeId })
    try {
      return { ...next, position: await log.append(partition, payload, position, 'epoch') }
    } catch (error) {
      // The earlier owner's last append came in between, or an own one whose answer was lost.
      const isWorthTrying = hasCode(error, 'log_replaced', 'log_uncertain')
      if (!isWorthTrying || attempt === ATTEMPTS_MAX) throw error
      uncertain = hasCode(error, 'log_uncertain') ? next : undefined
    }
  }
}

/** What was tried and not acknowledged is there. Nobody else gives this node an epoch but by a move. */
function isOwn(record: LogRecord | undefined, epoch: Epoch, nodeId: NodeId): boolean {
  if (record?.kind !== 'epoch' || record.move !== undefined) return false
  return record.epoch === epoch && record.nodeId === nodeId
}

async function newestRecord(
  log: Log,
  partition: PartitionId,
  last: LogPosition,
): Promise<LogRecord | undefined> {
  if (last === POSITION_NONE) return undefined
  for await (const { payload } of log.readAfter(partition, toLogPosition(last - 1))) {
    return decodeLogRecord(payload)
  }
  // The last entry is foreign, and was passed over.
  let newest: LogRecord | undefined
  for await (const { payload } of log.readAfter(partition, POSITION_NONE)) {
    newest = decodeLogRecord(payload)
  }
  return newest
}
