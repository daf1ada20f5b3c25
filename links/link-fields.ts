/**
 * What a link may hold, and what may be said of one in a request: one parser for each field.
 *
 * Used by the gateway for what clients send, and by owners for what reaches them from other processes:
 * the gateway's checks say nothing of a message that no gateway has sent. Each parser takes whatever
 * came and gives the value as it is stored, which it gives again for that value; or it throws
 * invalid_field (of a reserved word reserved_code) with the name of the field. The URL has a file of its own (`target-url.ts`).
 *
 * Not here is what only the gateway can tell: its own addresses, the longest alias that the settings
 * allow, and that an expiry is still to come. Rejected: a check by owners that stands beside the
 * gateway's, which allowed texts that no record can hold.
 */
import { TinygridError } from './errors.ts'
import { parseFullCode, plainCodeOf } from './full-code.ts'
import {
  CODE_LENGTH_MAX,
  isEpochMs,
  parseCode,
  type Code,
  type EpochMs,
  type PlainCode,
} from './ids.ts'
import { OPERATION_ID_LENGTH_MAX } from './link-owner.ts'
import {
  MAX_VISITS_MAX,
  TAG_LENGTH_MAX,
  TAGS_MAX,
  TITLE_LENGTH_MAX,
  type GivenLifecycle,
  type Link,
} from './link.ts'
import { isReserved } from './reserved-codes.ts'

/** Room for some fifty entity tags. */
export const IF_MATCH_LENGTH_MAX = 1024

const CONTROL_CHARACTER = /\p{Cc}/u
export const LINE_BREAKS = /\r\n|[\n\v\f\r\u0085\u2028\u2029]/g
const VISIBLE_ASCII = /^[\x21-\x7e]+$/

const CODE_TAKES = `A code has 1 to ${CODE_LENGTH_MAX} characters of A-Z, a-z, 0-9, - and _`

export function parseFullCodeField(value: unknown, field = 'code'): Code {
  const code = typeof value === 'string' ? parseFullCode(value) : undefined
  if (code !== undefined) return code
  throw wrong(field, `${CODE_TAKES}; a domain and a slash may stand before it`)
}

/** The full code of a link that is to be made. @throws TinygridError invalid_field, reserved_code */
export function parseNewFullCode(value: unknown, field = 'code'): Code {
  const code = parseFullCodeField(value, field)
  refuseReserved(plainCodeOf(code), field)
  return code
}

/** The plain code of a link that is to be made. @throws TinygridError invalid_field, reserved_code */
export function parseNewCode(value: unknown, field = 'code'): PlainCode {
  const code = typeof value === 'string' ? parseCode(value) : undefined
  if (code === undefined) throw wrong(field, CODE_TAKES)
  refuseReserved(code, field)
  return code
}

function refuseReserved(code: PlainCode, field: string): void {
  if (!isReserved(code)) return
  const detail = `"${code}" is a reserved word: the service keeps it for itself. Choose another code`
  throw new TinygridError('reserved_code', { field, detail })
}

/** An empty title is no title. A line break, as copied text has it, becomes a space. */
export function parseTitle(value: unknown, field = 'title'): string | null {
  if (value === null) return null
  const line = typeof value === 'string' ? value.replaceAll(LINE_BREAKS, ' ') : value
  return parseText(line, TITLE_LENGTH_MAX, field) || null
}

/** Each once. */
export function parseTags(value: unknown, field = 'tags'): string[] {
  if (!Array.isArray(value)) throw wrong(field, 'Tags are a list')
  if (value.length > TAGS_MAX) throw wrong(field, `A link has at most ${TAGS_MAX} tags`)
  const tags = value.map((tag: unknown, index) => parseTag(tag, `${field}[${index}]`))
  return [...new Set(tags)]
}

function parseTag(value: unknown, field: string): string {
  const tag = parseText(value, TAG_LENGTH_MAX, field)
  if (tag === '') throw wrong(field, 'A tag must not be empty')
  return tag
}

