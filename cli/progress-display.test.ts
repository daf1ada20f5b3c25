/** Whether a long command tells how fast it is and when it will be done. */
import test from 'ava'
import { speedOf } from './progress-display.ts'

test('the time left follows from what was done so far', (t) => {
  t.is(speedOf(1000, 3000, 500), '2000/s, 2 s left')
  t.is(speedOf(100, 60_000, 1000), '100/s, 10 min left')
  t.is(speedOf(1, 7200, 1000), '1/s, 2 h 0 min left')
  t.is(speedOf(100, undefined, 1000), '100/s')
  t.is(speedOf(0, 10, 1000), '0/s')
})
