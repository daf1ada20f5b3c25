/**
 * Bytes that are read one value after the other, strictly.
 *
 * Used by the reader of click batches. What ends too early or is no number or text throws; nothing
 * is made that the bytes at hand do not pay for.
 */
import { unreadable } from './batch-layout.ts'

const NUMBER_MAX = Number.MAX_SAFE_INTEGER

export class ByteSource {
  readonly #bytes: Buffer
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  byte(): number {
    if (this.#at >= this.#bytes.length) throw endsEarly()
    return this.#bytes[this.#at++]!
  }

  number(max = NUMBER_MAX): number {
    let value = 0
    for (let unit = 1; ; unit *= 128) {
      const byte = this.byte()
      value += (byte & 127) * unit
      if (value > max) throw unreadable(`${value} is more than ${max}`)
      if (byte < 128) {
        if (byte === 0 && unit > 1) throw unreadable('a number is longer than it must be')
        return value
      }
    }
  }

  /** How many things follow, each of which takes a byte at least. */
  count(max: number): number {
    return this.number(Math.min(max, this.#bytes.length - this.#at))
  }

  text(): string {
    const bytes = this.take(this.number())
    try {
      return this.#decoder.decode(bytes)
    } catch {
      throw unreadable('a text is no UTF-8')
    }
  }

  take(count: number): Buffer {
    if (count > this.#bytes.length - this.#at) throw endsEarly()
    this.#at += count
    return this.#bytes.subarray(this.#at - count, this.#at)
  }

  /** @throws if there is more */
  end(): void {
    if (this.#at < this.#bytes.length) throw unreadable('more follows than belongs to it')
  }
}

function endsEarly(): Error {
  return unreadable('it ends too early')
}
