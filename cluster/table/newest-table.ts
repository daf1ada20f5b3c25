/**
 * The newest table a node has seen, with its revision, and who wants to know of a newer one.
 *
 * Tables come by the watch, by a read, or by an own write, in any order; older ones are passed over.
 * What comes is believed only if it is a table (`table-text.ts`) that goes on from the one known:
 * its version is higher, and no epoch falls. Anything else that is in its place is remembered as
 * refused, with what should be there instead (`mended`); the control loop writes that.
 *
 * Newer is what has the higher version, not the higher revision: a server that has lost the end of
 * its files gives revisions a second time.
 */
import { Malformed } from '../stored-value.ts'
import type { PartitionId } from '../../links/ids.ts'
import type { KeyValueEntry } from '../membership/key-value.ts'
import { Table } from './table.ts'
import { isPacked, parseTable } from './table-text.ts'

export const TABLE_KEY = 'table'

/** What stands where the table should. */
export interface RefusedTable {
  /** undefined: the key is gone. */
  readonly revision: number | undefined
  /** When this node saw it first. */
  readonly since: number
  /** A newer program wrote it; it is not to be touched. */
  readonly isNewer: boolean
  /** A table, if it is one: an older one, or one of another branch. */
  readonly table: Table | undefined
}

export class NewestTable {
  readonly #partitions: number
  readonly #onRefused: (why: string) => void
  #table: Table
  #revision = 0
  #isPacked = false
  #refused: RefusedTable | undefined
  readonly #listeners = new Set<(table: Table) => void>()

  constructor(partitions: number, onRefused: (why: string) => void = () => {}) {
    this.#partitions = partitions
    this.#onRefused = onRefused
    this.#table = Table.empty(partitions)
  }

  /** The one of a new cluster until another was seen. */
  get table(): Table {
    return this.#table
  }

  /** 0: none was seen, and perhaps there is none. */
  get revision(): number {
    return this.#revision
  }

  /** Whether it is stored in the form that older programs do not read. */
  get isPacked(): boolean {
    return this.#isPacked
  }

  /** What stands in the place of `table`; undefined: nothing but it, as far as is known. */
  get refused(): RefusedTable | undefined {
    return this.#refused
  }

  onChange(listener: (table: Table) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** @param packed whether it is stored in that form */
  see(table: Table, revision: number, packed = false): void {
    if (this.#revision > 0 && table.version <= this.#table.version) return
    this.#table = table
    this.#revision = revision
    this.#isPacked = packed
    this.#refused = undefined
    for (const listener of this.#listeners) listener(table)
  }

  /** From the watch, which may be late. */
  observe({ value, revision }: KeyValueEntry, now: number): void {
    const table = this.#read(value)
    if (table instanceof Table && this.#goesOn(table))
      return this.see(table, revision, isPacked(value!))
    if (revision > Math.max(this.#revision, this.#refused?.revision ?? 0)) {
      this.#refuse(table, revision, now)
    }
  }

  /**
   * What a read has found. Older than what was known when the read began, it is no late news: it is
   * what there is now.
   * @param known `revision` when the read began
   */
  observeRead(entry: KeyValueEntry | undefined, known: number, now: number): void {
    if (entry !== undefined && entry.revision >= known) {
      if (entry.revision === this.#revision) this.#refused = undefined
      return this.observe(entry, now)
    }
    if (known < this.#revision) return
    const table = this.#read(entry?.value)
    if (table instanceof Table && this.#goesOn(table))
      this.see(table, entry!.revision, isPacked(entry!.value!))
    else this.#refuse(table, entry?.revision, now)
  }

  /**
   * What should stand there instead. Of a table that was refused only because it does not go on from
   * the one known (the bucket was put back to an older state, and somebody went on from there) each
   * row counts that has the higher epoch: so two nodes that know different ones come to the same.
   */
  mended(): Table {
    const other = this.#refused?.table
    if (this.#revision === 0) return this.#table
    const rows = this.#table.rows.map((row, index) => {
      const theirs = other?.ownershipOf(index as PartitionId)
      return theirs !== undefined && theirs.epoch > row.epoch ? theirs : row
    })
    return new Table(rows, Math.max(this.#table.version, other?.version ?? 0) + 1)
  }

  /** undefined: the key is gone. */
  #read(value: string | undefined): Table | Malformed | undefined {
    if (value === undefined) return undefined
    try {
      return parseTable(value, this.#partitions)
    } catch (error) {
      if (error instanceof Malformed) return error
      throw error
    }
  }

  #goesOn(table: Table): boolean {
    if (this.#revision === 0) return true
    const isFalling = table.rows.some(({ epoch }, index) => epoch < this.#table.rows[index]!.epoch)
    return table.version > this.#table.version && !isFalling
  }

  #refuse(found: Table | Malformed | undefined, revision: number | undefined, since: number): void {
    // There was none, so none is missing.
    if (found === undefined && this.#revision === 0) return
    const isKnown = this.#refused !== undefined && this.#refused.revision === revision
    if (isKnown) return
    const table = found instanceof Table ? found : undefined
    const isNewer = found instanceof Malformed && found.isNewer
    this.#refused = { revision, since, isNewer, table }
    if (found === undefined) this.#onRefused('it is gone')
    else this.#onRefused(found instanceof Malformed ? found.message : 'it is older than one before')
  }
}
