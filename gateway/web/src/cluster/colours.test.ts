/** A node keeps its colour while it is there. */
import test from 'ava'
import { COLOURS, colourClass, colourNumber, coloursAfter } from './colours.ts'

test('nodes keep their colours when others come and go', (t) => {
  const first = coloursAfter(new Map(), ['a', 'b', 'c'])
  t.deepEqual(Object.fromEntries(first), { a: 0, b: 1, c: 2 })
  const without = coloursAfter(first, ['b', 'c'])
  t.deepEqual(Object.fromEntries(without), { b: 1, c: 2 })
  const again = coloursAfter(without, ['aa', 'b', 'c', 'd'])
  t.deepEqual(Object.fromEntries(again), { aa: 0, b: 1, c: 2, d: 3 })
})

test('where there are more nodes than colours, their numbers tell them apart', (t) => {
  const nodes = Array.from({ length: COLOURS + 1 }, (_, index) => `n${index}`)
  const colours = coloursAfter(new Map(), nodes)
  t.is(colourClass(colours, nodes[COLOURS]!), colourClass(colours, nodes[0]!))
  t.deepEqual([colourNumber(colours, nodes[0]!), colourNumber(colours, nodes[COLOURS]!)], [1, 11])
})
