/**
 * Writes links as CSV or NDJSON such that the import takes them in as they were.
 *
 * The state is the last column: a file that was cut off in a row is told by it.
 */
import { stringify } from 'csv-stringify/sync'
import { OPTION_NAMES } from '../links/link-options.ts'
import { guardCell, joinTags } from './csv-cell.ts'
import type { ExportFormat } from './export-options.ts'
import type { ExportedLink } from './exported-links.ts'

const COLUMNS = [
  'url',
  'code',
  'title',
  'tags',
  'expiresAt',
  'maxVisits',
  'visits',
  'createdAt',
  'updatedAt',
  'isAlias',
  ...OPTION_NAMES,
  'domain',
  'shortUrl',
  'state',
] as const satisfies readonly (keyof ExportedLink)[]

/** What a file starts with. */
export function fileHead(format: ExportFormat): string {
  return format === 'csv' ? stringify([[...COLUMNS]]) : ''
}

export function linkRows(format: ExportFormat, links: readonly ExportedLink[]): string {
  if (format === 'csv') return stringify(links.map(cellsOf))
  return links.map((link) => `${JSON.stringify(link)}\n`).join('')
}

function cellsOf(link: ExportedLink): string[] {
  return COLUMNS.map((column) => {
    const value = link[column]
    if (value === null || value === undefined) return ''
    if (column === 'tags') return guardCell(joinTags(link.tags))
    return guardCell(typeof value === 'object' ? JSON.stringify(value) : String(value))
  })
}
