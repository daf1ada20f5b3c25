/**
 * Reads a whole embedded log and says what is in it and what is wrong with it. Changes nothing.
 *
 * Used where a data directory is checked, mended or brought to a newer format. It reads the chunks
 * themselves, since a damaged log cannot be opened as one (`../log/lmdb-log.ts`). Steps, so that its
 * caller can tell how far it is.
 */
import type { Epoch, EpochMs, LogPosition, PartitionId } from '../../links/ids.ts'
import { POSITION_NONE } from '../../links/ids.ts'
import { decodeLink } from '../../links/link-record.ts'
import { chunkOfKey, decodeChunk, type ChunkEntry } from '../log/log-chunk.ts'
import { decodeLogRecord } from '../log/log-record.ts'
import type { Keyspace } from './lmdb-environment.ts'

/** The entries of a partition: all from `floor` + 1 to `last` are in the log, whole or damaged. */
export interface LogSpan {
  floor: LogPosition
  last: LogPosition
  epoch: Epoch
  /** The newest change of a link in it; undefined: it has none. */
  changedAt: EpochMs | undefined
}

/** One entry that cannot be read, or a chunk of which nothing can. */
export interface LogDamage {
  readonly chunk: number
  readonly entry: { readonly partition: PartitionId; readonly position: LogPosition } | undefined
  readonly why: string
}

export interface LogInspection {
  readonly spans: Map<PartitionId, LogSpan>
  readonly damage: LogDamage[]
  entries: number
}

/** One chunk per step. */
export function* inspectLog(chunks: Keyspace): Generator<undefined, LogInspection> {
  const found: LogInspection = { spans: new Map(), damage: [], entries: 0 }
  for (const { key, value } of chunks.getRange({})) {
    const chunk = chunkOfKey(key)
    try {
      for (const entry of decodeChunk(value)) noteEntry(found, chunk, entry)
    } catch (error) {
      found.damage.push({ chunk, entry: undefined, why: (error as Error).message })
    }
    yield
  }
  return found
}

function noteEntry(found: LogInspection, chunk: number, entry: ChunkEntry): void {
  const { partition, position, payload } = entry
  const span = spanOf(found, partition)
  const damage = (why: string) =>
    void found.damage.push({ chunk, entry: { partition, position }, why })
  found.entries++
  if (position <= span.last) return damage(`it comes after entry ${span.last}`)
  // What is before a gap was trimmed; its chunk was kept for another partition's sake.
  if (position > span.last + 1) span.floor = (position - 1) as LogPosition
  span.last = position
  try {
    const record = decodeLogRecord(Buffer.from(payload.buffer, payload.byteOffset, payload.length))
    span.epoch = record.epoch
    if (record.kind === 'epoch') return
    for (const link of record.records) span.changedAt = decodeLink(link).updatedAt
  } catch (error) {
    damage((error as Error).message)
  }
}

function spanOf({ spans }: LogInspection, partition: PartitionId): LogSpan {
  const known = spans.get(partition)
  if (known !== undefined) return known
  const epoch = 0 as Epoch
  const fresh = { floor: POSITION_NONE, last: POSITION_NONE, epoch, changedAt: undefined }
  spans.set(partition, fresh)
  return fresh
}

/** Why log and store cannot belong together in this partition; undefined: they can. */
export function mismatchOf(
  span: Pick<LogSpan, 'floor' | 'last'> | undefined,
  checkpoint: LogPosition,
): { readonly kind: 'behind' | 'gap'; readonly why: string } | undefined {
  const { floor, last } = span ?? { floor: POSITION_NONE, last: POSITION_NONE }
  if (checkpoint > last) {
    const why = `the log ends with entry ${last}, the store has everything up to entry ${checkpoint}`
    return { kind: 'behind', why }
  }
  if (floor <= checkpoint) return undefined
  const why = `the store ends with entry ${checkpoint}, the log begins behind entry ${floor}`
  return { kind: 'gap', why }
}
