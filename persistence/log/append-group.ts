/**
 * Which appends go into one commit of the log, and at which positions.
 *
 * Used by logs that commit in groups; pure. An append is judged here, once all earlier ones are
 * done, rather than when it is called: one that failed must not have moved the expected last
 * position of the next.
 */
import { TinygridError } from '../../links/errors.ts'
import type { LogPosition, PartitionId } from '../../links/ids.ts'
import type { ChunkEntry } from './log-chunk.ts'
import { EPOCH_RESERVE_BYTES, type AppendKind } from './log.ts'

export interface Append {
  readonly partition: PartitionId
  readonly payload: Uint8Array
  readonly expectedLast: LogPosition
  readonly kind: AppendKind
  readonly resolve: (position: LogPosition) => void
  readonly reject: (error: unknown) => void
}

/** An append with its place in the log. */
export interface PlacedAppend extends ChunkEntry {
  readonly append: Append
}

/** What a group has to know of the log. */
export interface LogEnd {
  lastOf(partition: PartitionId): LogPosition
  readonly bytes: number
}

/** Payload bytes after which a group is closed and the next one begun. */
const GROUP_BYTES_MAX = 4 * 2 ** 20

/** Takes the next group off the front of the queue. */
export function takeGroup(queue: Append[]): Append[] {
  let bytes = 0
  let count = 0
  while (count < queue.length && bytes < GROUP_BYTES_MAX) bytes += queue[count++]!.payload.length
  return queue.splice(0, count)
}

/** Gives appends their positions, in order; rejects those that may not have one. */
export function placeAppends(
  appends: readonly Append[],
  end: LogEnd,
  bytesMax: number,
): PlacedAppend[] {
  const lasts = new Map<PartitionId, LogPosition>()
  const placed: PlacedAppend[] = []
  let { bytes } = end
  for (const append of appends) {
    const { partition, payload, expectedLast, kind } = append
    const reserve = kind === 'epoch' ? EPOCH_RESERVE_BYTES : 0
    const last = lasts.get(partition) ?? end.lastOf(partition)
    if (last !== expectedLast) {
      append.reject(replaced(partition, last, expectedLast))
    } else if (bytes + payload.length > bytesMax + reserve) {
      append.reject(new TinygridError('log_full'))
    } else {
      const position = (last + 1) as LogPosition
      lasts.set(partition, position)
      bytes += payload.length
      placed.push({ partition, position, payload, append })
    }
  }
  return placed
}

function replaced(partition: PartitionId, last: number, expected: number): TinygridError {
  const detail = `partition ${partition} ends at ${last}, not at ${expected}`
  return new TinygridError('log_replaced', { detail })
}
