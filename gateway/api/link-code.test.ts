import test from 'ava'
import * as fc from 'fast-check'
import { codesOfUrl, digestOf, randomCodes, WINDOWS_MAX } from './link-code.ts'
import { isReserved } from '../../links/reserved-codes.ts'

const LENGTH = 7

test('the same URL has the same codes, and another URL has others', (t) => {
  fc.assert(
    fc.property(fc.webUrl(), fc.webUrl(), (one, other) => {
      t.deepEqual([...codesOfUrl(one, LENGTH)], [...codesOfUrl(one, LENGTH)])
      if (one !== other)
        t.notDeepEqual([...codesOfUrl(one, LENGTH)], [...codesOfUrl(other, LENGTH)])
    }),
  )
})

test('the codes of a URL are windows slid over its digest', (t) => {
  const url = 'https://example.com/'
  const digest = digestOf(url, LENGTH + WINDOWS_MAX - 1, 'sensitive')
  const codes = [...codesOfUrl(url, LENGTH)]
  t.is(codes.length, WINDOWS_MAX)
  for (const [at, code] of codes.entries()) t.is(String(code), digest.slice(at, at + LENGTH))
})

test('the codes of a URL stay what they are: links are found by them', (t) => {
  const codes = [...codesOfUrl('https://example.com/', LENGTH)].map(String)
  t.deepEqual(codes.slice(0, 3), KNOWN_CODES)
})

const KNOWN_CODES = ['BitZUQ7', 'itZUQ78', 'tZUQ78D']

test('any length of code can be asked for', (t) => {
  for (const length of [1, 4, 32, 64]) {
    const codes = [...codesOfUrl('https://example.com/', length), ...randomCodes(length, zeros)]
    for (const code of codes) t.regex(code, /^[0-9A-Za-z]{1,64}$/)
    t.is(codes[0]?.length, length)
  }
})

test('the digest is a number in base 62', (t) => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 200 }), (text, count) => {
      const digits = digestOf(text, count, 'sensitive')
      t.is(digits.length, count)
      t.true(digestOf(text, 200, 'sensitive').startsWith(digits))
      t.regex(digits, /^[0-9A-Za-z]+$/)
    }),
  )
})

test('random codes use every character about as often', (t) => {
  const counts = new Map<string, number>()
  let seed = 1
  const bytes = (size: number) =>
    Uint8Array.from({ length: size }, () => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
      return seed >>> 24
    })
  for (let n = 0; n < 500; n++) {
    for (const code of randomCodes(LENGTH, bytes)) {
      for (const character of code) counts.set(character, (counts.get(character) ?? 0) + 1)
    }
  }
  t.is(counts.size, 62)
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
  for (const [character, count] of counts) {
    t.true(Math.abs(count / total - 1 / 62) < 0.003, `${character}: ${count} of ${total}`)
  }
})

test('random codes become longer where short ones have run out', (t) => {
  const lengths = [...randomCodes(4, zeros)].map((code) => code.length)
  t.is(lengths[0], 4)
  t.true(lengths.at(-1)! > 4)
})

test('a reserved word is never a code, in any case', (t) => {
  const spelled = new TextEncoder().encode('metrics')
  const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
  const bytes = () => spelled.map((byte) => alphabet.indexOf(String.fromCharCode(byte)))
  const codes = [...randomCodes(7, bytes)]
  t.true(codes.length > 0)
  for (const code of codes) t.not(code, 'metrics')
  for (const word of ['api', 'API', 'Health', '__proto__', 'docs']) t.true(isReserved(word))
  t.false(isReserved('apis'))
})

const zeros = (size: number) => new Uint8Array(size)
