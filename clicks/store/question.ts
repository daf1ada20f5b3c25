/**
 * What can be asked of the clicks, and how the answer looks: the same for every store.
 *
 * Made by the gateway from a request, answered by a click store. Times are half-open: `from` counts,
 * `to` does not. Buckets of a series begin where the wall clock of the time zone says so; how many there
 * are is bounded by who asks (`SERIES_POINTS_MAX`).
 */
import type { Code, EpochMs } from '../../links/ids.ts'
import type { ClickPlace, PlacedClick } from '../click.ts'

export const INTERVALS = ['minute', 'hour', 'day', 'week', 'month'] as const
export type Interval = (typeof INTERVALS)[number]

/** Fields to group by and to filter on, by their names in the API. */
export const CLICK_FIELDS = [
  'country',
  'network',
  'networkType',
  'ipVersion',
  'browser',
  'os',
  'device',
  'referrer',
  'language',
  'utmSource',
  'utmMedium',
  'utmCampaign',
  'botName',
  'kind',
  'status',
  'rule',
  'node',
  'tag',
  'code',
  'domain',
  'hourOfDay',
  'weekday',
] as const
export type ClickField = (typeof CLICK_FIELDS)[number]

export const BOT_CHOICES = ['include', 'exclude', 'only'] as const
export type BotChoice = (typeof BOT_CHOICES)[number]

/** Where visitors are counted: everywhere, in the totals alone, nowhere. */
export const VISITOR_SCOPES = ['all', 'totals', 'none'] as const
export type VisitorScope = (typeof VISITOR_SCOPES)[number]

export const SERIES_POINTS_MAX = 10_000
export const GROUPS_MAX = 1_000
export const GROUP_FIELDS_MAX = 2
export const FILTER_VALUES_MAX = 100

export interface Filter {
  readonly field: ClickField
  /** Any of these; empty text: not known. */
  readonly values: readonly string[]
}

/** Which clicks: all that fit everything that is said. */
export interface ClickSelection {
  readonly from: EpochMs
  readonly to: EpochMs
  /** undefined: of all links. */
  readonly code?: Code
  readonly filters: readonly Filter[]
  readonly bots: BotChoice
  /** true: only clicks that led to no link (404, 410); false: only those that did. */
  readonly orphans: boolean
  /** For `tag` in filters or groups: the codes that have each tag now, as the link store says. */
  readonly tags?: ReadonlyMap<string, readonly Code[]>
  /** IANA name, `Europe/Berlin`: for buckets, hourOfDay (0 to 23) and weekday (1 is Monday, to 7). */
  readonly timezone: string
}

export interface Question extends ClickSelection {
  /** undefined: no series. */
  readonly interval?: Interval
  /** At most GROUP_FIELDS_MAX, all different. */
  readonly groupBy: readonly ClickField[]
  /** Groups to tell, most clicks first, equal ones by the bytes of their values; the rest is `other`. */
  readonly limit: number
  /** To tell visitors apart takes several times as long as all else. undefined: `all`. */
  readonly visitors?: VisitorScope
}

export interface Counts {
  readonly clicks: number
  readonly humans: number
  readonly bots: number
  /**
   * Different `Click.visitor`: each person counts once a day, as the salt changes at midnight UTC. Who asked
   * not to be counted counts nowhere. Exact but for what was rolled up (`ClickStore.retain`). Left out where
   * the question does not ask for them.
   */
  readonly visitors?: number
}

/** Of an answer: the totals, or points, groups and what is in no group. */
export type AnswerPart = 'totals' | 'parts'

export function countsVisitors(scope: VisitorScope | undefined, part: AnswerPart): boolean {
  return scope === undefined || scope === 'all' || (scope === 'totals' && part === 'totals')
}

export interface SeriesPoint extends Counts {
  readonly start: EpochMs
}

export interface Group extends Counts {
  /** One for each field of groupBy, in that order; empty text: not known. */
  readonly values: readonly string[]
}

export interface Answer {
  readonly totals: Counts
  /** Every bucket from `from` to `to`, those without clicks too; the first may begin before `from`. */
  readonly series: readonly SeriesPoint[]
  readonly groups: readonly Group[]
  /**
   * The groups that are not told, together; null if all are. A visitor of several groups counts in each of
   * them, and once in `other`. A click whose link has several tags counts in the group of each, also in `other`.
   */
  readonly other: Counts | null
}

/** Clicks one by one, newest first by (at, position, index). */
export interface VisitsQuestion extends ClickSelection {
  /** Only clicks behind this one in that order. */
  readonly after?: VisitsCursor
  /** At most so many; undefined: all. */
  readonly visitsMax?: number
}

export interface VisitsCursor extends ClickPlace {
  readonly at: EpochMs
}

export type Visit = PlacedClick
