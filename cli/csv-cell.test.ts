/** Whether cells are harmless in a spreadsheet and come back as they were. */
import test from 'ava'
import * as fc from 'fast-check'
import { guardCell, joinTags, splitTags, unguardCell } from './csv-cell.ts'

test('a cell that a spreadsheet would run is written as text', (t) => {
  for (const formula of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', "'=1"]) {
    t.is(guardCell(formula), `'${formula}`)
  }
})

test('a harmless cell is written as it is', (t) => {
  for (const text of ['', 'https://example.com/', 'a=b', "'quoted'", '_a']) {
    t.is(guardCell(text), text)
  }
})

test('every cell comes back as it was', (t) => {
  const nasty = fc.string({ unit: fc.constantFrom("'", '=', '-', '@', '\t', 'a', ';') })
  fc.assert(
    fc.property(fc.oneof(nasty, fc.string()), (text) => unguardCell(guardCell(text)) === text),
  )
  t.pass()
})

test('no cell that is written starts like a formula', (t) => {
  fc.assert(fc.property(fc.string(), (text) => !/^[=+\-@\t\r]/.test(guardCell(text))))
  t.pass()
})

test('tags are joined by semicolons', (t) => {
  t.is(joinTags(['news', 'two words']), 'news;two words')
  t.deepEqual(splitTags(' news ; two words;'), ['news', 'two words'])
  t.deepEqual(splitTags(''), [])
})

test('every list of tags comes back as it was', (t) => {
  const tag = fc.string({ unit: fc.constantFrom(';', ' ', '[', ']', '"', 'a', 'é') })
  fc.assert(
    fc.property(fc.array(fc.oneof(tag, fc.string())), (tags) => {
      t.deepEqual(splitTags(joinTags(tags)), tags)
    }),
  )
})
