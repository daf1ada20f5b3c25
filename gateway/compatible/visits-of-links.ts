/**
 * How often links were followed: those with a maximum count it themselves, and exactly; of others it is what
 * analytics has counted, if it answers soon.
 */
import type { Code } from '../../links/ids.ts'
import type { Link } from '../../links/link.ts'
import type { VisitsOf } from '../stats/link-visits.ts'
import type { ForeignContext } from './foreign-context.ts'

export async function visitsOfLinks(
  { visits: counts }: Pick<ForeignContext, 'visits'>,
  links: readonly Link[],
): Promise<VisitsOf> {
  const counted = await counts.of(links.map(({ code }) => code))
  const metered = new Map<Code, number>(
    links.flatMap(({ code, maxVisits, visits }) => (maxVisits === null ? [] : [[code, visits]])),
  )
  return (code) => metered.get(code) ?? counted(code)
}
