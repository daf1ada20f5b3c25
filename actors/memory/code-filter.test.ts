/** A filter forgets no code, however it grows, and takes few others for codes that it has. */
import test from 'ava'
import * as fc from 'fast-check'
import type { Code } from '../../links/ids.ts'
import { Ring } from '../../links/ring.ts'
import { CodeFilter, FALSE_SHARE_MAX } from './code-filter.ts'

const ring = new Ring(256)
const RANGE = ring.rangeOf(ring.partitionOf('abc' as Code))

/** The first codes of one partition, as a filter has them: the upper bits of their hashes agree. */
function codes(count: number, prefix = 'c'): Code[] {
  const found: Code[] = []
  for (let number = 0; found.length < count; number++) {
    const code = `${prefix}${number.toString(36)}` as Code
    if (ring.rangeOf(ring.partitionOf(code)).first === RANGE.first) found.push(code)
  }
  return found
}

test('no code is ever forgotten, whatever was added before and after, by text or by bytes', (t) => {
  const code = fc.string({
    unit: fc.constantFrom('a', 'b', 'X', 'Y', '0', '9', '-', '_'),
    minLength: 1,
    maxLength: 32,
  })
  const property = fc.property(
    fc.integer({ min: 0, max: 300 }),
    fc.array(fc.record({ code, byBytes: fc.boolean() }), { maxLength: 1_000, size: 'max' }),
    (expected, additions) => {
      const filter = new CodeFilter(expected)
      for (const addition of additions) {
        const bytes = Buffer.from(`<${addition.code}>`, 'latin1')
        if (addition.byBytes) filter.addBytes(bytes, 1, bytes.length - 1)
        else filter.add(addition.code as Code)
        if (!filter.mayHave(addition.code as Code)) return false
      }
      return additions.every((addition) => filter.mayHave(addition.code as Code))
    },
  )
  fc.assert(property, { numRuns: 60 })
  t.pass()
})

const given = codes(6_000)
const others = codes(20_000, 'never-')

for (const [what, expected, bytesPerCode] of [
  ['made for as many codes as there are', 6_000, 2.05],
  ['that is full', 4_800, 1.65],
  ['that has doubled once', 3_600, 2.65],
  ['that has doubled five times', 150, 4.6],
  ['made for none', 0, 5.1],
] as const) {
  test(`a filter ${what} errs seldom and is small`, (t) => {
    const filter = new CodeFilter(expected)
    for (const code of given) filter.add(code)
    t.true(given.every((code) => filter.mayHave(code)))
    const errors = others.filter((code) => filter.mayHave(code)).length
    t.log({ errors: errors / others.length, bytesPerCode: filter.bytes / given.length })
    t.true(errors <= others.length * FALSE_SHARE_MAX, `${errors} of ${others.length}`)
    t.true(filter.bytes <= bytesPerCode * given.length, `${filter.bytes / given.length} B`)
    t.true(filter.codes > 0.98 * given.length && filter.codes <= given.length)
  })
}

test('a code that is added again changes nothing', (t) => {
  const filter = new CodeFilter(10)
  for (let round = 0; round < 1_000; round++) filter.add('again' as Code)
  t.is(filter.codes, 1)
  t.true(filter.bytes < 200)
})
