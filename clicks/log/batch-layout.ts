/**
 * The bytes of a click batch: what writer and reader agree on.
 *
 *   0  u8   format: a newer layout has another number
 *   1  u32  CRC-32 of all that follows, big-endian
 *   5  u8   0: the body follows as it is; 1: compressed by zstd
 *   6  u32  length of the body before compression, big-endian
 *  10       body
 *
 * The body, its numbers LEB128 and its texts a length in bytes and UTF-8:
 *
 *   node, run, number, before
 *   codes      count, texts
 *   headers    count, texts
 *   queries    count, texts; the first, of index 0, is the empty one and not written
 *   statuses   count, numbers
 *   origins    count; of each the address; then of each the place of its headers; then of each
 *              0: no visitor, 1: one; then the visitors, 8 bytes each
 *   clicks     count; then column by column: time as a difference to the click before (zigzag),
 *              place of its code, of its origin, of its status, of its query, of its target's query
 *   changes    count; of each kind, time, code, url, 0 or 1 and a title, count and tags
 *   rules      of RULED_FORMAT alone: count; of each click that a rule decided how many clicks lie between
 *              it and the one before, and the rule
 *
 * An address is 0: none; 4 and four bytes; or 1 and a text. An origin is who clicked: address,
 * visitor and headers together, because they repeat together. Columns and dictionaries are what makes
 * zstd find what repeats: clicks of 1,000 agents and 100,000 addresses take 30 bytes each. Few clicks are
 * of links with rules: a batch without any has the bytes that it had before there were rules.
 *
 * Rejected: JSON lines under zstd, which hide what repeats and cost more to make; a
 * dictionary that outlives its batch, since a reader may begin anywhere.
 */
import zlib from 'node:zlib'
import { TinygridError } from '../../links/errors.ts'

export const BATCH_FORMAT = 1
/** Of a batch that is a deletion; its body is told in `deletion-codec.ts`. */
export const DELETION_FORMAT = 2
/** Of a batch in which rules decided some clicks; the newest. */
export const RULED_FORMAT = 3
export const CHECKSUM_AT = 1
export const CODING_AT = 5
export const LENGTH_AT = 6
export const BODY_AT = 10

export const CODING = { plain: 0, zstd: 1 } as const
export const ADDRESS = { none: 0, text: 1, four: 4 } as const
export const VISITOR_BYTES = 8

/** So that a payload fits into a message of NATS (1 MB) even if it cannot be compressed. */
export const BODY_BYTES_MAX = 900_000
/** Clicks and changes of one batch: what a reader makes of a body is bounded by it. */
export const BATCH_ENTRIES_MAX = 10_000

/** Stores keep a rule as a byte; no link has so many. */
export const RULE_MAX = 255

/** No reader needs a longer window than the longest body. */
export const ZSTD_WINDOW_LOG_MAX = 20

export function checksumOf(payload: Uint8Array): number {
  return zlib.crc32(payload.subarray(CODING_AT))
}

export function unreadable(why: string): TinygridError {
  return new TinygridError('internal', { detail: `A click batch cannot be read: ${why}` })
}
