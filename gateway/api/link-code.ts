/**
 * The codes to try for a link, in order: the pure half of giving a code.
 *
 * Used by `link-creation.ts`, which asks the owner about one after the other. A plain link's code
 * follows from its URL: a window of the wanted length slides over the URL's digest, so the same URL
 * meets the same codes again and is found instead of stored twice. After WINDOWS_MAX windows, and
 * for links that want a code of their own, codes are random; each few of them longer than the last,
 * so that a code is found even where short ones have run out.
 *
 * Rejected: a counter, whose codes can be guessed and need one place that counts.
 */
import { hash } from 'node:crypto'
import { CODE_LENGTH_MAX, type Code } from '../../links/ids.ts'
import { isReserved } from '../../links/reserved-codes.ts'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const BASE = ALPHABET.length

export const WINDOWS_MAX = 10
const RANDOM_TRIES_PER_LENGTH = 4
const RANDOM_TRIES_MAX = 20

/** Fills the bytes with randomness; a cryptographic source, because codes must not be guessed. */
export type RandomBytes = (size: number) => Uint8Array

/** Codes that follow from the URL, at most WINDOWS_MAX. */
export function* codesOfUrl(url: string, length: number): Generator<Code, void, undefined> {
  let digits = base62Digest(url, length)
  for (let start = 0; start < WINDOWS_MAX; start++) {
    // As a rule the first window is all that is asked for.
    if (start === 1) digits = base62Digest(url, length + WINDOWS_MAX - 1)
    const code = digits.slice(start, start + length)
    if (!isReserved(code)) yield code as Code
  }
}

/** Random codes: RANDOM_TRIES_MAX of them, of `length` and then longer. */
export function* randomCodes(
  length: number,
  randomBytes: RandomBytes,
): Generator<Code, void, undefined> {
  for (let tries = 0; tries < RANDOM_TRIES_MAX; tries++) {
    const longer = length + Math.floor(tries / RANDOM_TRIES_PER_LENGTH)
    const code = randomCode(Math.min(longer, CODE_LENGTH_MAX), randomBytes)
    if (!isReserved(code)) yield code as Code
  }
}

/**
 * The first `count` digits of the SHA-256 digest read as a number in base 62, lowest first. Beyond
 * its 42 whole digits the digest of the digest goes on.
 */
export function base62Digest(text: string, count: number): string {
  // A character for each byte: a buffer takes three times as long to make as the digest.
  const bytes = hash('sha256', text, 'latin1')
  const limbs = new Uint16Array(bytes.length / 2)
  for (let at = 0; at < limbs.length; at++) {
    limbs[at] = (bytes.charCodeAt(at * 2) << 8) | bytes.charCodeAt(at * 2 + 1)
  }
  let digits = ''
  while (digits.length < Math.min(count, DIGEST_DIGITS)) digits += takeDigits(limbs)
  if (digits.length >= count) return digits.slice(0, count)
  const hex = Buffer.from(bytes, 'latin1').toString('hex')
  return digits + base62Digest(hex, count - digits.length)
}

/** Digits that one pass over the limbs gives: 62 ** 6 * 2 ** 16 is still an exact number. */
const DIGITS_PER_PASS = 6
const DIVISOR = BASE ** DIGITS_PER_PASS
/** 256 bits are 43 digits; those of the last, unfinished pass are left out. */
const DIGEST_DIGITS = 42

/** Divides the number in `limbs` (16 bits each, highest first) by DIVISOR; the rest as digits. */
function takeDigits(limbs: Uint16Array): string {
  let rest = 0
  for (let at = 0; at < limbs.length; at++) {
    const value = rest * 0x10000 + limbs[at]!
    const quotient = Math.floor(value / DIVISOR)
    limbs[at] = quotient
    rest = value - quotient * DIVISOR
  }
  let digits = ''
  for (let n = 0; n < DIGITS_PER_PASS; n++) {
    digits += ALPHABET[rest % BASE]
    rest = Math.floor(rest / BASE)
  }
  return digits
}

/** Bytes from here on would make some digits likelier than others. */
const FAIR_BYTE_MAX = 256 - (256 % BASE)

function randomCode(length: number, randomBytes: RandomBytes): string {
  let code = ''
  while (code.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < FAIR_BYTE_MAX && code.length < length) code += ALPHABET[byte % BASE]
    }
  }
  return code
}
