/**
 * What one partition knows by memory: its link table, and how much of everything that is.
 *
 * Used by the partition actor. A complete partition holds every link of its part of the key space, so
 * what it does not have does not exist. It becomes complete when a load has brought all that the store
 * has, and stops being it before the first eviction. A partition that has lost links, or had no room
 * for them, may still know every code that was ever given (`code-filter.ts`): what neither table nor
 * filter has does not exist either. The filter is made by a load that brings codes alone, or of the
 * table of a complete partition.
 *
 * Why it misses no code (a version is in the table until it is evicted, which a dirty one never is):
 *   1. its census begins    2. the table is scanned    3. the store is read, by a call after 1
 * What was evicted before 1 was in the store by then, so 3 brings it. What was in the table at 1 is
 * met by 2, or told when it is evicted. What is written later is told when it is applied.
 */
import assert from 'node:assert/strict'
import type { Code, EpochMs } from '../../links/ids.ts'
import { decodeLink, lifecycleOf, type LinkVersion } from '../../links/link-record.ts'
import { ABSENT, type Link, type Lookup } from '../../links/link.ts'
import { CodeCensus } from './code-census.ts'
import type { CodeFilter } from './code-filter.ts'
import type { Evicted, LinkTable } from './link-table.ts'
import type { ScannedVersion } from './table-scan.ts'

/** Share of its links that an incomplete partition keeps while others have more to give. */
const KEPT_SHARE = 1 / 3
const NOTHING: Evicted = { links: 0, bytes: 0 }

export interface LoadStart {
  /** codes: the links do not fit. */
  readonly of: 'links' | 'codes'
  /** How many codes are expected, more or less; for their filter. */
  readonly codes?: number
}

export class PartitionMemory {
  readonly #table: LinkTable
  /**
   * Invariants: complete only while every link that is not purged is in the table; loading without a
   * census only while nothing was evicted since the load began.
   */
  #state: 'incomplete' | 'loading' | 'complete' = 'incomplete'
  /** Invariant: if there, it has every code whose links are in table or store; none while complete. */
  #filter: CodeFilter | undefined
  /** Of a load that brings codes alone, or of a complete partition that is to give links up. */
  #census: CodeCensus | undefined
  #codesExpected = 0
  /** Flushed tombstones that a load could still contradict. Invariant: empty unless loading. */
  #tombstones: LinkVersion[] = []

  constructor(table: LinkTable) {
    this.#table = table
  }

  get isComplete(): boolean {
    return this.#state === 'complete'
  }

  get isLoading(): boolean {
    return this.#state === 'loading'
  }

  /** Whether a load is under way that brings links, not codes alone. */
  get isLoadingLinks(): boolean {
    return this.#state === 'loading' && this.#census === undefined
  }

  /** How many codes were ever given, nearly; undefined: that is not known. */
  get codes(): number | undefined {
    return this.isComplete ? this.#table.size : this.#filter?.codes
  }

  /** Links held, tombstones included. */
  get size(): number {
    return this.#table.size
  }

  /** Bytes allocated. */
  get bytes(): number {
    return this.#table.bytes + (this.#filter?.bytes ?? 0) + (this.#census?.filter.bytes ?? 0)
  }

  /** Whether something could be evicted. */
  get hasClean(): boolean {
    return this.#table.dirty < this.#table.size
  }

  /** Whether it has more than the share that it keeps while others can give. */
  get hasSpare(): boolean {
    return this.hasClean && this.#table.size > (this.#filter?.codes ?? 0) * KEPT_SHARE
  }

  lookup(code: Code, now: EpochMs): Lookup {
    const lookup = this.#table.lookup(code, now)
    return lookup.kind === 'unknown' && this.#isAbsent(code) ? ABSENT : lookup
  }

  /** The link, 'absent', or 'unknown' if only the store can tell. */
  linkOf(code: Code): Link | 'absent' | 'unknown' {
    const version = this.#table.get(code)
    if (version === undefined) return this.#isAbsent(code) ? 'absent' : 'unknown'
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
    this.#filter?.add(version.code)
    this.#census?.add(version.code)
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

  /**
   * Prepares a complete partition for the loss of links, a chunk of its table per call.
   * Returns whether it is prepared: then it is complete no more, and knows all codes.
   */
  prepareEviction(): boolean {
    if (this.#state !== 'complete') return true
    this.#census ??= new CodeCensus(this.#table, 0)
    this.#census.step()
    if (!this.#census.hasSeenTable) return false
    this.#filter = this.#census.filter
    this.#leave()
    return true
  }

  /** Evicts clean links. A complete partition is prepared first, all at once if need be. */
  evict(bytes: number): Evicted {
    if (!this.hasClean) return NOTHING
    while (!this.prepareEviction());
    if (this.isLoadingLinks) this.narrowLoad()
    const census = this.#census
    if (census === undefined) return this.#table.evict(bytes)
    return this.#table.evict(bytes, (code, start, end) => census.filter.addBytes(code, start, end))
  }

  startLoad({ of, codes = 0 }: LoadStart = { of: 'links' }): void {
    assert(this.#state === 'incomplete')
    this.#state = 'loading'
    this.#codesExpected = codes
    if (of === 'codes') this.narrowLoad()
  }

  /** The links do not fit: from now on the load brings codes alone, if they are not known yet. */
  narrowLoad(): void {
    if (!this.isLoadingLinks) return
    if (this.#filter !== undefined) this.#leave()
    else this.#census = new CodeCensus(this.#table, this.#codesExpected)
  }

  /**
   * A bounded step of a load beside what the store brings. True when there is nothing more to do:
   * due before `endLoad`.
   */
  stepLoad(): boolean {
    this.#census?.step()
    return this.#census?.hasSeenTable ?? true
  }

  /**
   * One version from the store's part of the load. False if the load is void. Of a load that lost
   * links it takes the code alone:
   *   1. the load reads v1    2. v2 is applied, flushed and evicted    3. v1 would come back
   */
  load(version: LinkVersion): boolean {
    if (this.#state !== 'loading') return false
    if (this.#census === undefined) this.fill(version)
    else this.#census.add(version.code)
    return true
  }

  /** The load brought everything; void if it was given up meanwhile. */
  endLoad(): void {
    if (this.#state !== 'loading') return
    if (this.#census === undefined) {
      this.#filter = undefined
      this.#state = 'complete'
      this.#dropTombstones()
      return
    }
    assert(this.#census.hasSeenTable)
    this.#filter = this.#census.filter
    this.#leave()
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

  #isAbsent(code: Code): boolean {
    return this.isComplete || this.#filter?.mayHave(code) === false
  }

  #leave(): void {
    this.#state = 'incomplete'
    this.#census = undefined
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
