/** Whether figures are held to their goals and printed so that a person can compare them. */
import test from 'ava'
import { parseWrk } from './load.ts'
import { figure, isMet, median, percentile, tableOf } from './measure.ts'

test('a goal is met from its own value on', (t) => {
  t.true(isMet({ name: 'x', goal: { atLeast: 1.5 }, got: 1.5, unit: '' }))
  t.false(isMet({ name: 'x', goal: { atLeast: 1.5 }, got: 1.49, unit: '' }))
  t.true(isMet({ name: 'x', goal: { atMost: 20 }, got: 20, unit: ' ms' }))
  t.false(isMet({ name: 'x', goal: { atMost: 20 }, got: 20.1, unit: ' ms' }))
  t.is(isMet({ name: 'x', got: 1, unit: '' }), undefined)
})

test('a figure that could not be taken misses its goal', (t) => {
  t.false(isMet({ name: 'x', goal: { atMost: 0.67 }, got: Number.NaN, unit: '' }))
})

test('the median stands against one bad sample', (t) => {
  t.is(median([5, 1, 1000]), 5)
  t.is(median([4, 2]), 3)
})

test('a percentile is a value that was measured', (t) => {
  const values = Array.from({ length: 200 }, (_, index) => 200 - index)
  t.is(percentile(values, 50), 100)
  t.is(percentile(values, 99), 198)
  t.is(percentile([7], 99), 7)
  t.is(percentile([], 99), Number.NaN)
})

test('figures keep what matters of them', (t) => {
  t.is(figure(1.4963), '1.5')
  t.is(figure(0.6649, ' ms'), '0.665 ms')
  t.is(figure(123_456.7, '/s'), '123,457/s')
  t.is(figure(99.995, ' %'), '99.9950 %')
  t.is(figure(100, ' %'), '100 %')
  t.is(figure(0), '0')
})

test('the table names what is missed', (t) => {
  const table = tableOf([
    { name: 'speed', goal: { atLeast: 2 }, got: 1, unit: '', note: 'slow' },
    { name: 'wait', goal: { atMost: 5 }, got: 4, unit: ' ms' },
  ])
  t.deepEqual(table.split('\n'), [
    'measure  goal     got   met  note',
    '-------  -------  ----  ---  ----',
    'speed    >= 2     1     NO   slow',
    'wait     <= 5 ms  4 ms  yes',
  ])
})

test('what wrk prints is read as requests, seconds and failures', (t) => {
  const text = `
  117024 requests in 3.01s, 20.97MB read
  Socket errors: connect 1, read 2, write 0, timeout 3
  Non-2xx or 3xx responses: 4
Requests/sec:  38878.40`
  t.deepEqual(parseWrk(text), { requests: 117_024, seconds: 3.01, failures: 10 })
  t.deepEqual(parseWrk('50 requests in 1.50m, 1MB read'), {
    requests: 50,
    seconds: 90,
    failures: 0,
  })
  t.throws(() => parseWrk('unable to connect'))
})
