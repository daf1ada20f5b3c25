/**
 * Makes the bytes of a click batch, click by click.
 *
 * Used by the recorder, which has no record of each click as an object, and by `encodeBatch`, which
 * has. One writer makes one batch after the other, so that its buffers are made once. Where many clicks share an origin, the caller keeps its place and saves the look-up. How the
 * bytes lie is said in `batch-layout.ts`.
 */
import assert from 'node:assert/strict'
import zlib from 'node:zlib'
import type { Code } from '../../links/ids.ts'
import {
  ADDRESS,
  BATCH_FORMAT,
  BODY_AT,
  BODY_BYTES_MAX,
  BATCH_ENTRIES_MAX,
  CHECKSUM_AT,
  checksumOf,
  CODING,
  CODING_AT,
  LENGTH_AT,
  RULE_MAX,
  RULED_FORMAT,
} from './batch-layout.ts'
import { ByteSink } from './byte-sink.ts'
import { RecentCodes } from './recent-codes.ts'
import { CHANGE_KINDS, type LinkChange } from './click-batch.ts'

/** Higher levels take three times as long for a tenth less. */
const ZSTD = { params: { [zlib.constants.ZSTD_c_compressionLevel]: 1 } }
/** Below, zstd gains nothing. */
const COMPRESSED_BYTES_MIN = 200

/** A visitor as two numbers of 32 bits; undefined: none. */
export interface VisitorBits {
  readonly high: number
  readonly low: number
}

export interface BatchName {
  readonly node: string
  readonly run: string
  readonly number: number
  readonly before: number
}

/** Different texts, each with its place. */
class Dictionary {
  readonly sink = new ByteSink()
  readonly #places = new Map<string, number>()

  get count(): number {
    return this.#places.size
  }

  place(text: string): number {
    const known = this.#places.get(text)
    if (known !== undefined) return known
    const place = this.#places.size
    this.#places.set(text, place)
    this.sink.text(text)
    return place
  }

  clear(): void {
    this.sink.clear()
    if (this.#places.size > 0) this.#places.clear()
  }
}

export class BatchWriter {
  readonly #codes = new RecentCodes()
  readonly #headers = new Dictionary()
  readonly #queries = new Dictionary()
  readonly #body = new ByteSink()
  #statuses: number[] = []
  readonly #addresses = new ByteSink()
  readonly #originHeaders = new ByteSink()
  readonly #hasVisitor = new ByteSink()
  readonly #visitors = new ByteSink()
  readonly #times = new ByteSink()
  readonly #clickCodes = new ByteSink()
  readonly #clickOrigins = new ByteSink()
  readonly #clickStatuses = new ByteSink()
  readonly #clickQueries = new ByteSink()
  readonly #targetQueries = new ByteSink()
  readonly #changes = new ByteSink()
  readonly #rules = new ByteSink()
  #ruleCount = 0
  /** Clicks up to the last one that has a rule. */
  #ruledUpTo = 0
  #origins = 0
  #clicks = 0
  #changeCount = 0
  #lastAt = 0
  #lastStatus = -1
  #lastStatusPlace = 0

  /** Clicks and changes. */
  get entries(): number {
    return this.#clicks + this.#changeCount
  }

  get clicks(): number {
    return this.#clicks
  }

  /** Roughly, before compression, and never less than it is but for the name. */
  get bytes(): number {
    const { length: headers } = this.#headers.sink
    const { length: queries } = this.#queries.sink
    const changes = this.#changes.length + this.#rules.length
    const texts = this.#codes.sink.length + headers + queries + changes
    const visitors = this.#visitors.length + this.#addresses.length + this.#origins * 4
    return texts + visitors + this.#times.length + this.#clicks * 15
  }

  headers(text: string): number {
    return this.#headers.place(text)
  }

