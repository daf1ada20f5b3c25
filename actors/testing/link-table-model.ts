/**
 * The link table as one would write it without a thought for memory or time.
 *
 * Used by the property tests: whatever is done to both, they must answer alike. A plain array is
 * the queue, oldest first; a Map would do for the links, the array makes SIEVE exact as well.
 */
import type { LinkVersion } from '../../links/link-record.ts'
import type { Code, LogPosition } from '../../links/ids.ts'
import { entryBytesFor } from '../memory/table-entry.ts'

interface Item {
  version: LinkVersion
  dirty: boolean
  visited: boolean
}

export class LinkTableModel {
  readonly #queue: Item[] = []
  /** Place in the queue to which the hand comes next. */
  #hand = 0

  get size(): number {
    return this.#queue.length
  }

  get dirty(): number {
    return this.#queue.filter(({ dirty }) => dirty).length
  }

  get versions(): LinkVersion[] {
    return this.#queue.map(({ version }) => version)
  }

  /** What is here, without counting as a visit. */
  peek(code: Code): Readonly<Item> | undefined {
    return this.#itemOf(code)
  }

  get(code: Code): LinkVersion | undefined {
    const item = this.#itemOf(code)
    if (item !== undefined) item.visited = true
    return item?.version
  }

  set(version: LinkVersion, dirty: boolean): void {
    const item = this.#itemOf(version.code)
    const size = entryBytesFor(version.record)
    if (item !== undefined && entryBytesFor(item.version.record) === size) {
      Object.assign(item, { version, dirty, visited: true })
      return
    }
    this.#queue.push({ version, dirty, visited: item !== undefined })
    if (item !== undefined) this.#delete(item)
  }

  setIfAbsent(version: LinkVersion): boolean {
    if (this.#itemOf(version.code) !== undefined) return false
    this.set(version, false)
    return true
  }

  markClean(code: Code, position: LogPosition): void {
    const item = this.#itemOf(code)
    if (item?.version.position === position) item.dirty = false
  }

  remove(code: Code, position: LogPosition): void {
    const item = this.#itemOf(code)
    if (item?.version.position === position) this.#delete(item)
  }

  evict(bytes: number): { links: number; bytes: number } {
    let links = 0
    let freed = 0
    while (freed < bytes && this.dirty < this.size) {
      const item = this.#queue[this.#hand]!
      if (!item.dirty && !item.visited) {
        freed += entryBytesFor(item.version.record)
        links++
        this.#delete(item)
      } else {
        item.visited = false
        this.#hand = (this.#hand + 1) % this.size
      }
    }
    return { links, bytes: freed }
  }

  #itemOf(code: Code): Item | undefined {
    return this.#queue.find(({ version }) => version.code === code)
  }

  #delete(item: Item): void {
    const place = this.#queue.indexOf(item)
    this.#queue.splice(place, 1)
    if (place < this.#hand) this.#hand--
    if (this.#hand === this.size) this.#hand = 0
  }
}
