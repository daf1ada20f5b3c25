/** The cache of texts: makes once what is asked for often, and never grows. */
import test from 'ava'
import { BoundedCache } from './bounded-cache.ts'

function cacheThatCounts() {
  const made: string[] = []
  const make = (text: string) => {
    made.push(text)
    return { text }
  }
  return { made, cache: new BoundedCache({ entriesMax: 10, keyCharsMax: 5, make }) }
}

test('what is asked for again is made once', (t) => {
  const { cache, made } = cacheThatCounts()
  t.is(cache.get('a'), cache.get('a'))
  t.deepEqual(made, ['a'])
})

test('a million texts take the room of two generations', (t) => {
  const { cache } = cacheThatCounts()
  for (let i = 0; i < 1_000_000; i++) cache.get(i.toString(36))
  t.true(cache.size <= 20)
})

test('what is asked for outlives what is not', (t) => {
  const { cache, made } = cacheThatCounts()
  for (let i = 0; i < 100; i++) {
    cache.get('often')
    cache.get(`${i}`)
  }
  t.is(made.filter((text) => text === 'often').length, 1)
})

test('long texts are made and not kept', (t) => {
  const { cache } = cacheThatCounts()
  t.deepEqual(cache.get('longer'), { text: 'longer' })
  t.is(cache.size, 0)
})
