/**
 * What a link's row says about times and visits, in words.
 *
 * Used by the list. Pure: the time is passed in. In English, as the rest of the page, but in the
 * reader's time zone.
 */
import type { Link } from './api.ts'

const UNITS = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
const absolute = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' })
const counting = new Intl.NumberFormat('en')

/** `3 hours ago`, `in 2 days`, `just now`. */
export function timeFromNow(iso: string, now: number): string {
  const seconds = (Date.parse(iso) - now) / 1000
  for (const [unit, length] of UNITS) {
    if (Math.abs(seconds) >= length) return relative.format(Math.trunc(seconds / length), unit)
  }
  return seconds > 0 ? 'in less than a minute' : 'just now'
}

/** `Mar 4, 2026, 9:30 AM` */
export function fullTime(iso: string): string {
  return absolute.format(new Date(iso))
}

/** `12`, `3 of 10`, `at most 10`, or nothing where nothing is counted. */
export function visitsText({ visits, maxVisits }: Link): string | undefined {
  if (maxVisits === null) return visits === null ? undefined : counting.format(visits)
  const most = counting.format(maxVisits)
  return visits === null ? `at most ${most}` : `${counting.format(visits)} of ${most}`
}

/** Why the link does not redirect, or not any more, if so. */
export function endOf(link: Link, now: number): 'Scheduled' | 'Expired' | 'Used up' | undefined {
  if (typeof link.validFrom === 'string' && Date.parse(link.validFrom) > now) return 'Scheduled'
  if (link.expiresAt !== null && Date.parse(link.expiresAt) <= now) return 'Expired'
  if (link.maxVisits !== null && link.visits !== null && link.visits >= link.maxVisits) {
    return 'Used up'
  }
  return undefined
}
