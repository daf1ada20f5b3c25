/** What the plain recount takes a click's fields to be, and which clicks a question is about. */
import { domainOf } from '../../links/full-code.ts'
import type { Code } from '../../links/ids.ts'
import type { PlacedClick } from '../click.ts'
import type { ClickField, ClickSelection } from '../store/question.ts'

/** The values of a field: one, but of tags each. */
export function valuesOf(
  click: PlacedClick,
  field: ClickField,
  { tags, timezone }: Pick<ClickSelection, 'tags' | 'timezone'>,
): readonly string[] {
  switch (field) {
    case 'referrer':
      return [click.referrerHost]
    case 'ipVersion':
      return [click.ipVersion === 0 ? '' : String(click.ipVersion)]
    case 'rule':
      return [click.rule === 0 ? '' : String(click.rule)]
    case 'status':
      return [String(click.status)]
    case 'domain':
      return [domainOf(click.code) ?? '']
    case 'tag':
      return tagsOf(click.code, tags)
    case 'hourOfDay':
      return [String(wallClock(click.at, timezone).hour)]
    case 'weekday':
      return [String(wallClock(click.at, timezone).weekday)]
    default:
      return [click[field]]
  }
}

export function isChosen(click: PlacedClick, selection: ClickSelection): boolean {
  const { from, to, code, filters, bots, orphans } = selection
  const isBot = click.kind !== 'human'
  const isOrphan = click.status === 404 || click.status === 410
  return (
    click.at >= from &&
    click.at < to &&
    (code === undefined || click.code === code) &&
    (bots === 'include' || isBot === (bots === 'only')) &&
    isOrphan === orphans &&
    filters.every(({ field, values }) =>
      valuesOf(click, field, selection).some((value) => values.includes(value)),
    )
  )
}

function tagsOf(code: Code, tags: ClickSelection['tags']): string[] {
  const found = [...(tags ?? [])].filter(([, codes]) => codes.includes(code)).map(([tag]) => tag)
  return found.length === 0 ? [''] : found
}

const WEEKDAYS = ['', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
const clocks = new Map<string, Intl.DateTimeFormat>()

function wallClock(at: number, timeZone: string): { hour: number; weekday: number } {
  const clock =
    clocks.get(timeZone) ??
    new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      hour: '2-digit',
      weekday: 'short',
    })
  clocks.set(timeZone, clock)
  const parts = Object.fromEntries(clock.formatToParts(at).map(({ type, value }) => [type, value]))
  return { hour: Number(parts['hour']), weekday: WEEKDAYS.indexOf(parts['weekday']!) }
}
