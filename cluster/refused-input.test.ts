import test from 'ava'
import { RefusedInput } from './refused-input.ts'

test('each case is counted every time and told once', (t) => {
  const told: string[] = []
  const refused = new RefusedInput((what) => told.push(what))
  for (let i = 0; i < 3; i++) refused.note('table', 'no rows')
  refused.note('lease', 'no name')
  t.deepEqual(told, ['no rows', 'no name'])
  t.is(refused.counts.table, 3)
  t.is(refused.counts.lease, 1)
})

test('whoever thinks of ever new nonsense fills neither the log nor memory', (t) => {
  let told = 0
  const refused = new RefusedInput(() => told++)
  for (let i = 0; i < 10_000; i++) refused.note('message', `${i}`)
  t.is(told, 100)
  t.is(refused.counts.message, 10_000)
})
