/**
 * The shapes in which the service tells of clicks, as far as the page shows them: the answers of
 * `GET /api/stats` and `GET /api/links/:code/stats`, the events of `GET /api/events`, `GET /api/tags`.
 *
 * Used by everything under `stats/`, and by the list of links. Times are ISO 8601 in UTC.
 */

export interface Counts {
  readonly clicks: number
  readonly humans: number
  readonly bots: number
  /** Left out where they were not asked for. */
  readonly visitors?: number
}

export const METRICS = ['clicks', 'humans', 'bots', 'visitors'] as const
export type Metric = (typeof METRICS)[number]

export interface SeriesPoint extends Counts {
  readonly start: string
}

/** Fields that the page groups by and filters on. */
export const FIELDS = [
  'country',
  'network',
  'referrer',
  'utmSource',
  'utmMedium',
  'utmCampaign',
  'browser',
  'os',
  'device',
  'language',
  'botName',
  'kind',
  'ipVersion',
  'networkType',
  'status',
  'rule',
  'node',
  'tag',
  'code',
  'domain',
  'hourOfDay',
  'weekday',
] as const
export type Field = (typeof FIELDS)[number]

/** The fields of the question, each with its value; empty: not known. */
export type Group = Counts & Readonly<Partial<Record<Field, string>>>

export interface Answer {
  readonly from: string
  readonly to: string
  readonly totals: Counts
  readonly series: readonly SeriesPoint[]
  readonly groups: readonly Group[]
  readonly other: Counts | null
  /** The same question of the period before, or of the year before, where one was asked for. */
  readonly previous?: Pick<Answer, 'from' | 'to' | 'totals' | 'series'>
}

/** A click as it is told live. What is not known yet is left out or empty. */
export interface LiveClick {
  readonly code: string
  readonly at: string
  readonly kind?: string
  readonly botName?: string
  readonly country?: string
  readonly browser?: string
  readonly os?: string
  readonly device?: string
  readonly referrer?: string
}

export interface TagCount {
  readonly tag: string
  readonly links: number
}
