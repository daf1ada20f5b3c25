/**
 * How often short URLs and tags were followed, as Shlink tells it: all, people, and bots.
 *
 * Used by what shows links and tags. One question for each hundred links. While clicks cannot be asked about,
 * links are shown all the same, with zeros: the shape has no way to say that it is not known. Who orders by
 * visits is refused then.
 */
import { within } from '../../../links/clock.ts'
import type { Code, EpochMs } from '../../../links/ids.ts'
import type { Link } from '../../../links/link.ts'
import {
  FILTER_VALUES_MAX,
  GROUPS_MAX,
  type ClickSelection,
  type Counts,
  type Filter,
  type Question,
} from '../../../clicks/store/question.ts'
import { analyticsOf } from '../../stats/click-context.ts'
import type { TagMap } from '../../stats/tagged-codes.ts'
import type { ForeignContext } from '../foreign-context.ts'

/** Nobody waits longer for a list of links because of its visits. */
const WAIT_MS = 2_000

export interface VisitsSummary {
  readonly total: number
  readonly nonBots: number
  readonly bots: number
}

export type SummaryOf = (link: Link) => VisitsSummary

export const NO_VISITS: VisitsSummary = Object.freeze({ total: 0, nonBots: 0, bots: 0 })

/** All clicks that led to links, since ever. */
export function everything(now: EpochMs): ClickSelection {
  return {
    from: 0 as EpochMs,
    to: (now + 1) as EpochMs,
    filters: [],
    bots: 'include',
    orphans: false,
    timezone: 'UTC',
  }
}

/** Totals alone: nothing is said of visitors. */
export function totalsOf(selection: ClickSelection): Question {
  return { ...selection, groupBy: [], limit: 0, visitors: 'none' }
}

export function summaryOf({ clicks, humans, bots }: Counts): VisitsSummary {
  return { total: clicks, nonBots: humans, bots }
}

/** For lists of links as they are shown. */
export async function shownSummaries(
  context: ForeignContext,
  links: readonly Link[],
): Promise<SummaryOf> {
  const asked = summariesOf(context, links)
  return within(WAIT_MS, 'counting visits', asked, context.clock).catch(
    () => (link) => metered(link, NO_VISITS),
  )
}

/** @throws TinygridError analytics_unavailable */
export async function summariesOf(
  context: ForeignContext,
  links: readonly Link[],
): Promise<SummaryOf> {
  if (links.length === 0) return () => NO_VISITS
  const analytics = analyticsOf(context)
  const found = new Map<string, VisitsSummary>()
  for (let at = 0; at < links.length; at += FILTER_VALUES_MAX) {
    const values = links.slice(at, at + FILTER_VALUES_MAX).map(({ code }) => code)
    const { groups } = await analytics.ask({
      ...everything(context.now()),
      filters: [{ field: 'code', values }],
      groupBy: ['code'],
      limit: FILTER_VALUES_MAX,
      visitors: 'none',
    })
    for (const group of groups) found.set(group.values[0]!, summaryOf(group))
  }
  return (link) => metered(link, found.get(link.code) ?? NO_VISITS)
}

/** A link with a maximum counts its visits itself, and exactly. */
function metered({ maxVisits, visits }: Link, counted: VisitsSummary): VisitsSummary {
  if (maxVisits === null) return counted
  const bots = Math.min(counted.bots, visits)
  return { total: visits, nonBots: visits - bots, bots }
}

/** Of a group for each tag, and one for links without. */
const TAGS_ASKED_MAX = GROUPS_MAX - 1

/** @throws TinygridError analytics_unavailable; invalid_field: more links than can be asked about */
export async function summariesOfTags(
  context: ForeignContext,
  tags: readonly string[],
  filters: readonly Filter[],
): Promise<ReadonlyMap<string, VisitsSummary>> {
  const found = new Map<string, VisitsSummary>()
  if (tags.length === 0) return found
  const analytics = analyticsOf(context)
  const all = await context.tagged.codesOf('all')
  for (let at = 0; at < tags.length; at += TAGS_ASKED_MAX) {
    const some = tags.slice(at, at + TAGS_ASKED_MAX)
    const codes: TagMap = new Map(
      some.map((tag): [string, readonly Code[]] => [tag, all.get(tag) ?? []]),
    )
    const { groups } = await analytics.ask({
      ...everything(context.now()),
      filters,
      tags: codes,
      groupBy: ['tag'],
      limit: GROUPS_MAX,
      visitors: 'none',
    })
    for (const group of groups) found.set(group.values[0]!, summaryOf(group))
  }
  return found
}
