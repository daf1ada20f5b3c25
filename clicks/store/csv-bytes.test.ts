/** CSV made of bytes is that which is made of each visit. */
import test from 'ava'
import fc from 'fast-check'
import { CELL_END, csvBytes, ROW_END } from './csv-bytes.ts'
import { cellOf } from './visit-lines.ts'

const bytesOf = (rows: readonly (readonly string[])[]) =>
  Buffer.from(rows.map((row) => row.join(CELL_END) + ROW_END).join(''))

const characters = fc.constantFrom(...'=+-@\t\r\n",;\'aäß€ 😀'.split(/(?=[^\udc00-\udfff])/))
const cells = fc.string({ unit: characters, maxLength: 5 })

test('whatever cells there are, they are told as each by itself', (t) => {
  const rows = fc
    .integer({ min: 1, max: 4 })
    .chain((columns) =>
      fc.array(fc.array(cells, { minLength: columns, maxLength: columns }), { minLength: 1 }),
    )
  const property = fc.property(rows, (given) => {
    const lines = given.map((row) => row.map(cellOf).join(',') + '\r\n')
    const told = csvBytes(bytesOf(given), given[0]!.length)
    return Buffer.from(told!).toString() === lines.join('')
  })
  t.notThrows(() => fc.assert(property))
})

test('a cell that holds what parts cells is seen', (t) => {
  const part = fc.constantFrom(CELL_END, ROW_END, '\u001e')
  const property = fc.property(cells, part, cells, (before, parting, after) => {
    const row = [before, `a${parting}b`, after]
    return csvBytes(bytesOf([['1', '2', '3'], row, ['4', '5', '6']]), 3) === undefined
  })
  t.notThrows(() => fc.assert(property))
  t.is(csvBytes(Buffer.from('a\u001fb'), 2), undefined)
})
