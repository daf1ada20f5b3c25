import test from 'ava'
import fc from 'fast-check'
import { hashCode, hashCodeBytes } from './hash.ts'
import type { Code } from './ids.ts'
import { isPartitionCount, Ring } from './ring.ts'

const anyRing = fc.integer({ min: 4, max: 12 }).map((bits) => new Ring(2 ** bits))
const anyCode = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/).map((code) => code as Code)
const anyHash = fc.integer({ min: 0, max: 2 ** 32 - 1 })

test('every hash belongs to exactly the partition whose range holds it', (t) => {
  const property = fc.property(anyRing, anyHash, (ring, hash) => {
    const { first, last } = ring.rangeOf(ring.partitionOfHash(hash))
    t.true(first <= hash && hash <= last)
  })
  fc.assert(property)
})

test('the ranges follow each other without a gap and cover the ring', (t) => {
  for (const partitions of [16, 256, 4096]) {
    const ring = new Ring(partitions)
    let next = 0
    for (const partition of ring.all()) {
      const { first, last } = ring.rangeOf(partition)
      t.is(first, next)
      next = last + 1
    }
    t.is(next, 2 ** 32)
  }
})

test('a code has the same hash as text and as bytes', (t) => {
  const property = fc.property(anyCode, (code) => {
    const bytes = Buffer.from(`/${code} HTTP`)
    t.is(hashCodeBytes(bytes, 1, 1 + code.length), hashCode(code))
  })
  fc.assert(property)
})

test('codes that differ by a counter spread evenly over 256 partitions', (t) => {
  const ring = new Ring(256)
  const counts = new Uint32Array(256)
  const codes = 256 * 1000
  for (let i = 0; i < codes; i++) counts[ring.partitionOf(i.toString(36) as Code)]!++
  const chiSquare = counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)
  // 255 degrees of freedom: above 350 is less likely than one in 10,000 for a uniform hash.
  t.true(chiSquare < 350, `chi-square ${chiSquare}`)
})

test('the hash is part of the stored format and stays what it is', (t) => {
  t.deepEqual(
    ['a', 'abc1234', '-_Zz09'].map((code) => hashCode(code as Code)),
    [444_641_715, 625_194_423, 1_173_230_826],
  )
})

test('only powers of two from 16 to 4,096 are numbers of partitions', (t) => {
  const accepted = Array.from({ length: 5000 }, (_, count) => count).filter(isPartitionCount)
  t.deepEqual(accepted, [16, 32, 64, 128, 256, 512, 1024, 2048, 4096])
  t.false(isPartitionCount(16.5))
})
