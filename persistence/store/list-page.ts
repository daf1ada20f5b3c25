/**
 * A page of a list of links: what belongs on it, where it ends, and the cursor that goes on there.
 *
 * Used by every link store, so that all of them list alike: live links, newest first and by code
 * within a millisecond. A store offers links in that order, from just after the cursor, until the
 * page refuses one. The cursor names the last link examined, not a number of links to skip, so
 * links created or deleted between two pages neither repeat nor hide others.
 *
 * A page of very long URLs ends when it has LIST_URL_BYTES_MAX, since it is kept, and written, whole.
 *
 * A search (`links/link-search.ts`) looks at every link on its way, and so does a list by state. To bound that, a
 * page ends after SEARCH_EXAMINED_MAX links, with what it has found and a cursor. Rejected: a full-text index, which would cost every
 * write more than the write itself, for a list that a person looks at now and then.
 */
import { TinygridError } from '../../links/errors.ts'
import { FULL_CODE_LENGTH_MAX, parseFullCode } from '../../links/full-code.ts'
import type { Code, EpochMs } from '../../links/ids.ts'
import type { Link } from '../../links/link.ts'
import { LIST_URL_BYTES_MAX, type ListPage, type ListQuery } from '../../links/link-owner.ts'
import { ListFilter } from '../../links/list-filter.ts'

/** Links that a search examines for one page. */
export const SEARCH_EXAMINED_MAX = 20_000

/** Where a link stands in the order of the list. */
export interface ListPlace {
  readonly createdAt: EpochMs
  readonly code: Code
}

const TIME_BYTES = 6

/** Newest first; within a millisecond by code, the highest first. */
export function comparePlaces(a: ListPlace, b: ListPlace): number {
  if (a.createdAt !== b.createdAt) return b.createdAt - a.createdAt
  if (a.code === b.code) return 0
  return a.code > b.code ? -1 : 1
}

function encodeCursor(place: ListPlace): string {
  const bytes = Buffer.allocUnsafe(TIME_BYTES + place.code.length)
  bytes.writeUIntBE(place.createdAt, 0, TIME_BYTES)
  bytes.write(place.code, TIME_BYTES, 'latin1')
  return bytes.toString('base64url')
}

/** @throws TinygridError invalid_field (cursor) */
function decodeCursor(cursor: string): ListPlace {
  const bytes = Buffer.from(cursor, 'base64url')
  const isCanonical = bytes.toString('base64url') === cursor
  const isLengthRight =
    bytes.length <= TIME_BYTES + FULL_CODE_LENGTH_MAX && bytes.length > TIME_BYTES
  const code = isLengthRight ? parseFullCode(bytes.toString('latin1', TIME_BYTES)) : undefined
  if (!isCanonical || code === undefined) {
    throw new TinygridError('invalid_field', {
      detail: 'The cursor is not one that a list has given',
      field: 'cursor',
    })
  }
  return { createdAt: bytes.readUIntBE(0, TIME_BYTES) as EpochMs, code }
}

export class ListPageBuilder {
  readonly #query: ListQuery
  readonly #filter: ListFilter
  readonly #isSelective: boolean
  readonly #links: Link[] = []
  /** Of the URLs on the page. */
  #urlBytes = 0
  #examined = 0
  #isCut = false
  /** The last link examined; before the first, what the cursor names or the time at which the list begins. */
  #place: ListPlace | undefined

  /** @throws TinygridError invalid_field (cursor) */
  constructor(query: ListQuery) {
    this.#query = query
    this.#filter = new ListFilter(query)
    this.#isSelective = ListFilter.isSelective(query)
    this.#place = query.cursor === undefined ? beginning(query) : decodeCursor(query.cursor)
  }

  /** The next link to offer comes after this one; undefined: from the first. */
  get place(): ListPlace | undefined {
    return this.#place
  }

  /**
   * Examines the next live link. False: the page is full, or not wanted any more; the link is not on
   * it, offer no more.
   */
  offer(link: Link): boolean {
    const isSpent =
      this.#query.signal?.aborted === true ||
      (this.#isSelective && this.#examined >= SEARCH_EXAMINED_MAX)
    // What follows was made before it.
    if (link.createdAt < (this.#query.createdFrom ?? 0)) return false
    const isFull = this.#links.length >= this.#query.limit || this.#urlBytes >= LIST_URL_BYTES_MAX
    if (isFull || isSpent) {
      this.#isCut = true
      return false
    }
    this.#examined++
    this.#place = { createdAt: link.createdAt, code: link.code }
    if (!this.#filter.matches(link)) return true
    this.#links.push(link)
    this.#urlBytes += link.url.length
    return true
  }

  page(): ListPage {
    const place = this.#isCut ? this.#place : undefined
    return { links: this.#links, nextCursor: place === undefined ? null : encodeCursor(place) }
  }
}

/** Where the newest link stands that can be on the list: no code is empty. */
function beginning({ createdTo }: ListQuery): ListPlace | undefined {
  return createdTo === undefined ? undefined : { createdAt: createdTo, code: '' as Code }
}
