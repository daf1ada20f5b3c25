import test from 'ava'
import type { EpochMs, NodeId } from '../../links/ids.ts'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import { LEASE_DEAD_MS } from './lease.ts'
import { lastingClock } from './lasting-clock.ts'
import { Membership } from './membership.ts'
import { MemoryKeyValueServer } from './memory-key-value.ts'

/** A machine whose wall clock can go on while its other one stands still. */
function machine() {
  const process = new ManualClock()
  let extra = 1_700_000_000_000
  const clock = lastingClock(process, () => process.now() + extra)
  const setWallClock = (byMs: number) => {
    extra += byMs
  }
  return { process, clock, setWallClock }
}

test('time goes on as it does while both clocks go on', async (t) => {
  const { process, clock } = machine()
  await process.pass(5_000)
  t.is(clock.now(), 5_000)
  let ran = false
  clock.after(10, () => (ran = true))
  await process.pass(10)
  t.true(ran)
})

test('a standstill counts, once', async (t) => {
  const { process, clock, setWallClock } = machine()
  setWallClock(3_600_000)
  t.is(clock.now(), 3_600_000)
  await process.pass(1_000)
  t.is(clock.now(), 3_601_000)
})

test('a wall clock that is set back, or a little forward, changes nothing', async (t) => {
  const { process, clock, setWallClock } = machine()
  setWallClock(-3_600_000)
  t.is(clock.now(), 0)
  for (let i = 0; i < 100; i++) {
    setWallClock(1)
    await process.pass(1)
    t.is(clock.now(), i + 1)
  }
})

test('a node whose clock stood still for longer than a lease is fenced when it wakes', async (t) => {
  const { process, clock, setWallClock } = machine()
  const membership = new Membership({
    keyValue: new MemoryKeyValueServer().connect(),
    clock,
    nodeId: 'a' as NodeId,
    roles: ['actors'],
    url: null,
    partitions: 8,
    startedAt: 0 as EpochMs,
  })
  const joining = membership.join()
  await process.pass(500)
  await joining
  t.false(membership.isFenced())
  setWallClock(LEASE_DEAD_MS)
  t.true(membership.isFenced())
  // Nobody has declared it dead, so its next renewal succeeds.
  await process.pass(500)
  t.false(membership.isFenced())
  await membership.close()
})
