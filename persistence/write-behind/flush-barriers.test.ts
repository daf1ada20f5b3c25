/** Who waits for the store is let go when it has caught up, gave up, or cannot tell any more. */
import test from 'ava'
import type { LogPosition, PartitionId } from '../../links/ids.ts'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import { FlushBarriers } from './flush-barriers.ts'

const [P, Q] = [0, 1] as PartitionId[] as [PartitionId, PartitionId]

function start() {
  const clock = new ManualClock()
  const checkpoints = new Map<PartitionId, number>()
  const barriers = new FlushBarriers(clock, (partition) => {
    return (checkpoints.get(partition) ?? 0) as LogPosition
  })
  const reached: string[] = []
  const raise = (name: string, ...marks: [PartitionId, number][]) => {
    const wanted = new Map(marks.map(([partition, mark]) => [partition, mark as LogPosition]))
    void barriers.raise(wanted, 1_000).then(
      () => reached.push(name),
      ({ code }: { code: string }) => reached.push(`${name}: ${code}`),
    )
  }
  const reach = async (partition: PartitionId, position: number) => {
    checkpoints.set(partition, position)
    barriers.reach()
    await clock.pass(0)
  }
  return { clock, barriers, reached, raise, reach }
}

test('a barrier with nothing to wait for is reached', async (t) => {
  const { raise, reached, clock, barriers } = start()
  raise('none')
  await clock.pass(0)
  t.deepEqual(reached, ['none'])
  t.is(barriers.count, 0)
})

test('a barrier is reached with the last of its marks', async (t) => {
  const { raise, reach, reached, barriers } = start()
  raise('both', [P, 5], [Q, 7])
  raise('one', [P, 5])
  await reach(P, 4)
  t.deepEqual(reached, [])
  await reach(P, 6)
  t.deepEqual(reached, ['one'])
  await reach(Q, 7)
  t.deepEqual(reached, ['one', 'both'])
  t.is(barriers.count, 0)
})

test('a mark that was reached stays reached, even if its partition comes back from nothing', async (t) => {
  const { raise, reach, reached } = start()
  raise('both', [P, 5], [Q, 7])
  await reach(P, 5)
  await reach(P, 0)
  await reach(Q, 7)
  t.deepEqual(reached, ['both'])
})

test('a barrier gives up after its time, and is not heard of again', async (t) => {
  const { raise, reach, reached, clock, barriers } = start()
  raise('one', [P, 5])
  await clock.pass(999)
  t.deepEqual(reached, [])
  await clock.pass(1)
  t.deepEqual(reached, ['one: store_unavailable'])
  t.is(barriers.count, 0)
  await reach(P, 5)
  t.is(reached.length, 1)
})

test('nobody waits for a partition that is forgotten, and those of others are waited for', async (t) => {
  const { raise, reach, reached, barriers, clock } = start()
  raise('one', [P, 5])
  raise('both', [P, 5], [Q, 7])
  barriers.forget(P)
  await clock.pass(0)
  t.deepEqual(reached, ['one'])
  await reach(Q, 7)
  t.deepEqual(reached, ['one', 'both'])
})
