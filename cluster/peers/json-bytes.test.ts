import test from 'ava'
import * as fc from 'fast-check'
import { jsonBytesMax } from './json-bytes.ts'

test('the longest numbers are counted with their commas', (t) => {
  const numbers = Array.from({ length: 5 }, () => -2.2250738585072014e-308)
  t.true(JSON.stringify(numbers).length <= jsonBytesMax(numbers))
})

test('whatever a call holds takes no more as JSON than is counted for it', (t) => {
  const text = fc
    .string({ unit: 'binary' })
    .map((given) => given.toWellFormed().replaceAll(/\p{Cc}/gu, '"\\'))
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      text,
      fc.double({ noNaN: true }),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value')),
      fc.dictionary(fc.stringMatching(/^\w{0,20}$/), tie('value')),
    ),
  }))
  const property = fc.property(value, (given) => {
    t.true(Buffer.byteLength(JSON.stringify(given)) <= jsonBytesMax(given))
  })
  fc.assert(property, { numRuns: 500 })
})
