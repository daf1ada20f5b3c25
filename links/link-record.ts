/**
 * The bytes of a link, the same in the log, in the store, in the fallback cache and in memory.
 *
 * A link is encoded once, where it is decided, and copied from there on. The layout, big-endian:
 *
 *   0  u8   flags (below)
 *   1  u8   length of the full code, 1 to 193
 *   2  u16  length of the URL, at most 32,000; the top bit: EXTENDED
 *   4  u48  createdAt
 *  10  code, ASCII; URL, ASCII
 *      u48  updatedAt             if UPDATED (otherwise it equals createdAt)
 *      u48  expiresAt             if EXPIRES
 *      u32  maxVisits, u32 visits if METERED
 *      u8   length and UTF-8      if TITLED (u16 length)
 *      u8   count, each u8 length and UTF-8, if TAGGED
 *      a block of options         if EXTENDED (`link-options.ts`)
 *
 * A link without options has the bytes that it had before there were any.
 *
 * The first byte of a log entry that carries records names the format, so a later layout can be
 * told from this one. The functions here take the bytes for a record and look no further: bytes that
 * come from outside the process go through `parseRecord` first. Rejected: MessagePack, which needs a
 * decode to find the URL of a redirect.
 */
import assert from 'node:assert/strict'
import { parseFullCode } from './full-code.ts'
import {
  CODE_LENGTH_MAX,
  isPosition,
  parseCode,
  type Code,
  type EpochMs,
  type LogPosition,
} from './ids.ts'
import {
  METERED,
  obstacle,
  redirectTo,
  specialOf,
  URL_BYTES_MAX,
  type Lifecycle,
  type Link,
  type Lookup,
} from './link.ts'
import {
  decodeOptions,
  encodeOptions,
  isOptionBlock,
  optionsForLookup,
  optionsLength,
} from './link-options.ts'
import { RecordReader } from './record-reader.ts'
import { isStoredUrl } from './target-url.ts'

declare const recordBrand: unique symbol
export type LinkRecord = Buffer & { readonly [recordBrand]: true }

/** One version of a link with its place in its partition's log, encoded. Newer has a higher place. */
export interface LinkVersion {
  readonly code: Code
  readonly position: LogPosition
  readonly record: LinkRecord
}

export const RECORD_HEADER_BYTES = 10
export const RECORD_FLAGS = {
  alias: 1,
  updated: 2,
  expires: 4,
  metered: 8,
  titled: 16,
  tagged: 32,
  deleted: 64,
  purged: 128,
} as const

const F = RECORD_FLAGS
/** In the length of the URL. */
const EXTENDED = 0x8000
const URL_LENGTH = 0x7fff

const IN_NEITHER = 0
const IN_URLS = 1
/** And in URLs. */
const IN_CODES = 2
/** By byte: where it may stand. */
const BYTE_KINDS = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte <= 0x20 || byte >= 0x7f) return IN_NEITHER
  return parseCode(String.fromCharCode(byte)) === undefined ? IN_URLS : IN_CODES
})
const WEB = /^https?:\/\//
const WEB_BYTES = 8

export function encodeLink(link: Link): LinkRecord {
  const title = link.title === null ? undefined : Buffer.from(link.title)
  const tags = link.tags.map((tag) => Buffer.from(tag))
  const options = encodeOptions(link)
  const bytes = Buffer.allocUnsafe(sizeOf(link, title, tags) + (options?.length ?? 0))
  assert(link.url.length <= URL_LENGTH, 'the URL of a link is too long')
  bytes[0] = flagsOf(link)
  bytes[1] = link.code.length
  bytes.writeUInt16BE(options === undefined ? link.url.length : link.url.length | EXTENDED, 2)
  bytes.writeUIntBE(link.createdAt, 4, 6)
  let at = RECORD_HEADER_BYTES
  at += bytes.write(link.code, at, 'latin1')
  at += bytes.write(link.url, at, 'latin1')
  if (link.updatedAt !== link.createdAt) at = bytes.writeUIntBE(link.updatedAt, at, 6)
  if (link.expiresAt !== null) at = bytes.writeUIntBE(link.expiresAt, at, 6)
  if (link.maxVisits !== null) {
    at = bytes.writeUInt32BE(link.maxVisits, at)
    at = bytes.writeUInt32BE(link.visits, at)
  }
  if (title !== undefined) {
    at = bytes.writeUInt16BE(title.length, at)
    at += title.copy(bytes, at)
  }
  if (tags.length > 0) at = writeTags(bytes, at, tags)
  if (options !== undefined) at += options.copy(bytes, at)
  assert.equal(at, bytes.length)
  return bytes as LinkRecord
}

