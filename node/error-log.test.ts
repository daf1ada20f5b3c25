import test from 'ava'
import pino from 'pino'
import { ErrorLog } from './error-log.ts'

test('what fails again and again is said once a second, with the number left out', (t) => {
  const lines: { msg: string; leftOut?: number }[] = []
  const stream = { write: (line: string) => void lines.push(JSON.parse(line)) }
  let now = 0
  const log = new ErrorLog(pino({}, stream), () => now)
  for (let i = 0; i < 100; i++) log.report('disk', new Error('full'))
  log.report('store', new Error('away'))
  now = 1_000
  log.report('disk', new Error('full'))
  t.deepEqual(
    lines.map(({ msg, leftOut }) => [msg, leftOut]),
    [
      ['disk', undefined],
      ['store', undefined],
      ['disk', 99],
    ],
  )
})