  /** A new one, whether there is an equal one or not. @param headers a place */
  origin(address: string, visitor: VisitorBits | undefined, headers: number): number {
    writeAddress(this.#addresses, address)
    this.#originHeaders.number(headers)
    this.#hasVisitor.byte(visitor === undefined ? 0 : 1)
    if (visitor !== undefined) {
      this.#visitors.uint32(visitor.high)
      this.#visitors.uint32(visitor.low)
    }
    return this.#origins++
  }

  /** @param origin a place */
  click(
    code: Code,
    at: number,
    status: number,
    origin: number,
    query: string,
    targetQuery: string,
  ): void {
    const step = at - this.#lastAt
    this.#lastAt = at
    this.#clicks++
    this.#times.number(step >= 0 ? step * 2 : -step * 2 - 1)
    this.#clickCodes.number(this.#codes.place(code))
    this.#clickOrigins.number(origin)
    this.#clickStatuses.number(this.#statusPlace(status))
    this.#clickQueries.number(query === '' ? 0 : this.#queries.place(query) + 1)
    this.#targetQueries.number(targetQuery === '' ? 0 : this.#queries.place(targetQuery) + 1)
  }

  /** Says of the last click which rule decided it. */
  rule(rule: number): void {
    assert(this.#clicks > this.#ruledUpTo, 'a rule is of no click')
    assert(rule > 0 && rule <= RULE_MAX, 'a rule is none')
    this.#rules.number(this.#clicks - this.#ruledUpTo - 1)
    this.#rules.number(rule)
    this.#ruledUpTo = this.#clicks
    this.#ruleCount++
  }

  change({ kind, at, code, url, title, tags }: LinkChange): void {
    const sink = this.#changes
    this.#changeCount++
    sink.number(CHANGE_KINDS.indexOf(kind))
    sink.number(at)
    sink.text(code)
    sink.text(url)
    sink.byte(title === null ? 0 : 1)
    if (title !== null) sink.text(title)
    sink.number(tags.length)
    for (const tag of tags) sink.text(tag)
  }

  /** The bytes; the next click is of another batch. */
  finish(name: BatchName): Buffer {
    this.#writeBody(name)
    const payload = payloadOf(this.#body.bytes, this.#ruleCount > 0 ? RULED_FORMAT : BATCH_FORMAT)
    this.#clear()
    return payload
  }

  #writeBody({ node, run, number, before }: BatchName): void {
    assert(this.entries <= BATCH_ENTRIES_MAX, 'a click batch has too many entries')
    const body = this.#body
    body.text(node)
    body.text(run)
    body.number(number)
    body.number(before)
    for (const { count, sink } of [this.#codes, this.#headers, this.#queries]) {
      body.number(count)
      body.append(sink)
    }
    body.number(this.#statuses.length)
    for (const status of this.#statuses) body.number(status)
    body.number(this.#origins)
    body.append(this.#addresses)
    body.append(this.#originHeaders)
    body.append(this.#hasVisitor)
    body.append(this.#visitors)
    body.number(this.#clicks)
    body.append(this.#times)
    body.append(this.#clickCodes)
    body.append(this.#clickOrigins)
    body.append(this.#clickStatuses)
    body.append(this.#clickQueries)
    body.append(this.#targetQueries)
    body.number(this.#changeCount)
    body.append(this.#changes)
    if (this.#ruleCount === 0) return
    body.number(this.#ruleCount)
    body.append(this.#rules)
  }

  #clear(): void {
    for (const each of [this.#codes, this.#headers, this.#queries, this.#body]) each.clear()
    for (const each of [this.#addresses, this.#originHeaders, this.#hasVisitor]) each.clear()
    for (const each of [this.#visitors, this.#times, this.#clickCodes]) each.clear()
    for (const each of [this.#clickOrigins, this.#clickStatuses, this.#clickQueries]) each.clear()
    for (const each of [this.#targetQueries, this.#changes, this.#rules]) each.clear()
    this.#statuses = []
    this.#origins = this.#clicks = this.#changeCount = this.#lastAt = 0
    this.#ruleCount = this.#ruledUpTo = 0
    this.#lastStatus = -1
  }

  /** There are a handful, mostly one after the other. */
  #statusPlace(status: number): number {
    if (status === this.#lastStatus) return this.#lastStatusPlace
    let place = this.#statuses.indexOf(status)
    if (place < 0) place = this.#statuses.push(status) - 1
    this.#lastStatus = status
    this.#lastStatusPlace = place
    return place
  }
}

function payloadOf(body: Buffer, format: number): Buffer {
  assert(body.length <= BODY_BYTES_MAX, 'a click batch is too long')
  const compressed = body.length < COMPRESSED_BYTES_MIN ? body : zlib.zstdCompressSync(body, ZSTD)
  const isSmaller = compressed.length < body.length
  const stored = isSmaller ? compressed : body
  const payload = Buffer.allocUnsafe(BODY_AT + stored.length)
  payload[0] = format
  payload[CODING_AT] = isSmaller ? CODING.zstd : CODING.plain
  payload.writeUInt32BE(body.length, LENGTH_AT)
  payload.set(stored, BODY_AT)
  payload.writeUInt32BE(checksumOf(payload), CHECKSUM_AT)
  return payload
}

const DOT = 46
const DIGIT_ZERO = 48

function writeAddress(sink: ByteSink, address: string): void {
  if (address === '') return sink.byte(ADDRESS.none)
  const packed = packedFour(address)
  if (packed < 0) {
    sink.byte(ADDRESS.text)
    return sink.text(address)
  }
  sink.byte(ADDRESS.four)
  sink.uint32(packed)
}

/** An IPv4 address as a number, if it is written as everyone writes it; else -1. */
function packedFour(text: string): number {
  let packed = 0
  let part = -1
  let parts = 1
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at)
    if (character === DOT) {
      if (part < 0 || ++parts > 4) return -1
      packed = packed * 256 + part
      part = -1
      continue
    }
    const digit = character - DIGIT_ZERO
    if (digit < 0 || digit > 9 || part === 0) return -1
    part = part < 0 ? digit : part * 10 + digit
    if (part > 255) return -1
  }
  return parts === 4 && part >= 0 ? packed * 256 + part : -1
}
