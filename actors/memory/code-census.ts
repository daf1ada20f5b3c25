/**
 * The census: a code filter in the making.
 *
 * Used by `partition-memory.ts`. It takes in the codes of a link table, a chunk at a time, and from its
 * beginning on is told of every code that is written and of every one that is evicted, which it may
 * not have come to yet. So once it has seen the whole table, it has every code that was in the table
 * when it began or came later; what only the store has, a load tells it.
 */
import type { Code } from '../../links/ids.ts'
import { CodeFilter } from './code-filter.ts'
import type { LinkTable } from './link-table.ts'

export class CodeCensus {
  readonly filter: CodeFilter
  readonly #step: () => boolean
  #hasSeenTable = false

  /** @param codes how many there are, more or less; the table may tell of more */
  constructor(table: LinkTable, codes: number) {
    this.filter = new CodeFilter(Math.max(codes, table.size))
    this.#step = table.scanCodes((bytes, start, end) => this.filter.addBytes(bytes, start, end))
  }

  get hasSeenTable(): boolean {
    return this.#hasSeenTable
  }

  /** Takes in the codes of a chunk of the table, if there is one left. Some tens of microseconds. */
  step(): void {
    if (!this.#hasSeenTable) this.#hasSeenTable = !this.#step()
  }

  add(code: Code): void {
    this.filter.add(code)
  }
}
