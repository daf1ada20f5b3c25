/**
 * The tags that are used most, while all are counted.
 *
 * Used by link stores that count by themselves, so that all of them tell the same tags in the same order. Holds at
 * most twice as many as are told, however many there are: each tag comes once, with its whole count.
 */
import { TAGS_LISTED_MAX, type TagCount } from '../../links/link-owner.ts'

export class TagCounts {
  readonly #max: number
  /** Invariant: at most twice #max. */
  #counts: TagCount[] = []

  constructor(max = TAGS_LISTED_MAX) {
    this.#max = max
  }

  add(tag: string, links: number): void {
    this.#counts.push({ tag, links })
    if (this.#counts.length >= 2 * this.#max) this.#counts = this.listed()
  }

  listed(): TagCount[] {
    return this.#counts.toSorted(byUse).slice(0, this.#max)
  }
}

function byUse(a: TagCount, b: TagCount): number {
  return b.links - a.links || Buffer.compare(Buffer.from(a.tag), Buffer.from(b.tag))
}