function parseText(value: unknown, lengthMax: number, field: string): string {
  if (typeof value !== 'string') throw wrong(field, 'This must be a text')
  if (isLonger(value, lengthMax))
    throw wrong(field, `The text has more than ${lengthMax} characters`)
  if (!value.isWellFormed()) {
    throw wrong(field, 'The text has a lone surrogate: it is not valid Unicode')
  }
  if (CONTROL_CHARACTER.test(value)) throw wrong(field, 'The text has a control character')
  return value.trim()
}

/** Counts as JSON Schema does: a character beyond the first 65,536 is one, not two. */
function isLonger(text: string, lengthMax: number): boolean {
  if (text.length <= lengthMax) return false
  return text.length > 2 * lengthMax || Array.from(text).length > lengthMax
}

export function parseExpiry(value: unknown, field = 'expiresAt'): EpochMs | null {
  if (value === null || isEpochMs(value)) return value
  throw wrong(field, 'This must be a time in milliseconds since 1970, or null')
}

export function parseMaxVisits(value: unknown, field = 'maxVisits'): number | null {
  if (value === null || isWithin(value, 1, MAX_VISITS_MAX)) return value
  throw wrong(field, `This must be a whole number from 1 to ${MAX_VISITS_MAX}, or null`)
}

function parseTime(value: unknown, field: string): EpochMs {
  if (isEpochMs(value)) return value
  throw wrong(field, 'This must be a time in milliseconds since 1970')
}

/** What has happened to a link that is taken in as it was. Fields are named after the prefix. */
export function parsePast(
  given: Readonly<Record<'createdAt' | 'updatedAt' | 'maxVisits' | 'visits', unknown>>,
  prefix = '',
): Pick<Link, 'createdAt' | 'updatedAt' | 'maxVisits' | 'visits'> {
  const createdAt = parseTime(given.createdAt, `${prefix}createdAt`)
  const updatedAt = parseTime(given.updatedAt, `${prefix}updatedAt`)
  const maxVisits = parseMaxVisits(given.maxVisits, `${prefix}maxVisits`)
  const { visits } = given
  if (updatedAt < createdAt) {
    throw wrong(`${prefix}updatedAt`, 'A link is not changed before it is created')
  }
  if (!isWithin(visits, 0, maxVisits === null ? 0 : MAX_VISITS_MAX)) {
    const detail = `This must be a whole number up to ${MAX_VISITS_MAX}, and 0 without maxVisits`
    throw wrong(`${prefix}visits`, detail)
  }
  return { createdAt, updatedAt, maxVisits, visits }
}

type Period = Pick<Link, 'validFrom' | 'expiresAt'>

/** What is asked of a link, if it does not end before it begins. */
export function withPeriod<T extends Period>(prefix: string, asked: T): T {
  if (isPeriod(asked)) return asked
  throw wrong(`${prefix}validFrom`, 'validFrom must be before expiresAt')
}

export function isPeriod({ validFrom, expiresAt }: Period): boolean {
  return validFrom === undefined || expiresAt === null || validFrom < expiresAt
}

export function parseGivenLifecycle(value: unknown, field = 'lifecycle'): GivenLifecycle {
  if (value === 'live' || value === 'deleted') return value
  throw wrong(field, 'This must be live or deleted')
}

export function parseFlag(value: unknown, field: string): boolean {
  if (typeof value === 'boolean') return value
  throw wrong(field, 'This must be true or false')
}

/** Visible ASCII: it stands in the log in one byte a character, and between spaces in a call. */
export function parseOperationId(value: unknown, field = 'operationId'): string {
  const isShort = typeof value === 'string' && value.length <= OPERATION_ID_LENGTH_MAX
  if (isShort && VISIBLE_ASCII.test(value)) return value
  throw wrong(field, `This must be 1 to ${OPERATION_ID_LENGTH_MAX} visible ASCII characters`)
}

export function parseIfMatch(value: unknown, field = 'If-Match'): string {
  if (typeof value === 'string' && value.length <= IF_MATCH_LENGTH_MAX) return value
  throw wrong(field, `${field} must be a text of at most ${IF_MATCH_LENGTH_MAX} characters`)
}

function isWithin(value: unknown, min: number, max: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
}

function wrong(field: string, detail: string): TinygridError {
  return new TinygridError('invalid_field', { field, detail })
}
