/**
 * Takes the body of a bulk request apart without parsing it whole.
 *
 * Used by `bulk-route.ts`, as long work. A body of some megabytes keeps JSON.parse busy for up to half
 * a second, and what comes of it can take twenty times its room. So the bytes are looked over for
 * where the elements of lists of the outer object begin and end; what is outside of them, which must
 * be little, is parsed with a number in the place of each element, and each element is parsed by
 * itself, when it is its turn. Together that accepts what JSON.parse accepts, and means the same.
 *
 * Rejected: a streaming parser, which is a second opinion on what JSON is; a limit so low that a parse
 * is short (1 MB takes 30 ms at worst), in which a thousand long links have no room.
 */
import { isUtf8 } from 'node:buffer'
import { TinygridError } from '../../links/errors.ts'
import type { Steps } from '../../links/long-work.ts'

/** The longest text that JSON.parse is given, but for longer links: 1.6 ms at worst, some tenths as a rule. */
export const PARSED_BYTES_MAX = 64 * 1024
/** Bytes looked over in one step. */
const SCANNED_BYTES_MAX = 16 * 1024

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c]
const [BRACE, BRACE_END, BRACKET, BRACKET_END] = [0x7b, 0x7d, 0x5b, 0x5d]
const BYTE_ORDER_MARK = Buffer.from('\ufeff')

export interface BulkBody {
  /** The outer value. An element of a list in it is its index in `elements`. */
  readonly envelope: unknown
  /** Each to be parsed by `parseJson`. */
  readonly elements: readonly Buffer[]
}

/** @throws TinygridError invalid_json, body_too_large, invalid_field (links) */
export function* takeApart(body: Buffer, elementsMax: number): Steps<BulkBody> {
  if (!isUtf8(body)) throw new TinygridError('invalid_json', { detail: 'The body is not UTF-8' })
  yield
  const scan = new Scan(body, elementsMax)
  while (!scan.isDone) {
    scan.goOn()
    yield
  }
  return { envelope: parseJson(scan.outside()), elements: scan.elements }
}

/** @throws TinygridError invalid_json, body_too_large */
export function parseJson(bytes: Buffer, bytesMax = PARSED_BYTES_MAX): unknown {
  if (bytes.length > bytesMax) {
    const detail = `One link, or what stands around the links, has more than ${bytesMax} bytes`
    throw new TinygridError('body_too_large', { detail })
  }
  try {
    return JSON.parse(bytes.toString()) as unknown
  } catch (cause) {
    throw new TinygridError('invalid_json', { detail: (cause as Error).message, cause })
  }
}

/** Where in the text the next byte stands. Brackets are counted, not matched: JSON.parse matches. */
class Scan {
  readonly elements: Buffer[] = []
  readonly #body: Buffer
  readonly #elementsMax: number
  readonly #outside: Buffer[] = []
  /** Up to where the text outside is in #outside. */
  #outsideFrom: number
  #at: number
  #depth = 0
  #isInText = false
  /** Where the element under way begins; undefined: outside of a list of the outer object. */
  #elementFrom: number | undefined
  #isOuterObject = false

  constructor(body: Buffer, elementsMax: number) {
    this.#body = body
    this.#elementsMax = elementsMax
    const isMarked = body.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK)
    this.#at = isMarked ? BYTE_ORDER_MARK.length : 0
    this.#outsideFrom = this.#at
  }

  get isDone(): boolean {
    return this.#at >= this.#body.length
  }

  /** The text with each element replaced by its index. */
  outside(): Buffer {
    return Buffer.concat([...this.#outside, this.#body.subarray(this.#outsideFrom)])
  }

  goOn(): void {
    const end = Math.min(this.#at + SCANNED_BYTES_MAX, this.#body.length)
    while (this.#at < end) {
      const byte = this.#body[this.#at]!
      if (this.#isInText) {
        if (byte === BACKSLASH) this.#at++
        else if (byte === QUOTE) this.#isInText = false
      } else if (byte === QUOTE) this.#isInText = true
      else this.#note(byte)
      this.#at++
    }
  }

  #note(byte: number): void {
    switch (byte) {
      case BRACE:
      case BRACKET:
        if (this.#depth === 0) this.#isOuterObject = byte === BRACE
        this.#depth++
        if (this.#depth === 2 && byte === BRACKET && this.#isOuterObject) {
          this.#elementFrom = this.#at + 1
        }
        return
      case COMMA:
        if (this.#depth === 2 && this.#elementFrom !== undefined) this.#endElement(false)
        return
      case BRACE_END:
      case BRACKET_END:
        if (this.#depth === 2 && this.#elementFrom !== undefined) this.#endElement(true)
        this.#depth--
    }
  }

  #endElement(isLast: boolean): void {
    const from = this.#elementFrom!
    const bytes = this.#body.subarray(from, this.#at)
    this.#elementFrom = isLast ? undefined : this.#at + 1
    const isEmptyList = isLast && this.#body[from - 1] === BRACKET && isBlank(bytes)
    if (isEmptyList) return
    this.#outside.push(
      this.#body.subarray(this.#outsideFrom, from),
      Buffer.from(String(this.elements.length)),
    )
    this.#outsideFrom = this.#at
    this.elements.push(bytes)
    if (this.elements.length > this.#elementsMax) {
      const detail = `links must have at most ${this.#elementsMax} items`
      throw new TinygridError('invalid_field', { detail, field: 'links' })
    }
  }
}

/** What is blank for long is no empty list, but too long for an element. */
function isBlank(bytes: Buffer): boolean {
  if (bytes.length > PARSED_BYTES_MAX) return false
  return bytes.every((byte) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09)
}
