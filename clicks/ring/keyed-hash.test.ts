import test from 'ava'
import { KeyedHash } from './keyed-hash.ts'

const KEY = Uint8Array.from({ length: 16 }, (_, at) => at)

/** The reference's vectors for messages 00 01 02 ... of a length. */
const VECTORS = [
  [0, '726fdb47dd0e0e31'],
  [1, '74f839c593dc67fd'],
  [7, 'ab0200f58b01d137'],
  [8, '93f5f5799a932462'],
  [15, 'a129ca6149be45e5'],
] as const

for (const [length, expected] of VECTORS) {
  test(`the hash of ${length} bytes is that of the reference`, (t) => {
    const text = String.fromCharCode(...Array.from({ length }, (_, at) => at))
    t.is(hex(new KeyedHash(KEY).ofText(text)), expected)
  })
}

test('a pair of hashes is hashed as the 16 bytes that they are', (t) => {
  const hash = new KeyedHash(KEY)
  const bytes = Buffer.from('8877665544332211ffeeddccbbaa0099', 'hex')
  const a = { low: bytes.readInt32LE(0), high: bytes.readInt32LE(4) }
  const b = { low: bytes.readInt32LE(8), high: bytes.readInt32LE(12) }
  t.deepEqual(hash.ofPair(a, b), hash.ofText(bytes.toString('latin1')))
})

test('another key gives another hash', (t) => {
  const other = new KeyedHash(KEY.map((byte) => byte ^ 1))
  t.notDeepEqual(new KeyedHash(KEY).ofText('1.2.3.4'), other.ofText('1.2.3.4'))
})

function hex({ high, low }: { high: number; low: number }): string {
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0')
}
