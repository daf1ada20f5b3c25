/**
 * Which short URLs a list of Shlink's is about, as its query says it. Pure.
 *
 * What our own lists know goes to the directory (`filters`); the rest is asked of each link (`isWanted`), for
 * which all links have to be looked at. Names that Shlink does not know are left alone, as it does.
 */
import { TinygridError } from '../../../links/errors.ts'
import type { EpochMs } from '../../../links/ids.ts'
import { obstacleOf, TAG_LENGTH_MAX, type Link } from '../../../links/link.ts'
import { SEARCH_LENGTH_MAX, type ListFilters } from '../../../links/list-filter.ts'
import type { OwnAddress } from '../../../links/own-address.ts'
import { codeOfShortUrl } from '../../api/short-url.ts'
import { invalid } from '../../stats/question-request.ts'
import { pageNumberOf, type PageNumber } from './numbered-pages.ts'
import { spanOf } from './shlink-time.ts'

const PER_PAGE_DEFAULT = 10
const PER_PAGE_MAX = 1_000
const TAGS_ASKED_MAX = 100

export const ORDER_FIELDS = [
  'dateCreated',
  'shortCode',
  'longUrl',
  'title',
  'visits',
  'nonBotVisits',
] as const
export type OrderField = (typeof ORDER_FIELDS)[number]

export interface Order {
  readonly field: OrderField
  readonly isDescending: boolean
}

export interface ShortUrlQuery extends PageNumber {
  readonly filters: ListFilters
  /** Of several tags of which one is enough: all of them. */
  readonly anyTag: readonly string[]
  /** undefined: every link that the filters let through. */
  readonly isWanted: ((link: Link) => boolean) | undefined
  readonly order: Order
}

type Query = Readonly<Record<string, unknown>>

/** @throws TinygridError invalid_field */
export function parseShortUrlQuery(query: Query, own: OwnAddress, now: EpochMs): ShortUrlQuery {
  const { from, to } = spanOf(query)
  const tags = tagsOf(query, 'tags')
  const isAny = modeOf(query, 'tagsMode') === 'any' && tags.length > 1
  const search = textOf(query, 'searchTerm', SEARCH_LENGTH_MAX)
  const filters: ListFilters = {
    ...(search === '' ? {} : { search: codeOfShortUrl(search, own) ?? search }),
    ...(isAny || tags.length === 0 ? {} : { tag: tags[0]! }),
    ...(from === undefined ? {} : { createdFrom: from }),
    ...(to === undefined ? {} : { createdTo: to }),
  }
  const conditions = [
    ...(isAny || tags.length < 2 ? [] : [(link: Link) => hasAll(link, tags)]),
    ...excludedTags(query),
    ...(query['excludeMaxVisitsReached'] === 'true' ? [(link: Link) => !isUsedUp(link)] : []),
    ...(query['excludePastValidUntil'] === 'true' ? [(link: Link) => !isPast(link, now)] : []),
  ]
  return {
    ...pageNumberOf(query, { perPage: PER_PAGE_DEFAULT, perPageMax: PER_PAGE_MAX }),
    filters,
    anyTag: isAny ? tags : [],
    isWanted:
      conditions.length === 0 ? undefined : (link) => conditions.every((holds) => holds(link)),
    order: orderOf(query),
  }
}

function excludedTags(query: Query): ((link: Link) => boolean)[] {
  const tags = tagsOf(query, 'excludeTags')
  if (tags.length === 0) return []
  const isAny = modeOf(query, 'excludeTagsMode') === 'any'
  return [(link) => !(isAny ? tags.some((tag) => link.tags.includes(tag)) : hasAll(link, tags))]
}

function hasAll({ tags }: Link, wanted: readonly string[]): boolean {
  return wanted.every((tag) => tags.includes(tag))
}

function isUsedUp({ maxVisits, visits }: Link): boolean {
  return maxVisits !== null && visits >= maxVisits
}

function isPast(link: Link, now: EpochMs): boolean {
  return obstacleOf({ ...link, maxVisits: null }, now)?.kind === 'gone'
}

/** `tags[]=a&tags[]=b`, as PHP writes lists. */
export function tagsOf(query: Query, name: string): string[] {
  const given = [query[`${name}[]`] ?? query[name] ?? []].flat().map(String)
  if (given.length <= TAGS_ASKED_MAX && given.every((tag) => tag.length <= 2 * TAG_LENGTH_MAX)) {
    return [...new Set(given.filter((tag) => tag !== ''))]
  }
  throw invalid(name, `${name} may have at most ${TAGS_ASKED_MAX} tags`)
}

function modeOf(query: Query, name: string): 'any' | 'all' {
  const mode = query[name] ?? 'any'
  if (mode === 'any' || mode === 'all') return mode
  throw invalid(name, `${name} must be any or all`)
}

export function textOf(query: Query, name: string, lengthMax: number): string {
  const text = query[name] ?? ''
  if (typeof text === 'string' && text.length <= lengthMax) return text.trim()
  throw invalid(name, `${name} must be one text of at most ${lengthMax} characters`)
}

function orderOf({ orderBy }: Query): Order {
  if (orderBy === undefined || orderBy === '') return { field: 'dateCreated', isDescending: true }
  const [name, direction = 'ASC'] = (typeof orderBy === 'string' ? orderBy : '').split('-')
  const field = ORDER_FIELDS.find((known) => known === name)
  if (field !== undefined && (direction === 'ASC' || direction === 'DESC')) {
    return { field, isDescending: direction === 'DESC' }
  }
  throw invalid('orderBy', `orderBy must be one of ${ORDER_FIELDS.join(', ')}, with -ASC or -DESC`)
}

export function tooMany(field: string, max: number): TinygridError {
  const detail =
    `These are more than ${max} links, which are too many for this: ask for fewer, by startDate, endDate, ` +
    'searchTerm or a tag, or newest first'
  return new TinygridError('invalid_field', { field, detail })
}
