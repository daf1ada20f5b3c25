/**
 * The codes that have each tag now, for questions that filter on tags or group by them.
 *
 * Clicks know codes alone, so the link store is asked, and the codes go with the question: at most
 * CODES_OF_TAGS_MAX, for all tags together. What all tags lead to is kept for FRESH_MS, since a
 * dashboard asks again and again. Rejected: tags in each click, which would tell the tags of the day of
 * the click: a tag is put on a link to find what it did so far, too.
 */
import { TinygridError } from '../../links/errors.ts'
import type { Code } from '../../links/ids.ts'
import type { LinkDirectory } from '../../links/link-owner.ts'

/** Links, counted once for each of their tags. */
export const CODES_OF_TAGS_MAX = 10_000
const FRESH_MS = 5_000

export type TagMap = ReadonlyMap<string, readonly Code[]>

interface Kept {
  readonly until: number
  readonly tags: Promise<TagMap | undefined>
}

export class TaggedCodes {
  readonly #directory: Pick<LinkDirectory, 'tags' | 'codesOfTags'>
  readonly #now: () => number
  /** Of all tags. */
  #kept: Kept | undefined

  constructor(directory: Pick<LinkDirectory, 'tags' | 'codesOfTags'>, now: () => number) {
    this.#directory = directory
    this.#now = now
  }

  /**
   * What is to be added to a question; nothing if it is not about tags.
   *
   * @param field of the request that asks for it
   * @throws TinygridError invalid_field: too many links; store_unavailable
   */
  async find(tags: readonly string[] | 'all', field: string): Promise<{ tags?: TagMap }> {
    return tags.length === 0 ? {} : { tags: await this.codesOf(tags, field) }
  }

  /** @throws as `find` */
  async codesOf(tags: readonly string[] | 'all', field = 'tags'): Promise<TagMap> {
    const found =
      tags === 'all'
        ? await this.#all()
        : await this.#directory.codesOfTags(tags, CODES_OF_TAGS_MAX)
    if (found !== undefined) return found
    const detail = `${field} may ask for tags that have at most ${CODES_OF_TAGS_MAX} links together`
    throw new TinygridError('invalid_field', { field, detail })
  }

  #all(): Promise<TagMap | undefined> {
    const now = this.#now()
    const kept = this.#kept
    if (kept !== undefined && now < kept.until) return kept.tags
    const fresh = { until: now + FRESH_MS, tags: this.#read() }
    this.#kept = fresh
    fresh.tags.catch(() => {
      if (this.#kept === fresh) this.#kept = undefined
    })
    return fresh.tags
  }

  async #read(): Promise<TagMap | undefined> {
    const counts = await this.#directory.tags()
    const links = counts.reduce((sum, count) => sum + count.links, 0)
    if (links > CODES_OF_TAGS_MAX) return undefined
    const names = counts.map(({ tag }) => tag)
    return this.#directory.codesOfTags(names, CODES_OF_TAGS_MAX)
  }
}
