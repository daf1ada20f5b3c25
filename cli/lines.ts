/**
 * Lines of a text that comes in pieces, each with its number and the bytes read up to its end.
 *
 * CRLF, LF and CR each end a line, mixed too. Bounded: a line past LINE_BYTES_MAX is passed over and
 * told as such, so a file without line breaks does not end up in memory. Rejected: node:readline,
 * which has no bound and no offsets.
 */
import { LINE_END } from './text-decoding.ts'

/** Above the longest link: 32 KB of URL, as much of options, a title, ten tags. In UTF-8. */
export const LINE_BYTES_MAX = 128 * 1024

export interface Line {
  /** From 1. */
  readonly number: number
  /** undefined: the line is longer than LINE_BYTES_MAX. */
  readonly text: string | undefined
  /** Bytes of the text, in UTF-8, up to and with this line's end. */
  readonly endByte: number
}

export async function* splitLines(pieces: AsyncIterable<string>): AsyncGenerator<Line> {
  const line = new OpenLine()
  let number = 0
  let endByte = 0
  let isAfterReturn = false
  for await (const piece of pieces) {
    if (piece === '') continue
    // The other half of a line end that was cut in two.
    const first = isAfterReturn && piece.startsWith('\n') ? 1 : 0
    endByte += first
    let start = first
    for (const { 0: end, index } of piece.matchAll(LINE_END)) {
      if (index < first) continue
      line.add(piece.slice(start, index))
      endByte += line.bytes + end.length
      yield { number: ++number, text: line.take(), endByte }
      start = index + end.length
    }
    line.add(piece.slice(start))
    isAfterReturn = piece.endsWith('\r')
  }
  if (line.bytes > 0) yield { number: number + 1, endByte: endByte + line.bytes, text: line.take() }
}

/** The line that is being gathered. Invariant: holds at most LINE_BYTES_MAX bytes. */
class OpenLine {
  bytes = 0
  #text = ''

  add(part: string): void {
    this.bytes += Buffer.byteLength(part)
    this.#text = this.bytes <= LINE_BYTES_MAX ? this.#text + part : ''
  }

  take(): string | undefined {
    const text = this.bytes <= LINE_BYTES_MAX ? this.#text : undefined
    this.bytes = 0
    this.#text = ''
    return text
  }
}
