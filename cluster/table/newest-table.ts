/**
 * The newest table a node has seen, with its revision, and who wants to know of a newer one.
 *
 * Tables come by the watch, by a read, or by an own write, in any order; older ones are passed over.
 */
import { Table } from './table.ts'

export const TABLE_KEY = 'table'

export class NewestTable {
  #table: Table
  #revision = 0
  readonly #listeners = new Set<(table: Table) => void>()

  constructor(partitions: number) {
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

  onChange(listener: (table: Table) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  see(table: Table, revision: number): void {
    if (revision <= this.#revision) return
    this.#table = table
    this.#revision = revision
    for (const listener of this.#listeners) listener(table)
  }

  /** @throws SyntaxError or AssertionError if `text` is no table */
  seeText(text: string, revision: number): void {
    if (revision > this.#revision) this.see(Table.parse(text), revision)
  }
}
