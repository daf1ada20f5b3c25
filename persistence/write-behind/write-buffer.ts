/**
 * The write buffer: which links are in the log and not yet in the store. Pure.
 *
 * Used by `write-behind.ts`. It knows codes, not records: the newest version of a link is read from
 * its owner when it is flushed, so a link that changes often is written once. Tells the checkpoint
 * of each partition, and how much is waiting since when.
 *
 * Two generations per partition, each in the order in which its links became dirty: `flushing` is
 * what the flush under way has taken, `gathering` the rest. Positions in a partition rise, and a
 * flush takes from the front, so the first entry of `flushing`, or else of `gathering`, has the
 * lowest position that the store may lack. One generation would not do: a link that changes during
 * its flush would be both clean (its old version) and dirty (its new one), and would move to the
 * back with its old position lost.
 *
 * A failed flush stays in `flushing` and is taken again, first, with the versions of then.
 */
import assert from 'node:assert/strict'
import type { LinkVersion } from '../../links/link-record.ts'
import { POSITION_NONE, type Code, type LogPosition, type PartitionId } from '../../links/ids.ts'

/** Names a link that waits for the store. */
export interface DirtyLink {
  readonly partition: PartitionId
  readonly code: Code
}

/** How much a flush takes. It takes at least one link. */
export interface FlushLimits {
  readonly linksMax: number
  readonly bytesMax: number
}

interface Dirty {
  /** Where the link became dirty. Invariant: rises within a generation. */
  readonly first: LogPosition
  /** Invariant: not below `first`. */
  newest: LogPosition
  /** Of the newest version's record. */
  bytes: number
  /** When the link became dirty. */
  readonly since: number
}

interface PartitionBuffer {
  /** Highest position noted. Invariant: not below any entry's `newest`. */
  applied: LogPosition
  flushing: Map<Code, Dirty>
  gathering: Map<Code, Dirty>
}

export class WriteBuffer {
  readonly #partitions = new Map<PartitionId, PartitionBuffer>()
  /** Partitions with links in `gathering`, the one that has waited longest for a flush first. */
  readonly #waiting = new Set<PartitionId>()
  /** Partitions with links in `flushing`. */
  readonly #taken = new Set<PartitionId>()
  #isFlushing = false
  #dirtyLinks = 0
  #dirtyBytes = 0

  /** Links that wait; one that changed since its flush began counts twice. */
  get dirtyLinks(): number {
    return this.#dirtyLinks
  }

  /** Record bytes of the newest versions of the links that wait. */
  get dirtyBytes(): number {
    return this.#dirtyBytes
  }

  /** The log went on to `position` in this partition, with these versions; none: an epoch record. */
  note(
    partition: PartitionId,
    position: LogPosition,
    versions: readonly LinkVersion[],
    now: number,
  ): void {
    const buffer = this.#bufferOf(partition)
    assert(position >= buffer.applied, `partition ${partition} goes back to ${position}`)
    buffer.applied = position
    for (const { code, record } of versions) {
      this.#noteLink(buffer.gathering, code, position, record.length, now)
    }
    if (buffer.gathering.size > 0) this.#waiting.add(partition)
  }

