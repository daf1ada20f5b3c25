import test from 'ava'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import { AppliedDeletions } from './applied-deletions.ts'

test('who asks before and who asks after is told how many clicks there were', async (t) => {
  const deletions = new AppliedDeletions(new ManualClock())
  const before = [deletions.of('d1'), deletions.of('d1')]
  const other = deletions.of('d2')
  deletions.note('d1', 3)
  t.deepEqual(await Promise.all(before), [3, 3])
  t.is(await deletions.of('d1'), 3)
  deletions.note('d2', 0)
  t.is(await other, 0)
})

test('what is not met in time is refused, and asking again may find it', async (t) => {
  const clock = new ManualClock()
  const deletions = new AppliedDeletions(clock)
  const refused = t.throwsAsync(deletions.of('d1'), { code: 'analytics_unavailable' })
  await clock.pass(60_000)
  await refused
  deletions.note('d1', 4)
  t.is(await deletions.of('d1'), 4)
})

test('the last thousand are remembered', async (t) => {
  const clock = new ManualClock()
  const deletions = new AppliedDeletions(clock)
  for (let number = 0; number < 1_001; number++) deletions.note(`d${number}`, number)
  t.is(await deletions.of('d1'), 1)
  const forgotten = t.throwsAsync(deletions.of('d0'), { code: 'analytics_unavailable' })
  await clock.pass(60_000)
  await forgotten
})
