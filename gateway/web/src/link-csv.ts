/**
 * Links as a CSV file, for what is chosen in the list.
 *
 * Titles and addresses come from anyone, so a cell that a spreadsheet would take for a formula gets an
 * apostrophe in front.
 */
import type { Link } from './api.ts'

const COLUMNS = [
  'code',
  'shortUrl',
  'url',
  'title',
  'tags',
  'createdAt',
  'expiresAt',
  'maxVisits',
  'visits',
  'validFrom',
  'redirectStatus',
  'expiredUrl',
  'forwardQuery',
] as const

export function linksCsv(links: readonly Link[]): string {
  const rows = links.map((link) => COLUMNS.map((column) => cell(link[column])).join(','))
  return `${[COLUMNS.join(','), ...rows].join('\r\n')}\r\n`
}

function cell(value: Link[(typeof COLUMNS)[number]]): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  const text = typeof value === 'string' ? value : value.join(', ')
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