  /** Begins a flush: of what failed before, or else of what has waited longest. */
  take(limits: FlushLimits): DirtyLink[] {
    assert(!this.#isFlushing, 'one flush at a time')
    if (this.#taken.size === 0) this.#fill(limits)
    const links: DirtyLink[] = []
    for (const partition of this.#taken) {
      for (const code of this.#bufferOf(partition).flushing.keys()) links.push({ partition, code })
    }
    this.#isFlushing = links.length > 0
    return links
  }

  /** Ends the flush: the store has these versions (or refused them for good). All that was taken. */
  flushed(versions: readonly LinkVersion[]): void {
    assert(this.#isFlushing, 'no flush is under way')
    this.#isFlushing = false
    const positions = new Map(versions.map(({ code, position }) => [code, position]))
    for (const partition of this.#taken) {
      const buffer = this.#bufferOf(partition)
      for (const [code, taken] of buffer.flushing) {
        const position = positions.get(code)
        assert(position !== undefined, `the flush took ${code} and did not end it`)
        this.#settle(buffer, code, taken, position)
      }
      buffer.flushing = new Map()
      if (buffer.gathering.size === 0) this.#waiting.delete(partition)
    }
    this.#taken.clear()
  }

  /** Ends the flush: what of it the store has is not known. */
  failed(): void {
    assert(this.#isFlushing, 'no flush is under way')
    this.#isFlushing = false
  }

  /** The partition is not this node's any more: nothing of it waits. */
  forget(partition: PartitionId): void {
    const buffer = this.#partitions.get(partition)
    if (buffer === undefined) return
    for (const dirty of [...buffer.flushing.values(), ...buffer.gathering.values()]) {
      this.#uncount(dirty)
    }
    this.#partitions.delete(partition)
    this.#waiting.delete(partition)
    this.#taken.delete(partition)
  }

  /** The highest position such that the store has every entry at or below it. */
  checkpointOf(partition: PartitionId): LogPosition {
    const buffer = this.#partitions.get(partition)
    if (buffer === undefined) return POSITION_NONE
    const first = firstOf(buffer)
    return first === undefined ? buffer.applied : ((first.first - 1) as LogPosition)
  }

  /** Highest position noted in each partition that has links waiting. */
  marks(): Map<PartitionId, LogPosition> {
    const dirty = [...this.#taken, ...this.#waiting]
    return new Map(dirty.map((partition) => [partition, this.#bufferOf(partition).applied]))
  }

  /** Since when the link that has waited longest waits; undefined: none does. */
  dirtySince(): number | undefined {
    let oldest: number | undefined
    for (const partition of [...this.#taken, ...this.#waiting]) {
      const { since } = firstOf(this.#bufferOf(partition))!
      if (oldest === undefined || since < oldest) oldest = since
    }
    return oldest
  }

  #noteLink(
    gathering: Map<Code, Dirty>,
    code: Code,
    position: LogPosition,
    bytes: number,
    now: number,
  ): void {
    const known = gathering.get(code)
    if (known === undefined) {
      gathering.set(code, { first: position, newest: position, bytes, since: now })
      this.#dirtyLinks++
      this.#dirtyBytes += bytes
      return
    }
    this.#dirtyBytes += bytes - known.bytes
    known.newest = position
    known.bytes = bytes
  }

  /** Moves links from gathering to flushing. A partition that is not emptied waits at the end. */
  #fill({ linksMax, bytesMax }: FlushLimits): void {
    let links = 0
    let bytes = 0
    const waiting = Array.from(this.#waiting)
    for (const partition of waiting) {
      const buffer = this.#bufferOf(partition)
      const all = bytesOf(buffer.gathering)
      if (links + buffer.gathering.size <= linksMax && bytes + all <= bytesMax) {
        // As a rule: a map is handed over sooner than its entries.
        buffer.flushing = buffer.gathering
        buffer.gathering = new Map()
        links += buffer.flushing.size
        bytes += all
      }
      for (const [code, dirty] of buffer.gathering) {
        if (links > 0 && (links >= linksMax || bytes + dirty.bytes > bytesMax)) break
        buffer.gathering.delete(code)
        buffer.flushing.set(code, dirty)
        links++
        bytes += dirty.bytes
      }
      if (buffer.flushing.size === 0) return
      this.#taken.add(partition)
      this.#waiting.delete(partition)
      if (buffer.gathering.size > 0) this.#waiting.add(partition)
    }
  }

  /** The store has this version: drops what it covers, which may be more than what was taken. */
  #settle(buffer: PartitionBuffer, code: Code, taken: Dirty, position: LogPosition): void {
    assert(position >= taken.newest, `the flush of ${code} was of an older version than taken`)
    this.#uncount(taken)
    const later = buffer.gathering.get(code)
    if (later === undefined || later.newest > position) return
    buffer.gathering.delete(code)
    this.#uncount(later)
  }

  #uncount({ bytes }: Dirty): void {
    this.#dirtyLinks--
    this.#dirtyBytes -= bytes
  }

  #bufferOf(partition: PartitionId): PartitionBuffer {
    const known = this.#partitions.get(partition)
    if (known !== undefined) return known
    const fresh = { applied: POSITION_NONE, flushing: new Map(), gathering: new Map() }
    this.#partitions.set(partition, fresh)
    return fresh
  }
}

function bytesOf(dirty: ReadonlyMap<Code, Dirty>): number {
  let bytes = 0
  for (const one of dirty.values()) bytes += one.bytes
  return bytes
}

function firstOf({ flushing, gathering }: PartitionBuffer): Dirty | undefined {
  const oldest = flushing.size > 0 ? flushing : gathering
  return oldest.values().next().value
}
