/** Partitions that come at the same time are loaded together, and none is forgotten. */
import test from 'ava'
import type { PartitionId } from '../../links/ids.ts'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import type { BackgroundLoad } from './background-load.ts'
import { LoadQueue } from './load-queue.ts'

const GATHER_MS = 20
const [P, Q, R] = [0, 1, 2] as PartitionId[] as [PartitionId, PartitionId, PartitionId]

/** Each load takes 100 ms. */
function start() {
  const clock = new ManualClock()
  const loads: (readonly PartitionId[])[] = []
  const loaded: [partitions: readonly PartitionId[], ms: number][] = []
  const load: Pick<BackgroundLoad, 'run'> = {
    run: async (partitions) => {
      loads.push(partitions)
      await new Promise<void>((resolve) => clock.after(100, resolve))
    },
  }
  const onLoaded = (...one: (typeof loaded)[number]) => loaded.push(one)
  const queue = new LoadQueue({ load, clock, gatherMs: GATHER_MS, onLoaded })
  return { clock, loads, loaded, queue }
}

test('those that come within a moment make one load, each once', async (t) => {
  const { clock, loads, loaded, queue } = start()
  queue.add(P)
  await clock.pass(GATHER_MS - 1)
  t.deepEqual(loads, [])
  queue.add(Q)
  queue.add(P)
  await clock.pass(1)
  t.deepEqual(loads, [[P, Q]])
  await clock.pass(100)
  t.deepEqual(loaded, [[[P, Q], 100]])
})

test('those that come during a load make the next one', async (t) => {
  const { clock, loads, queue } = start()
  queue.add(P)
  await clock.pass(GATHER_MS + 50)
  queue.add(Q)
  queue.add(R)
  queue.add(P)
  await clock.pass(50 + GATHER_MS - 1)
  t.deepEqual(loads, [[P]])
  await clock.pass(1)
  t.deepEqual(loads, [[P], [Q, R, P]])
})

test('one that comes after all is done begins anew', async (t) => {
  const { clock, loads, queue } = start()
  queue.add(P)
  await clock.pass(1_000)
  queue.add(Q)
  await clock.pass(GATHER_MS)
  t.deepEqual(loads, [[P], [Q]])
})

test('it is idle when nothing waits, whatever was added meanwhile', async (t) => {
  const { clock, loads, queue } = start()
  await queue.idle()
  queue.add(P)
  let isIdle = false
  void queue.idle().then(() => {
    isIdle = true
  })
  await clock.pass(GATHER_MS + 99)
  queue.add(Q)
  await clock.pass(GATHER_MS + 100)
  t.false(isIdle)
  await clock.pass(1)
  t.true(isIdle)
  t.deepEqual(loads, [[P], [Q]])
})
