/**
 * The text of an input, decoded strictly: what is not in its encoding stops the command.
 *
 * Used by the link reader. UTF-8 unless named otherwise; a byte order mark at the start says it too,
 * and is taken off. A decoder that puts U+FFFD in place of what it cannot read would change targets
 * and titles without a word, so the first wrong byte is told by its line and column instead.
 *
 * Rejected: guessing the encoding, which is right most of the time.
 */
import { CommandError } from './command-error.ts'

/** As Node's TextDecoder reads them: latin1 is a name for windows-1252, as on the web. */
export const ENCODINGS = ['utf-8', 'utf-16le', 'windows-1252', 'latin1'] as const
export type TextEncoding = (typeof ENCODINGS)[number]

const BYTE_ORDER_MARK = '\uFEFF'
const MARKS = [
  { bytes: Buffer.from([0xef, 0xbb, 0xbf]), encoding: 'utf-8' },
  { bytes: Buffer.from([0xff, 0xfe]), encoding: 'utf-16le' },
  { bytes: Buffer.from([0xfe, 0xff]), encoding: 'utf-16be' },
] as const
const MARK_BYTES_MAX = 3

export function isEncoding(text: string): text is TextEncoding {
  return (ENCODINGS as readonly string[]).includes(text)
}

/** @throws CommandError where the bytes are not of the encoding */
export async function* decodeText(
  chunks: AsyncIterable<Buffer>,
  named?: TextEncoding,
): AsyncGenerator<string> {
  let decoding: Decoding | undefined
  let head: Buffer = Buffer.alloc(0)
  for await (const chunk of chunks) {
    head = decoding === undefined ? Buffer.concat([head, chunk]) : chunk
    if (decoding === undefined && head.length < MARK_BYTES_MAX) continue
    decoding ??= new Decoding(encodingOf(head, named))
    yield decoding.add(head)
    head = Buffer.alloc(0)
  }
  decoding ??= new Decoding(encodingOf(head, named))
  yield decoding.end(head)
}

/** What the beginning of an input says, or its user. */
export function encodingOf(head: Buffer, named?: TextEncoding): TextEncoding {
  const marked = MARKS.find(({ bytes }) => head.subarray(0, bytes.length).equals(bytes))?.encoding
  if (marked === undefined) return named ?? unmarked(head)
  if (marked === 'utf-16be') {
    throw new CommandError('The input is big-endian UTF-16, which is not read: save it as UTF-8')
  }
  if (named === undefined || named === marked) return marked
  throw new CommandError(`The input is ${marked} by its byte order mark, not ${named}`)
}

/** A zero in one of the first two bytes: text in UTF-16, which would pass for odd UTF-8. */
function unmarked(head: Buffer): TextEncoding {
  if (head[0] !== 0 && head[1] !== 0) return 'utf-8'
  throw new CommandError(
    'Line 1, column 1: a zero byte is no text; if the input is UTF-16, say --encoding utf-16le',
  )
}

/** One decoding from the first byte to the last, which knows where it is. */
class Decoding {
  readonly #encoding: TextEncoding
  readonly #decoder: TextDecoder
  /** Bytes at the end of what came that are the beginning of a character. */
  #carry: Buffer = Buffer.alloc(0)
  #isFirst = true
  #line = 1
  #column = 1
  #isAfterReturn = false

  constructor(encoding: TextEncoding) {
    this.#encoding = encoding
    this.#decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true })
  }

  add(bytes: Buffer): string {
    return this.#decode(bytes, true)
  }

  end(bytes: Buffer): string {
    return this.#decode(bytes, false)
  }

  #decode(bytes: Buffer, stream: boolean): string {
    const all = Buffer.concat([this.#carry, bytes])
    let text: string
    try {
      text = this.#decoder.decode(bytes, { stream })
    } catch {
      throw this.#refused(all)
    }
    this.#carry = all.subarray(this.#bytesOf(text))
    if (this.#isFirst && text.startsWith(BYTE_ORDER_MARK)) text = text.slice(1)
    if (text !== '') this.#isFirst = false
    this.#pass(text)
    return text
  }

  #bytesOf(text: string): number {
    if (this.#encoding === 'utf-8') return Buffer.byteLength(text)
    return this.#encoding === 'utf-16le' ? text.length * 2 : text.length
  }

  #pass(text: string): void {
    let start = this.#isAfterReturn && text.startsWith('\n') ? 1 : 0
    const first = start
    for (const { 0: end, index } of text.matchAll(LINE_END)) {
      if (index < first) continue
      this.#line++
      this.#column = 1
      start = index + end.length
    }
    this.#column += text.length - start
    if (text !== '') this.#isAfterReturn = text.endsWith('\r')
  }

  /** The decoder tells only that it failed; where, shows in what a lenient one cannot give back. */
  #refused(bytes: Buffer): CommandError {
    const whole = new TextDecoder(this.#encoding, { ignoreBOM: true })
    let at = 0
    for (const part of whole.decode(bytes).split(REPLACEMENT)) {
      this.#pass(at === 0 && this.#isFirst ? part.replace(BYTE_ORDER_MARK, '') : part)
      at += this.#bytesOf(part)
      const length = this.#bytesOf(REPLACEMENT)
      if (!this.#isReplacement(bytes.subarray(at, at + length))) break
      this.#pass(REPLACEMENT)
      at += length
    }
    const byte = bytes[at]?.toString(16).padStart(2, '0') ?? '??'
    return new CommandError(
      `Line ${this.#line}, column ${this.#column}: byte 0x${byte} is not ${this.#encoding}. ` +
        `If the input has another encoding, name it by --encoding (${ENCODINGS.join(', ')})`,
    )
  }

  #isReplacement(bytes: Buffer): boolean {
    const encoding = this.#encoding === 'utf-16le' ? 'utf16le' : 'utf8'
    return Buffer.from(REPLACEMENT, encoding).equals(bytes)
  }
}

const REPLACEMENT = '\uFFFD'
export const LINE_END = /\r\n?|\n/g
