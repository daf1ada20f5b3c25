/**
 * Whether a click that is told live is one that the dashboard is narrowed to. Pure.
 *
 * As far as is told: what is not known of a click yet does not leave it out.
 */
import type { LiveClick } from './answer.ts'
import type { StatsView } from './stats-view.ts'

export function fitsView({ codes, filters, bots }: StatsView, click: LiveClick): boolean {
  if (codes.length > 0 && !codes.includes(click.code)) return false
  const { kind } = click
  const isBot = kind !== undefined && kind !== 'human'
  if (kind !== undefined && bots !== 'include' && isBot !== (bots === 'only')) return false
  return filters.every(({ field, values }) => {
    const value = (click as unknown as Readonly<Record<string, unknown>>)[field]
    return typeof value !== 'string' || values.includes(value)
  })
}
