/**
 * The streams that the log of a cluster is spread over: what they and their subjects are called, and
 * which partition lies in which.
 *
 * Used by everything that touches the log in NATS. A stream has one leader, which takes all its
 * appends; with several streams the servers share them. How many there are is fixed when the cluster
 * is made (`cluster-settings.ts`), since a partition's positions are sequences of its stream. One
 * stream has no number in its name, as it was called before there could be several.
 *
 * Nodes own ranges of partitions, so neighbours go to different streams: each node writes to all, and
 * what one stream holds up is an equal part of every node. Rejected: streams by range, whose leader
 * would be that of one node's writes; subjects without the number, which makes a stream's
 * configuration a list of all its partitions.
 */
import assert from 'node:assert/strict'
import type { PartitionId } from '../../links/ids.ts'
import { namesOf } from './namespace.ts'

export interface LogStreamNames {
  readonly stream: string
  /** All subjects of the stream. */
  readonly subjects: string
}

export const LOG_STREAMS_MAX = 16

/** A power of two, as the number of partitions is: so each stream has equally many. */
export function isLogStreamCount(count: number): boolean {
  const isPowerOfTwo = Number.isInteger(count) && (count & (count - 1)) === 0
  return isPowerOfTwo && count >= 1 && count <= LOG_STREAMS_MAX
}

export class LogNames {
  /** Invariant: at least one; partition p lies in the one at p modulo their number. */
  readonly all: readonly LogStreamNames[]
  readonly #prefix: string

  constructor(namespace: string, count: number) {
    assert(isLogStreamCount(count), `not a number of log streams: ${count}`)
    const { logStream, logPrefix } = namesOf(namespace)
    this.#prefix = logPrefix
    this.all =
      count === 1
        ? [{ stream: logStream, subjects: `${logPrefix}.*` }]
        : Array.from({ length: count }, (_, index) => ({
            stream: `${logStream}_${index}`,
            subjects: `${logPrefix}.${index}.*`,
          }))
  }

  /** The place among `all` of the stream that a partition lies in. */
  indexOf(partition: PartitionId): number {
    return partition % this.all.length
  }

  subjectOf(partition: PartitionId): string {
    if (this.all.length === 1) return `${this.#prefix}.${partition}`
    return `${this.#prefix}.${this.indexOf(partition)}.${partition}`
  }
}
