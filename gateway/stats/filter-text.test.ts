import test from 'ava'
import * as fc from 'fast-check'
import { parseFilters, parseGroupBy } from './filter-text.ts'

test('a filter is a field and the values that it may have', (t) => {
  t.deepEqual(parseFilters(['country:DE,AT', 'browser:Chrome']), [
    { field: 'country', values: ['DE', 'AT'] },
    { field: 'browser', values: ['Chrome'] },
  ])
  t.deepEqual(parseFilters(['country:']), [{ field: 'country', values: [''] }])
  t.deepEqual(parseFilters(['country:DE,DE']), [{ field: 'country', values: ['DE'] }])
})

test('any values survive, whatever colons, commas and backslashes they have', (t) => {
  const value = fc.string({ unit: fc.constantFrom(':', ',', '\\', 'a', ' ') })
  fc.assert(
    fc.property(fc.uniqueArray(value, { minLength: 1, maxLength: 5 }), (values) => {
      const text = values.map((one) => one.replaceAll(/[\\,]/g, String.raw`\$&`)).join(',')
      t.deepEqual(parseFilters([`network:${text}`]), [{ field: 'network', values }])
    }),
  )
})

test('what is too much or unknown is refused by its limit', (t) => {
  const filters: [string[], RegExp][] = [
    [['country'], /must be like country:DE/],
    [['planet:DE'], /takes the fields country, /],
    [['country:' + 'x'.repeat(257)], /at most 256 characters/],
    [['network:' + Array.from({ length: 101 }, (_, n) => n).join(',')], /at most 100 values/],
    [Array.from({ length: 21 }, () => 'os:Linux'), /given 20 times/],
    [['network:' + 'x,'.repeat(5_000)], /at most 8192 characters/],
  ]
  for (const [texts, message] of filters) {
    t.like(
      t.throws(() => parseFilters(texts)),
      { field: 'filter' },
    )
    t.throws(() => parseFilters(texts), { message })
  }
  for (const texts of [['os,os'], ['os', 'device,country'], ['constructor'], ['a'.repeat(99)]]) {
    t.like(
      t.throws(() => parseGroupBy(texts)),
      { code: 'invalid_field', field: 'groupBy' },
    )
  }
  t.deepEqual(parseGroupBy(['os,device']), ['os', 'device'])
  t.deepEqual(parseGroupBy(['os', 'device']), ['os', 'device'])
})
