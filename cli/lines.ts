/**
 * Lines of a byte stream, each with its number and the bytes read up to its end.
 *
 * Bounded: a line past LINE_BYTES_MAX is passed over and told as such, so a file without line
 * breaks does not end up in memory. Rejected: node:readline, which has no bound and no offsets.
 */

/** Far above the longest link: 4 KiB of URL, a title, ten tags. */
export const LINE_BYTES_MAX = 64 * 1024

export interface Line {
  /** From 1. */
  readonly number: number
  /** undefined: the line is longer than LINE_BYTES_MAX. */
  readonly text: string | undefined
  /** Bytes of the stream up to and with this line's end. */
  readonly endByte: number
}

const NEWLINE = 0x0a
const BYTE_ORDER_MARK = '\uFEFF'

export async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  const line = new OpenLine()
  let number = 0
  let endByte = 0
  for await (const chunk of chunks) {
    let start = 0
    for (let end; (end = chunk.indexOf(NEWLINE, start)) !== -1; start = end + 1) {
      line.add(chunk.subarray(start, end))
      number++
      endByte += end + 1 - start
      yield { number, text: line.take(number), endByte }
    }
    line.add(chunk.subarray(start))
    endByte += chunk.length - start
  }
  if (line.bytes > 0) yield { number: number + 1, text: line.take(number + 1), endByte }
}

/** The line that is being gathered. Invariant: holds at most LINE_BYTES_MAX bytes. */
class OpenLine {
  bytes = 0
  #parts: Buffer[] = []

  add(part: Buffer): void {
    this.bytes += part.length
    if (this.bytes <= LINE_BYTES_MAX) this.#parts.push(part)
    else this.#parts = []
  }

  take(number: number): string | undefined {
    const text = this.bytes <= LINE_BYTES_MAX ? Buffer.concat(this.#parts).toString() : undefined
    this.bytes = 0
    this.#parts = []
    const withoutReturn = text?.endsWith('\r') ? text.slice(0, -1) : text
    return number === 1 && withoutReturn?.startsWith(BYTE_ORDER_MARK)
      ? withoutReturn.slice(1)
      : withoutReturn
  }
}
