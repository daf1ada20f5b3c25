/**
 * Writes links as CSV or NDJSON such that the import reads back what matters: url, code, title,
 * tags, expiresAt and maxVisits. The rest (visits, times, short URL) is for the reader of the file.
 */
import { stringify } from 'csv-stringify/sync'
import { guardCell, joinTags } from './csv-cell.ts'
import type { ExportFormat } from './export-options.ts'
import type { ListedLink } from './listed-link.ts'

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
  'shortUrl',
] as const satisfies readonly (keyof ListedLink)[]

/** What a file starts with. */
export function fileHead(format: ExportFormat): string {
  return format === 'csv' ? stringify([[...COLUMNS]]) : ''
}

export function linkRows(format: ExportFormat, links: readonly ListedLink[]): string {
  if (format === 'csv') return stringify(links.map(cellsOf))
  return links.map((link) => `${JSON.stringify(link)}\n`).join('')
}

function cellsOf(link: ListedLink): string[] {
  return COLUMNS.map((column) => {
    const value = link[column]
    if (value === null) return ''
    return guardCell(typeof value === 'object' ? joinTags(value) : String(value))
  })
}
