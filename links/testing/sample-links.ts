/** Links for tests and measurements: valid in every field, different where the caller says so. */
import type { Code, EpochMs, LogPosition } from '../ids.ts'
import { encodeLink, type LinkRecord, type LinkVersion } from '../link-record.ts'
import type { Link } from '../link.ts'

export function testLink(code: string, fields: Partial<Link> = {}): Link {
  const createdAt = fields.createdAt ?? (1000 as EpochMs)
  return {
    code: code as Code,
    url: `https://example.com/${code}`,
    title: null,
    tags: [],
    createdAt,
    updatedAt: createdAt,
    expiresAt: null,
    maxVisits: null,
    visits: 0,
    isAlias: false,
    lifecycle: 'live',
    ...fields,
  }
}

export function linkRecord(code: string, fields: Partial<Link> = {}): LinkRecord {
  return encodeLink(testLink(code, fields))
}

export function linkVersion(
  code: string,
  position: number,
  fields: Partial<Link> = {},
): LinkVersion {
  const record = linkRecord(code, fields)
  return { code: code as Code, position: position as LogPosition, record }
}
