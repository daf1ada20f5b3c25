/**
 * The keys under which the LMDB store finds live links in the order of the list.
 *
 * Used by `lmdb-link-store.ts`; pure. A live link has one key by time (u48 createdAt, code) and one
 * for each tag (u8 length and UTF-8 of the tag, then the same). Keys rise with time, so a new link
 * goes to the right edge of the index, which keeps its pages full; lists read backwards. A change of
 * URL, title, expiry or visits touches no key.
 */
import type { Code, EpochMs } from '../../links/ids.ts'
import { decodeLink, lifecycleOf, RECORD_FLAGS, type LinkRecord } from '../../links/link-record.ts'
import type { ListPlace } from './list-page.ts'

const TIME_BYTES = 6
/** Where `createdAt` stands in a record. */
const RECORD_TIME_AT = 4

/** Keys to take away and to add when a record takes another one's place. */
export interface IndexChange {
  readonly timeBefore: Buffer | undefined
  readonly timeAfter: Buffer | undefined
  readonly tagsBefore: readonly Buffer[]
  readonly tagsAfter: readonly Buffer[]
}

interface IndexKeys {
  /** None unless the link is live. */
  readonly time: Buffer | undefined
  readonly tags: readonly Buffer[]
}

const NO_KEYS: IndexKeys = { time: undefined, tags: [] }

/** @param before undefined: there was none; @param after undefined: there is none */
export function indexChange(
  code: Code,
  before: LinkRecord | undefined,
  after: LinkRecord | undefined,
): IndexChange {
  const old = indexKeysOf(code, before)
  const fresh = indexKeysOf(code, after)
  const isTimeSame = old.time !== undefined && fresh.time?.equals(old.time) === true
  return {
    timeBefore: isTimeSame ? undefined : old.time,
    timeAfter: isTimeSame ? undefined : fresh.time,
    tagsBefore: without(old.tags, fresh.tags),
    tagsAfter: without(fresh.tags, old.tags),
  }
}

function without(keys: readonly Buffer[], others: readonly Buffer[]): readonly Buffer[] {
  if (keys.length === 0 || others.length === 0) return keys
  return keys.filter((key) => !others.some((other) => other.equals(key)))
}

function indexKeysOf(code: Code, record: LinkRecord | undefined): IndexKeys {
  if (record === undefined || lifecycleOf(record[0]!) !== 'live') return NO_KEYS
  const createdAt = record.readUIntBE(RECORD_TIME_AT, TIME_BYTES) as EpochMs
  const place = { createdAt, code }
  if ((record[0]! & RECORD_FLAGS.tagged) === 0) return { time: placeKey(place), tags: [] }
  const { tags } = decodeLink(record)
  return { time: placeKey(place), tags: tags.map((tag) => tagKey(tag, place)) }
}

export function placeKey({ createdAt, code }: ListPlace): Buffer {
  const key = Buffer.allocUnsafe(TIME_BYTES + code.length)
  key.writeUIntBE(createdAt, 0, TIME_BYTES)
  key.write(code, TIME_BYTES, 'latin1')
  return key
}

/** What all keys of a tag begin with, and no key of another one. */
export function tagPrefix(tag: string): Buffer {
  const text = Buffer.from(tag)
  return Buffer.concat([Buffer.of(text.length), text])
}

function tagKey(tag: string, place: ListPlace): Buffer {
  return Buffer.concat([tagPrefix(tag), placeKey(place)])
}

/** The code that an index key ends with. */
export function codeOfKey(key: Buffer, prefixLength: number): Code {
  return key.toString('latin1', prefixLength + TIME_BYTES) as Code
}

export function codeOfTimeKey(key: Buffer): Code {
  return codeOfKey(key, 0)
}

export function codeOfTagKey(key: Buffer): Code {
  return codeOfKey(key, 1 + (key[0] ?? 0))
}

export function tagOfKey(key: Buffer): string {
  return key.toString('utf8', 1, 1 + (key[0] ?? 0))
}
