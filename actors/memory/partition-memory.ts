/**
 * What one partition knows by memory: its link table, and whether that is everything.
 *
 * Used by the partition actor. A complete partition holds every link of its part of the key space,
 * so what it does not have does not exist. It becomes complete when the background load has brought
 * all that the store has, and stops being it with the first eviction.
 */
import assert from 'node:assert/strict'
import type { Code, EpochMs } from '../../links/ids.ts'
import { decodeLink, lifecycleOf, type LinkVersion } from '../../links/link-record.ts'
import { ABSENT, type Link, type Lookup } from '../../links/link.ts'
import type { LinkTable, ScannedVersion } from './link-table.ts'

export class PartitionMemory {
  readonly #table: LinkTable
  /**
   * Invariants: complete only while every link that is not purged is in the table; loading only
   * while nothing was evicted since the load began.
   */
  #state: 'incomplete' | 'loading' | 'complete' = 'incomplete'
  /** Flushed tombstones that a load could still contradict. Invariant: empty unless loading. */
  #tombstones: LinkVersion[] = []

  constructor(table: LinkTable) {
    this.#table = table
  }

  get isComplete(): boolean {
    return this.#state === 'complete'
  }

  /** Links held, tombstones included. */
  get size(): number {
    return this.#table.size
  }

  /** Bytes allocated. */
  get bytes(): number {
    return this.#table.bytes
  }

  lookup(code: Code, now: EpochMs): Lookup {
    const lookup = this.#table.lookup(code, now)
    return lookup.kind === 'unknown' && this.isComplete ? ABSENT : lookup
  }

  /** The link, 'absent', or 'unknown' if only the store can tell. */
  linkOf(code: Code): Link | 'absent' | 'unknown' {
    const version = this.#table.get(code)
    if (version === undefined) return this.isComplete ? 'absent' : 'unknown'
    return isTombstone(version) ? 'absent' : decodeLink(version.record)
  }

  versionOf(code: Code): LinkVersion | undefined {
    return this.#table.get(code)
  }

  /** Every version, a piece per call; undefined at the end. See LinkTable.scan. */
  scan(): () => ScannedVersion[] | undefined {
    return this.#table.scan()
  }

  /** A version that the log holds and the store does not have yet. */
  apply(version: LinkVersion): void {
    this.#table.set(version, { dirty: true })
  }

  /** What the store said of a code that memory does not know. Tombstones read as never given. */
  fill(version: LinkVersion): void {
    if (!isTombstone(version)) this.#table.setIfAbsent(version)
  }

  /**
   * The store has these. A tombstone stays while a load is under way:
   *   1. the load reads v1 from the store    2. v2, a purge, is applied and flushed
   *   3. the tombstone is dropped            4. the load brings v1 back to life
   */
  markFlushed(versions: readonly LinkVersion[]): void {
    for (const version of versions) {
      this.#table.markClean(version.code, version.position)
      if (isTombstone(version)) this.#tombstones.push(version)
    }
    if (this.#state !== 'loading') this.#dropTombstones()
  }

  evict(bytes: number): { links: number; bytes: number } {
    const evicted = this.#table.evict(bytes)
    if (evicted.links > 0) this.#leave()
    return evicted
  }

  startLoad(): void {
    assert(this.#state === 'incomplete')
    this.#state = 'loading'
  }

  /**
   * One version from the store's part of the load. False if the load is void:
   *   1. the load reads v1    2. v2 is applied, flushed and evicted    3. v1 would come back
   */
  load(version: LinkVersion): boolean {
    if (this.#state !== 'loading') return false
    this.fill(version)
    return true
  }

  /** The load brought everything; void if something was evicted meanwhile. */
  endLoad(): void {
    if (this.#state !== 'loading') return
    this.#state = 'complete'
    this.#dropTombstones()
  }

  /** Nothing was ever written, so nothing is missing. */
  takeForComplete(): void {
    this.startLoad()
    this.endLoad()
  }

  /** The load cannot be finished. */
  abandonLoad(): void {
    if (this.#state === 'loading') this.#leave()
  }

  #leave(): void {
    this.#state = 'incomplete'
    this.#dropTombstones()
  }

  #dropTombstones(): void {
    for (const { code, position } of this.#tombstones) this.#table.remove(code, position)
    this.#tombstones = []
  }
}

export function isTombstone(version: LinkVersion): boolean {
  return lifecycleOf(version.record[0]!) === 'purged'
}
