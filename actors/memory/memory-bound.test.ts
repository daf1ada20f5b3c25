import test from 'ava'
import type { PartitionId } from '../../links/ids.ts'
import { MemoryBound } from './memory-bound.ts'

const partition = (id: number) => id as PartitionId

test('the total follows each partition up and down', (t) => {
  const bound = new MemoryBound(100, 4)
  bound.note(partition(0), 60)
  bound.note(partition(3), 50)
  t.is(bound.bytes, 110)
  t.is(bound.excess, 10)
  bound.note(partition(0), 20)
  t.is(bound.bytes, 70)
  t.true(bound.excess < 0)
})
