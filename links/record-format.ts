/**
 * Which programs know a record: the number of the format that a log entry with it has.
 *
 * Used by `persistence/log/log-record.ts`. The bytes of records have one layout (`link-record.ts`), but not every
 * program takes every link for one that can be: who does not know a kind takes its record for damaged, would
 * leave it out of the entry, and trim it. So each kind that came later has a number, by which such a program
 * leaves the whole entry where it is. A further kind is a further number, and never an older one.
 */
import { isExtended, RECORD_HEADER_BYTES, urlLength, type LinkRecord } from './link-record.ts'

/** 1: plain links. 2: with options, or a URL that is long or not of the web. 3: on another domain. */
export const RECORD_FORMATS = [1, 2, 3] as const
export type RecordFormat = (typeof RECORD_FORMATS)[number]

/** Between a domain and a code. */
const SLASH = 0x2f
/** Longest URL of the first format. */
const FIRST_URL_BYTES_MAX = 4096
const WEB = /^https?:\/\//
const WEB_BYTES = 8

/** The lowest format that an entry with this record may have. */
export function formatOfRecord(record: LinkRecord): RecordFormat {
  const urlStart = RECORD_HEADER_BYTES + record[1]!
  const slash = record.indexOf(SLASH, RECORD_HEADER_BYTES)
  if (slash > 0 && slash < urlStart) return 3
  const length = urlLength(record)
  if (isExtended(record) || length > FIRST_URL_BYTES_MAX) return 2
  // What was purged has none.
  if (length === 0) return 1
  return WEB.test(record.toString('latin1', urlStart, urlStart + WEB_BYTES)) ? 1 : 2
}
