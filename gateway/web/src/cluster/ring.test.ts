/** The ring's arcs meet, and neighbours that look alike are one. */
import test from 'ava'
import { arcPath, runsOf } from './ring.ts'

test('neighbours of one owner are one run, and gaps are none', (t) => {
  t.deepEqual(runsOf(['a', 'a', 'b', undefined, 'b', 'a']), [
    { first: 0, last: 1, value: 'a' },
    { first: 2, last: 2, value: 'b' },
    { first: 4, last: 4, value: 'b' },
    { first: 5, last: 5, value: 'a' },
  ])
  t.deepEqual(runsOf([]), [])
})

test('an arc goes clockwise from the top', (t) => {
  t.is(arcPath(0, 0.25, 10, 5), 'M0 -10A10 10 0 0 1 10 0L5 0A5 5 0 0 0 0 -5Z')
  t.regex(arcPath(0, 0.75, 10, 5), /A10 10 0 1 1 -10 0/, 'the long way round')
})

test('a whole ring is two halves, since an arc to its own start is none', (t) => {
  const path = arcPath(0, 1, 10, 5)
  t.is(path.match(/M/g)?.length, 2)
  t.regex(path, /^M0 -10A10 10 0 0 1 0 10/)
})
