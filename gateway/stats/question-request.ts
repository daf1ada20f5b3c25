/**
 * A question about clicks as a query string has it, in the form in which stores take it.
 *
 * Used by the routes of stats and visits; pure. What is wrong is told with the name of the parameter and
 * its limit. Tags are known to the link store alone, so they are looked up by who calls (`tagged-codes.ts`).
 */
import { TinygridError } from '../../links/errors.ts'
import type { Code, EpochMs } from '../../links/ids.ts'
import { bucketStarts } from '../../clicks/store/buckets.ts'
import type {
  BotChoice,
  ClickSelection,
  Interval,
  Question,
  VisitorScope,
} from '../../clicks/store/question.ts'
import { parseFilters, parseGroupBy } from './filter-text.ts'
import { comparedSpan, parseSpan, type Comparison } from './time-span.ts'

export interface SelectionQuery {
  readonly from?: string
  readonly to?: string
  readonly timezone?: string
  readonly filter?: string | readonly string[]
  readonly bots?: BotChoice
  readonly orphans?: 'true' | 'false'
}

export interface StatsQuery extends SelectionQuery {
  readonly interval?: Interval
  readonly groupBy?: string | readonly string[]
  readonly limit?: number
  readonly visitors?: VisitorScope
  readonly compare?: Comparison
}

export const GROUPS_DEFAULT = 10
const TIMEZONE_DEFAULT = 'UTC'

/** @throws TinygridError invalid_field */
export function parseSelection(query: SelectionQuery, code: Code | undefined, now: EpochMs) {
  const { from, to, timezone = TIMEZONE_DEFAULT, filter, bots, orphans } = query
  const given = { ...(from && { from }), ...(to && { to }) }
  const selection: ClickSelection = {
    ...parseSpan({ ...given, timezone }, now),
    ...(code === undefined ? {} : { code }),
    filters: parseFilters(listOf(filter)),
    bots: bots ?? 'include',
    orphans: orphans === 'true',
    timezone,
  }
  return selection
}

/** @throws TinygridError invalid_field */
export function parseQuestion(query: StatsQuery, code: Code | undefined, now: EpochMs): Question {
  const { interval, groupBy, limit, visitors } = query
  const selection = parseSelection(query, code, now)
  const { timezone, from, to } = selection
  if (interval !== undefined) bucketStarts(interval, timezone, from, to)
  return {
    ...selection,
    ...(interval === undefined ? {} : { interval }),
    groupBy: parseGroupBy(listOf(groupBy)),
    limit: limit ?? GROUPS_DEFAULT,
    ...(visitors === undefined ? {} : { visitors }),
  }
}

/** The same of another time, without groups. @throws TinygridError invalid_field */
export function comparedQuestion(question: Question, comparison: Comparison): Question {
  const span = comparedSpan(question, question.timezone, comparison)
  const { interval, timezone } = question
  if (interval !== undefined) bucketStarts(interval, timezone, span.from, span.to)
  return { ...question, ...span, groupBy: [], limit: 0 }
}

/** Tags that the link store has to be asked about. */
export function tagsAskedFor(
  { filters }: Pick<ClickSelection, 'filters'>,
  groupBy: Question['groupBy'] = [],
): readonly string[] | 'all' {
  const values = filters.filter(({ field }) => field === 'tag').flatMap((filter) => filter.values)
  // Who has no tag is told by those who have one.
  return groupBy.includes('tag') || values.includes('') ? 'all' : [...new Set(values)]
}

/** A parameter that may be given several times; an empty one, as a form sends it, is none. */
function listOf(given: string | readonly string[] | undefined): readonly string[] {
  return [given ?? []].flat().filter((text) => text !== '')
}

export function invalid(field: string, detail: string): TinygridError {
  return new TinygridError('invalid_field', { field, detail })
}
