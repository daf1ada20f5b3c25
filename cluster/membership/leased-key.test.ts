import test from 'ava'
import { LeasedKey } from './leased-key.ts'
import type { NodeId } from '../../links/ids.ts'
import { LEASE_RENEW_MS } from './lease.ts'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import { MemoryKeyValueServer } from './memory-key-value.ts'
import { FreezableProcess } from '../testing/freezable-process.ts'

const KEY = 'lease.a'

/** A key that a process wants to hold, and what became of it. */
function keyOf() {
  const clock = new ManualClock()
  const server = new MemoryKeyValueServer()
  const process = new FreezableProcess(clock, server)
  const seen = { lost: 0, gaps: [] as number[], said: 1 }
  const key = new LeasedKey({
    keyValue: process.keyValue,
    clock: process.clock,
    key: KEY,
    nodeId: 'a' as NodeId,
    holder: 'h',
    content: () => ({ said: seen.said }),
    onRenewed: (gapMs) => seen.gaps.push(gapMs),
    onLost: () => {
      seen.lost += 1
    },
    onError: () => {},
  })
  const written = () => JSON.parse(server.get(KEY)?.value ?? 'null') as unknown
  return { clock, server, process, key, seen, written }
}

test('a key is renewed every LEASE_RENEW_MS', async (t) => {
  const { clock, key, seen, written } = keyOf()
  t.true(await key.take())
  await clock.pass(3 * LEASE_RENEW_MS)
  t.deepEqual(seen.gaps, [Infinity, LEASE_RENEW_MS, LEASE_RENEW_MS, LEASE_RENEW_MS])
  t.deepEqual(written(), { format: 1, nodeId: 'a', said: 1, holder: 'h', renewal: 4 })
})

test('all that changes in one turn is said in one write, at once', async (t) => {
  const { clock, key, seen, written } = keyOf()
  await key.take()
  for (let said = 2; said <= 5; said++) {
    seen.said = said
    key.renewSoon()
  }
  await clock.pass(0)
  t.like(written(), { said: 5 })
  t.is(seen.gaps.length, 2)
})

test('what changes while a write is in flight is said right after it', async (t) => {
  const { clock, process, key, seen, written } = keyOf()
  await key.take()
  process.keyValue.latencyMs = 50
  key.renewSoon()
  await clock.pass(10)
  seen.said = 2
  key.renewSoon()
  await clock.pass(200)
  t.like(written(), { said: 2, renewal: 3 })
})

test('the time of a renewal is when it began', async (t) => {
  const { clock, process, key } = keyOf()
  await key.take()
  process.keyValue.latencyMs = 100
  await clock.pass(LEASE_RENEW_MS + 199)
  t.is(key.renewedAt, 0)
  await clock.pass(1)
  t.is(key.renewedAt, LEASE_RENEW_MS)
})

test('a renewal whose answer was lost counts, once it is read back', async (t) => {
  const { clock, process, key, seen } = keyOf()
  await key.take()
  process.keyValue.answersToLose = 3
  await clock.pass(2 * LEASE_RENEW_MS)
  t.is(seen.lost, 0)
  t.is(key.renewedAt, 2 * LEASE_RENEW_MS)
})

test('a renewal that lands after it was given up costs nothing but a conflict', async (t) => {
  const { clock, server, process, key, seen } = keyOf()
  await key.take()
  process.keyValue.cut()
  await clock.pass(LEASE_RENEW_MS + 50)
  // Renewal 2, sent before the cut, arrives now.
  server.write(KEY, '{"nodeId":"a","holder":"h","renewal":1}')
  process.keyValue.mend()
  await clock.pass(LEASE_RENEW_MS)
  t.is(seen.lost, 0)
  t.true(key.isHeld)
  t.true((key.renewedAt ?? 0) > LEASE_RENEW_MS)
})

test('a key that was deleted or taken is lost, and can be taken again when it is free', async (t) => {
  const { clock, server, key, seen } = keyOf()
  await key.take()
  server.write(KEY, undefined)
  await clock.pass(LEASE_RENEW_MS)
  t.is(seen.lost, 1)
  t.is(key.renewedAt, undefined)
  t.true(await key.take())
  server.write(KEY, '{"nodeId":"b","holder":"i","renewal":1}')
  await clock.pass(LEASE_RENEW_MS)
  t.is(seen.lost, 2)
  t.false(await key.take())
})

test('a key is taken over at the revision that was seen, or not at all', async (t) => {
  const { server, key } = keyOf()
  const revision = server.write(KEY, '{"nodeId":"b","holder":"i","renewal":1}')
  t.false(await key.take(revision + 1))
  t.true(await key.take(revision))
})

test('a key that was taken without learning of it is found to be held', async (t) => {
  const { process, key } = keyOf()
  process.keyValue.answersToLose = 2
  await t.throwsAsync(key.take(), { code: 'key_value_unavailable' })
  t.true(await key.take())
})

test('a key that is released is deleted, also with a renewal in flight, and never taken again', async (t) => {
  const { clock, server, process, key, seen } = keyOf()
  await key.take()
  process.keyValue.latencyMs = 50
  key.renewSoon()
  await clock.pass(10)
  const released = key.release()
  await clock.pass(500)
  await released
  t.is(server.get(KEY)?.value, undefined)
  t.false(await key.take())
  t.is(seen.lost, 0)
})
