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
import { CODE_LENGTH_MAX, type PlainCode } from '../../links/ids.ts'
import type { CodeCase } from '../../links/code-case.ts'
import { isReserved } from '../../links/reserved-codes.ts'

/** Digits of one pass over the limbs of a digest: 62 ** 6 * 2 ** 16 is still an exact number. */
const DIGITS_PER_PASS = 6

/** What codes are made of. */
interface Alphabet {
  readonly digits: string
  readonly divisor: number
  /** Of the 256 bits of a digest; those of the last, unfinished pass are left out. */
  readonly digestDigits: number
  /** Bytes from here on would make some digits likelier than others. */
  readonly fairByteMax: number
}

function alphabetOf(digits: string, digestDigits: number): Alphabet {
  const base = digits.length
  return {
    digits,
    divisor: base ** DIGITS_PER_PASS,
    digestDigits,
    fairByteMax: 256 - (256 % base),
  }
}

const SMALL = '0123456789abcdefghijklmnopqrstuvwxyz'
const ALPHABETS: Readonly<Record<CodeCase, Alphabet>> = {
  sensitive: alphabetOf('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz', 42),
  insensitive: alphabetOf(SMALL, 48),
}

export const WINDOWS_MAX = 10
const RANDOM_TRIES_PER_LENGTH = 4
const RANDOM_TRIES_MAX = 20

/** Fills the bytes with randomness; a cryptographic source, because codes must not be guessed. */
export type RandomBytes = (size: number) => Uint8Array

/** Codes that follow from the URL, at most WINDOWS_MAX. */
export function* codesOfUrl(
  url: string,
  length: number,
  codeCase: CodeCase = 'sensitive',
): Generator<PlainCode, void, undefined> {
  let digits = digestOf(url, length, codeCase)
  for (let start = 0; start < WINDOWS_MAX; start++) {
    // As a rule the first window is all that is asked for.
    if (start === 1) digits = digestOf(url, length + WINDOWS_MAX - 1, codeCase)
    const code = digits.slice(start, start + length)
    if (!isReserved(code)) yield code as PlainCode
  }
}

/** Random codes: RANDOM_TRIES_MAX of them, of `length` and then longer. */
export function* randomCodes(
  length: number,
  randomBytes: RandomBytes,
  codeCase: CodeCase = 'sensitive',
): Generator<PlainCode, void, undefined> {
  const alphabet = ALPHABETS[codeCase]
  for (let tries = 0; tries < RANDOM_TRIES_MAX; tries++) {
    const longer = length + Math.floor(tries / RANDOM_TRIES_PER_LENGTH)
    const code = randomCode(Math.min(longer, CODE_LENGTH_MAX), randomBytes, alphabet)
    if (!isReserved(code)) yield code as PlainCode
  }
}

/**
 * The first `count` digits of the SHA-256 digest read as a number in base 62, or 36 without capital
 * letters, lowest first. Beyond its whole digits the digest of the digest goes on.
 */
export function digestOf(text: string, count: number, codeCase: CodeCase): string {
  const alphabet = ALPHABETS[codeCase]
  // A character for each byte: a buffer takes three times as long to make as the digest.
  const bytes = hash('sha256', text, 'latin1')
  const limbs = new Uint16Array(bytes.length / 2)
  for (let at = 0; at < limbs.length; at++) {
    limbs[at] = (bytes.charCodeAt(at * 2) << 8) | bytes.charCodeAt(at * 2 + 1)
  }
  let digits = ''
  const whole = Math.min(count, alphabet.digestDigits)
  while (digits.length < whole) digits += takeDigits(limbs, alphabet)
  if (digits.length >= count) return digits.slice(0, count)
  const hex = Buffer.from(bytes, 'latin1').toString('hex')
  return digits + digestOf(hex, count - digits.length, codeCase)
}

/** Divides the number in `limbs` (16 bits each, highest first) by the divisor; the rest as digits. */
function takeDigits(limbs: Uint16Array, { digits: all, divisor }: Alphabet): string {
  let rest = 0
  for (let at = 0; at < limbs.length; at++) {
    const value = rest * 0x10000 + limbs[at]!
    const quotient = Math.floor(value / divisor)
    limbs[at] = quotient
    rest = value - quotient * divisor
  }
  let digits = ''
  for (let n = 0; n < DIGITS_PER_PASS; n++) {
    digits += all[rest % all.length]
    rest = Math.floor(rest / all.length)
  }
  return digits
}

function randomCode(
  length: number,
  randomBytes: RandomBytes,
  { digits, fairByteMax }: Alphabet,
): string {
  let code = ''
  while (code.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < fairByteMax && code.length < length) code += digits[byte % digits.length]
    }
  }
  return code
}