function sizeOf(link: Link, title: Buffer | undefined, tags: readonly Buffer[]): number {
  let size = RECORD_HEADER_BYTES + link.code.length + link.url.length
  if (link.updatedAt !== link.createdAt) size += 6
  if (link.expiresAt !== null) size += 6
  if (link.maxVisits !== null) size += 8
  if (title !== undefined) size += 2 + title.length
  if (tags.length > 0) size += 1 + tags.reduce((sum, tag) => sum + 1 + tag.length, 0)
  return size
}

function flagsOf(link: Link): number {
  return (
    (link.isAlias ? F.alias : 0) |
    (link.updatedAt !== link.createdAt ? F.updated : 0) |
    (link.expiresAt !== null ? F.expires : 0) |
    (link.maxVisits !== null ? F.metered : 0) |
    (link.title !== null ? F.titled : 0) |
    (link.tags.length > 0 ? F.tagged : 0) |
    (link.lifecycle === 'deleted' ? F.deleted : 0) |
    (link.lifecycle === 'purged' ? F.purged : 0)
  )
}

function writeTags(bytes: Buffer, at: number, tags: readonly Buffer[]): number {
  at = bytes.writeUInt8(tags.length, at)
  for (const tag of tags) {
    at = bytes.writeUInt8(tag.length, at)
    at += tag.copy(bytes, at)
  }
  return at
}

/**
 * The bytes as a record; undefined if they are none: cut short, damaged, or of a link that cannot be.
 * A record that is not as long as it says would make all that follows it in a link table unreadable.
 */
export function parseRecord(bytes: Buffer): LinkRecord | undefined {
  if (bytes.length < RECORD_HEADER_BYTES || wholeLength(bytes) !== bytes.length) return undefined
  const urlStart = RECORD_HEADER_BYTES + bytes[1]!
  if (!isCode(bytes, RECORD_HEADER_BYTES, urlStart)) return undefined
  if (!hasUrl(bytes, urlStart, urlLength(bytes, 0))) return undefined
  if (isExtended(bytes, 0) && !isOptionBlock(bytes, optionsAt(bytes, 0))) return undefined
  return bytes as LinkRecord
}

/** Whether a version that was stored can be taken in: a whole record, of the code it was found under. */
export function isWholeVersion({ code, position, record }: LinkVersion): boolean {
  return isPosition(position) && parseRecord(record) !== undefined && codeOfRecord(record) === code
}

/** As `parseFullCode` has it; a plain code without a text. */
function isCode(bytes: Buffer, from: number, end: number): boolean {
  for (let at = from; at < end; at++) {
    if (BYTE_KINDS[bytes[at]!] !== IN_CODES) {
      return parseFullCode(bytes.toString('latin1', from, end)) !== undefined
    }
  }
  return end > from && end - from <= CODE_LENGTH_MAX
}

/** As `isStoredUrl` has it, without a text. What was purged has none. */
function hasUrl(bytes: Buffer, start: number, length: number): boolean {
  if (length === 0) return lifecycleOf(bytes[0]!) === 'purged'
  const end = start + length
  const scheme = bytes.toString('latin1', start, Math.min(end, start + WEB_BYTES))
  if (!WEB.test(scheme)) return isStoredUrl(bytes.toString('latin1', start, end))
  const rest = scheme === 'https://' ? start + 8 : start + 7
  if (length > URL_BYTES_MAX || rest >= end) return false
  for (let at = rest; at < end; at++) if (BYTE_KINDS[bytes[at]!] === IN_NEITHER) return false
  return true
}

/** undefined: it says that it is longer than the bytes are. */
function wholeLength(bytes: Buffer): number | undefined {
  try {
    const length = recordLength(bytes)
    return Number.isNaN(length) ? undefined : length
  } catch {
    return undefined
  }
}

/** The code of the record that starts at `start`, without decoding the rest. */
export function codeOfRecord(bytes: Buffer, start = 0): Code {
  const from = start + RECORD_HEADER_BYTES
  return bytes.toString('latin1', from, from + bytes[start + 1]!) as Code
}

