/**
 * Which links have one of some tags, while somebody listens to what happens to them.
 *
 * Used by the stream of events, for one listener. Begins with what the link store says, and follows the changes
 * of links as they are told. Pure.
 */
import type { Code } from '../../links/ids.ts'
import { CODES_OF_TAGS_MAX, type TagMap } from './tagged-codes.ts'

/** Links that are known at a time: of those that are tagged beyond it clicks are not told. */
const TAGGED_LINKS_MAX = 2 * CODES_OF_TAGS_MAX

export class TaggedLinks {
  readonly #tags: ReadonlySet<string>
  /** Invariant: at most TAGGED_LINKS_MAX. */
  readonly #codes: Set<Code>

  /** @param found the codes that have these tags */
  constructor(tags: readonly string[], found: TagMap) {
    this.#tags = new Set(tags)
    this.#codes = new Set(tags.flatMap((tag) => found.get(tag) ?? []))
  }

  has(code: Code): boolean {
    return this.#codes.has(code)
  }

  /**
   * To be told of every change, in order. Gives whether it is one of a link with such a tag, before or after it.
   *
   * @param tags that the link has now; none if it was deleted
   */
  change(code: Code, tags: readonly string[]): boolean {
    const had = this.#codes.has(code)
    const has = tags.some((tag) => this.#tags.has(tag))
    if (!has) this.#codes.delete(code)
    else if (this.#codes.size < TAGGED_LINKS_MAX) this.#codes.add(code)
    return had || has
  }
}
