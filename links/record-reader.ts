/** Reads the optional fields of a link's record in the order in which they were written (`link-record.ts`). */
import type { EpochMs } from './ids.ts'

export class RecordReader {
  readonly #bytes: Buffer
  #at: number

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes
    this.#at = at
  }

  /** Where what was not read begins. */
  get at(): number {
    return this.#at
  }

  u16(): number {
    return this.#bytes.readUInt16BE(this.#advance(2))
  }

  u32(): number {
    return this.#bytes.readUInt32BE(this.#advance(4))
  }

  time(): EpochMs {
    return this.#bytes.readUIntBE(this.#advance(6), 6) as EpochMs
  }

  text(length: number): string {
    const start = this.#advance(length)
    return this.#bytes.toString('utf8', start, start + length)
  }

  tags(): string[] {
    const count = this.#bytes.readUInt8(this.#advance(1))
    return Array.from({ length: count }, () => this.text(this.#bytes.readUInt8(this.#advance(1))))
  }

  #advance(length: number): number {
    const at = this.#at
    this.#at += length
    return at
  }
}
