import test from 'ava'
import { HandOvers } from './hand-overs.ts'
import type { EpochMs, NodeId, PartitionId } from '../../links/ids.ts'
import { MOVES_KEPT_MAX } from './move-history.ts'

const B = 'b' as NodeId

test('all hand-overs are counted, the last of them kept', (t) => {
  let now = 0
  const handOvers = new HandOvers(() => now as EpochMs)
  for (now = 1; now <= MOVES_KEPT_MAX + 1; now++) handOvers.note(now as PartitionId, B, 1.5)
  t.is(handOvers.count, MOVES_KEPT_MAX + 1)
  t.is(handOvers.waitMs, 1.5 * (MOVES_KEPT_MAX + 1))
  t.is(handOvers.recent.length, MOVES_KEPT_MAX)
  t.deepEqual(handOvers.recent[0], {
    partition: 2 as PartitionId,
    to: B,
    waitMs: 2,
    at: 2 as EpochMs,
  })
})
