/**
 * SipHash-2-4: a keyed hash of 64 bits for short messages.
 *
 * Used for visitors: whoever does not know the key, which is the salt of a day, cannot tell of an
 * address which visitor it was, not even by trying all addresses; once the salt is deleted, nobody can.
 * It is here in JavaScript because a call into node:crypto costs more than the rest of a click.
 *
 * Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012; numbers of 64 bits are
 * pairs of 32 here.
 */
import assert from 'node:assert/strict'

export const KEY_BYTES = 16

export interface Bits64 {
  readonly high: number
  readonly low: number
}

export class KeyedHash {
  readonly #k0: Bits64
  readonly #k1: Bits64
  // v0 to v3 of the paper, high and low.
  #h0 = 0
  #l0 = 0
  #h1 = 0
  #l1 = 0
  #h2 = 0
  #l2 = 0
  #h3 = 0
  #l3 = 0

  constructor(key: Uint8Array) {
    assert.equal(key.length, KEY_BYTES)
    const bytes = Buffer.from(key)
    this.#k0 = { low: bytes.readInt32LE(0), high: bytes.readInt32LE(4) }
    this.#k1 = { low: bytes.readInt32LE(8), high: bytes.readInt32LE(12) }
  }

  /** Of characters up to U+00FF each stands for a byte, of others the lower half. */
  ofText(text: string): Bits64 {
    this.#begin()
    const whole = text.length & ~7
    for (let at = 0; at < whole; at += 8) this.#block(word(text, at + 4), word(text, at))
    this.#block(word(text, whole + 4) | (text.length << 24), word(text, whole))
    return this.#end()
  }

  /** Of two hashes together. */
  ofPair(a: Bits64, b: Bits64): Bits64 {
    this.#begin()
    this.#block(a.high, a.low)
    this.#block(b.high, b.low)
    this.#block(16 << 24, 0)
    return this.#end()
  }

  #begin(): void {
    this.#h0 = this.#k0.high ^ 0x736f6d65
    this.#l0 = this.#k0.low ^ 0x70736575
    this.#h1 = this.#k1.high ^ 0x646f7261
    this.#l1 = this.#k1.low ^ 0x6e646f6d
    this.#h2 = this.#k0.high ^ 0x6c796765
    this.#l2 = this.#k0.low ^ 0x6e657261
    this.#h3 = this.#k1.high ^ 0x74656462
    this.#l3 = this.#k1.low ^ 0x79746573
  }

  #block(high: number, low: number): void {
    this.#h3 ^= high
    this.#l3 ^= low
    this.#rounds(2)
    this.#h0 ^= high
    this.#l0 ^= low
  }

  #end(): Bits64 {
    this.#l2 ^= 0xff
    this.#rounds(4)
    return {
      high: (this.#h0 ^ this.#h1 ^ this.#h2 ^ this.#h3) >>> 0,
      low: (this.#l0 ^ this.#l1 ^ this.#l2 ^ this.#l3) >>> 0,
    }
  }

  #rounds(count: number): void {
    let [h0, l0, h1, l1] = [this.#h0, this.#l0, this.#h1, this.#l1]
    let [h2, l2, h3, l3] = [this.#h2, this.#l2, this.#h3, this.#l3]
    let low = 0
    let turned = 0
    for (let round = 0; round < count; round++) {
      low = (l0 >>> 0) + (l1 >>> 0) // v0 += v1
      h0 = (h0 + h1 + (low > MAX_32 ? 1 : 0)) | 0
      l0 = low | 0
      turned = (h1 << 13) | (l1 >>> 19) // v1 <<< 13, ^ v0
      l1 = ((l1 << 13) | (h1 >>> 19)) ^ l0
      h1 = turned ^ h0
      turned = h0 // v0 <<< 32
      h0 = l0
      l0 = turned
      low = (l2 >>> 0) + (l3 >>> 0) // v2 += v3
      h2 = (h2 + h3 + (low > MAX_32 ? 1 : 0)) | 0
      l2 = low | 0
      turned = (h3 << 16) | (l3 >>> 16) // v3 <<< 16, ^ v2
      l3 = ((l3 << 16) | (h3 >>> 16)) ^ l2
      h3 = turned ^ h2
      low = (l0 >>> 0) + (l3 >>> 0) // v0 += v3
      h0 = (h0 + h3 + (low > MAX_32 ? 1 : 0)) | 0
      l0 = low | 0
      turned = (h3 << 21) | (l3 >>> 11) // v3 <<< 21, ^ v0
      l3 = ((l3 << 21) | (h3 >>> 11)) ^ l0
      h3 = turned ^ h0
      low = (l2 >>> 0) + (l1 >>> 0) // v2 += v1
      h2 = (h2 + h1 + (low > MAX_32 ? 1 : 0)) | 0
      l2 = low | 0
      turned = (h1 << 17) | (l1 >>> 15) // v1 <<< 17, ^ v2
      l1 = ((l1 << 17) | (h1 >>> 15)) ^ l2
      h1 = turned ^ h2
      turned = h2 // v2 <<< 32
      h2 = l2
      l2 = turned
    }
    this.#h0 = h0
    this.#l0 = l0
    this.#h1 = h1
    this.#l1 = l1
    this.#h2 = h2
    this.#l2 = l2
    this.#h3 = h3
    this.#l3 = l3
  }
}

const MAX_32 = 0xffff_ffff

/** Four bytes, little-endian; what is behind the end is 0. */
function word(text: string, at: number): number {
  return (
    byte(text, at) |
    (byte(text, at + 1) << 8) |
    (byte(text, at + 2) << 16) |
    (byte(text, at + 3) << 24)
  )
}

function byte(text: string, at: number): number {
  return at < text.length ? text.charCodeAt(at) & 0xff : 0
}