/** Bytes of the record that starts at `start`, from its own fields. */
export function recordLength(bytes: Buffer, start = 0): number {
  const end = optionsAt(bytes, start)
  return (isExtended(bytes, start) ? end + optionsLength(bytes, end) : end) - start
}

/** Where the block of options is, or the record ends. */
function optionsAt(bytes: Buffer, start: number): number {
  const flags = bytes[start]!
  let length = RECORD_HEADER_BYTES + bytes[start + 1]! + urlLength(bytes, start)
  if (flags & F.updated) length += 6
  if (flags & F.expires) length += 6
  if (flags & F.metered) length += 8
  if (flags & F.titled) length += 2 + bytes.readUInt16BE(start + length)
  if (flags & F.tagged) {
    let tags = bytes[start + length++]!
    for (; tags > 0; tags--) length += 1 + bytes[start + length]!
  }
  return start + length
}

/** When the link of the record that starts at `start` was last changed, or made. */
export function updatedAtOf(bytes: Buffer, start = 0): EpochMs {
  const isUpdated = (bytes[start]! & F.updated) !== 0
  const end = start + RECORD_HEADER_BYTES + bytes[start + 1]! + urlLength(bytes, start)
  return bytes.readUIntBE(isUpdated ? end : start + 4, 6) as EpochMs
}

/** What a visitor gets, read from the bytes: `lookupOf(decodeLink(bytes, start), now)`, but fast. */
export function lookupRecord(bytes: Buffer, start: number, now: EpochMs): Lookup {
  const flags = bytes[start]!
  const lengths = (bytes[start + 2]! << 8) | bytes[start + 3]!
  const urlStart = start + RECORD_HEADER_BYTES + bytes[start + 1]!
  const urlEnd = urlStart + (lengths & URL_LENGTH)
  let at = flags & F.updated ? urlEnd + 6 : urlEnd
  let expiresAt: EpochMs | null = null
  if (flags & F.expires) {
    expiresAt = bytes.readUIntBE(at, 6) as EpochMs
    at += 6
  }
  const isMetered = (flags & F.metered) !== 0
  const maxVisits = isMetered ? bytes.readUInt32BE(at) : null
  const visits = isMetered ? bytes.readUInt32BE(at + 4) : 0
  const options = lengths & EXTENDED ? optionsForLookup(bytes, optionsAt(bytes, start)) : undefined
  const blocked = obstacle(lifecycleOf(flags), expiresAt, maxVisits, visits, now, options)
  if (blocked !== undefined) return blocked
  const special = options && specialOf(options)
  if (special !== undefined) return special
  if (isMetered) return METERED
  return redirectTo(bytes.toString('latin1', urlStart, urlEnd), expiresAt, options)
}

export function urlLength(bytes: Buffer, start = 0): number {
  return ((bytes[start + 2]! << 8) | bytes[start + 3]!) & URL_LENGTH
}

/** Whether the link of the record that starts at `start` has options. */
export function isExtended(bytes: Buffer, start = 0): boolean {
  return (bytes[start + 2]! & (EXTENDED >> 8)) !== 0
}

/** The link whose record starts at `start`. Its strings are copies: the bytes may be reused. */
export function decodeLink(bytes: Buffer, start = 0): Link {
  const flags = bytes[start]!
  const createdAt = bytes.readUIntBE(start + 4, 6) as EpochMs
  const urlStart = start + RECORD_HEADER_BYTES + bytes[start + 1]!
  const urlEnd = urlStart + urlLength(bytes, start)
  const rest = new RecordReader(bytes, urlEnd)
  const link = {
    code: codeOfRecord(bytes, start),
    url: bytes.toString('latin1', urlStart, urlEnd),
    createdAt,
    updatedAt: flags & F.updated ? rest.time() : createdAt,
    expiresAt: flags & F.expires ? rest.time() : null,
    maxVisits: flags & F.metered ? rest.u32() : null,
    visits: flags & F.metered ? rest.u32() : 0,
    title: flags & F.titled ? rest.text(rest.u16()) : null,
    tags: flags & F.tagged ? rest.tags() : [],
    isAlias: (flags & F.alias) !== 0,
    lifecycle: lifecycleOf(flags),
  }
  return isExtended(bytes, start) ? { ...link, ...decodeOptions(bytes, rest.at) } : link
}

export function lifecycleOf(flags: number): Lifecycle {
  if (flags & F.purged) return 'purged'
  return flags & F.deleted ? 'deleted' : 'live'
}
