/**
 * Where the entries of the LMDB log are: for each partition, the chunks that hold its entries.
 *
 * Used by `lmdb-log.ts`; kept in memory, rebuilt from the chunks at the start. A chunk is what one
 * database value holds: entries of many partitions, and it goes when its last entry is trimmed.
 * Costs a number per entry. Positions of a partition are dense, so an entry's place in the list
 * tells its position.
 */
import assert from 'node:assert/strict'
import { POSITION_NONE, type LogPosition, type PartitionId } from '../../links/ids.ts'

interface PartitionEntries {
  last: LogPosition
  /** Chunk of each entry. Invariant: the last one is that of `last`; never falls. */
  chunks: number[]
  /** Entries before this index are trimmed. Invariant: below chunks.length unless that is 0. */
  head: number
}

interface Chunk {
  /** Entries not trimmed. */
  live: number
  payloadBytes: number
}

/** Trimmed places at the front of a list that are tolerated before the list is cut. */
const HEAD_MAX = 1024

export class LogIndex {
  readonly #partitions = new Map<PartitionId, PartitionEntries>()
  readonly #chunks = new Map<number, Chunk>()
  /** Invariant: chunks in #chunks with live 0. */
  readonly #empty = new Set<number>()
  /** Invariant: the sum of payloadBytes over all chunks but the empty ones. */
  #bytes = 0

  /** Payload bytes in all chunks with an entry, trimmed entries of such chunks included. */
  get bytes(): number {
    return this.#bytes
  }

  /** Chunks whose entries are all trimmed, until they are forgotten. */
  get empty(): ReadonlySet<number> {
    return this.#empty
  }

  lastOf(partition: PartitionId): LogPosition {
    return this.#partitions.get(partition)?.last ?? POSITION_NONE
  }

  /** All entries above it are held; those up to it were trimmed. */
  floorOf(partition: PartitionId): LogPosition {
    const entries = this.#partitions.get(partition)
    if (entries === undefined) return POSITION_NONE
    return (entries.last - (entries.chunks.length - entries.head)) as LogPosition
  }

  /**
   * Adds an entry above the partition's last. A gap says that what is before it was trimmed: the
   * trimmed entries come back at a start when their chunk was kept for another partition's sake.
   */
  add(partition: PartitionId, position: LogPosition, chunk: number, payloadBytes: number): void {
    const entries = this.#entriesOf(partition)
    assert(position > entries.last, `partition ${partition} goes back to position ${position}`)
    if (position !== entries.last + 1) this.#drop(entries, entries.chunks.length)
    entries.chunks.push(chunk)
    entries.last = position
    const { live, payloadBytes: bytes } = this.#chunks.get(chunk) ?? { live: 0, payloadBytes: 0 }
    this.#chunks.set(chunk, { live: live + 1, payloadBytes: bytes + payloadBytes })
    this.#bytes += payloadBytes
  }

  /** The chunks with entries above `after`, rising, each once. */
  chunksAfter(partition: PartitionId, after: LogPosition): number[] {
    const entries = this.#entriesOf(partition)
    const from = Math.max(entries.head, indexOf(entries, after) + 1)
    return [...new Set(entries.chunks.slice(from))]
  }

  /** Trims up to a position, but never the last entry. What that empties is in `empty`. */
  trim(partition: PartitionId, upTo: LogPosition): void {
    const entries = this.#entriesOf(partition)
    this.#drop(entries, Math.min(indexOf(entries, upTo) + 1, entries.chunks.length - 1))
  }

  /** An empty chunk is gone from the disk. */
  forget(chunk: number): void {
    assert(this.#empty.delete(chunk), `chunk ${chunk} is not empty`)
    this.#chunks.delete(chunk)
  }

  #drop(entries: PartitionEntries, end: number): void {
    while (entries.head < end) this.#release(entries.chunks[entries.head++]!)
    if (entries.head < HEAD_MAX && entries.head < entries.chunks.length) return
    entries.chunks.splice(0, entries.head)
    entries.head = 0
  }

  #release(number: number): void {
    const chunk = this.#chunks.get(number)!
    chunk.live--
    if (chunk.live > 0) return
    this.#empty.add(number)
    this.#bytes -= chunk.payloadBytes
  }

  #entriesOf(partition: PartitionId): PartitionEntries {
    const known = this.#partitions.get(partition)
    if (known !== undefined) return known
    const fresh: PartitionEntries = { last: POSITION_NONE, chunks: [], head: 0 }
    this.#partitions.set(partition, fresh)
    return fresh
  }
}

/** The index of a position in the list of chunks; negative if it was cut off. */
function indexOf(entries: PartitionEntries, position: LogPosition): number {
  return entries.chunks.length - 1 - (entries.last - position)
}
