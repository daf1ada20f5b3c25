/** A visitor can be told again on his day, at every node, and on no other day. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'ava'
import { MemoryKeyValueServer } from '../../cluster/membership/memory-key-value.ts'
import { systemClock } from '../../links/clock.ts'
import type { EpochMs } from '../../links/ids.ts'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import { LmdbClickLog } from '../log/lmdb-click-log.ts'
import { DailySalts, dayOf, type SaltStore } from './daily-salts.ts'
import { KeyValueSalts } from './key-value-salts.ts'

const HOUR_MS = 3_600_000
const MIDNIGHT = Date.UTC(2030, 0, 2)
const DAY = dayOf(MIDNIGHT)

function saltsOf(store: SaltStore, start = MIDNIGHT - 12 * HOUR_MS) {
  const clock = new ManualClock()
  const errors: unknown[] = []
  const salts = new DailySalts({
    store,
    clock,
    now: () => (start + clock.now()) as EpochMs,
    onError: (_, error) => errors.push(error),
  })
  const visitor = (day: number) => salts.hashOf(day).ofText('203.0.113.7')
  return { clock, salts, errors, visitor }
}

test('nodes of a cluster share the salt of a day', async (t) => {
  const server = new MemoryKeyValueServer()
  const nodes = [0, 1, 2].map(() => saltsOf(new KeyValueSalts(server.connect())))
  await Promise.all(nodes.map(({ salts }) => salts.start()))
  const [first, ...others] = nodes.map(({ visitor }) => visitor(DAY - 1))
  for (const other of others) t.deepEqual(other, first)
  for (const { clock } of nodes) await clock.pass(13 * HOUR_MS)
  const [next, ...nexts] = nodes.map(({ visitor }) => visitor(DAY))
  for (const other of nexts) t.deepEqual(other, next)
  t.notDeepEqual(next, first)
  for (const { errors } of nodes) t.deepEqual(errors, [])
})

test('the salt of a day is gone everywhere soon after it', async (t) => {
  const server = new MemoryKeyValueServer()
  const keyValue = server.connect()
  const salt = (day: number) => keyValue.get(`clicks.salt.${day}`)
  const { salts, clock, visitor } = saltsOf(new KeyValueSalts(keyValue))
  await salts.start()
  const before = visitor(DAY - 1)
  await clock.pass(12.5 * HOUR_MS)
  t.deepEqual(visitor(DAY - 1), before)
  t.truthy((await salt(DAY - 1))?.value)
  await clock.pass(HOUR_MS)
  t.is((await salt(DAY - 1))?.value, undefined)
  t.truthy((await salt(DAY))?.value)
  t.notDeepEqual(visitor(DAY - 1), before)
})

test('a store that cannot be asked holds up nothing, and is asked again', async (t) => {
  const server = new MemoryKeyValueServer()
  const other = saltsOf(new KeyValueSalts(server.connect()))
  await other.salts.start()
  const keyValue = new KeyValueSalts(server.connect())
  let isDown = true
  const { salts, clock, errors, visitor } = saltsOf({
    agree: async (day, offered) => {
      if (isDown) throw new Error('down')
      return keyValue.agree(day, offered)
    },
    forget: (before) => keyValue.forget(before),
  })
  await salts.start()
  t.is(errors.length, 1)
  const alone = visitor(DAY - 1)
  t.deepEqual(visitor(DAY - 1), alone)
  isDown = false
  await clock.pass(60_000)
  t.deepEqual(visitor(DAY - 1), other.visitor(DAY - 1))
})

test('a restart of one process on the same day finds its salt, and no earlier one', async (t) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'tinygrid-salts-'))
  t.teardown(() => rm(directory, { recursive: true }))
  const open = () =>
    LmdbClickLog.open(directory, {
      bytesMax: 1e9,
      ageMaxMs: 1e9,
      clock: systemClock,
      now: () => MIDNIGHT as EpochMs,
    })
  const log = await open()
  const first = saltsOf(log.salts)
  await first.salts.start()
  const visitor = first.visitor(DAY - 1)
  await log.close()
  const again = await open()
  const second = saltsOf(again.salts)
  await second.salts.start()
  t.deepEqual(second.visitor(DAY - 1), visitor)
  const third = saltsOf(again.salts, MIDNIGHT + 12 * HOUR_MS)
  await third.salts.start()
  const fourth = saltsOf(again.salts)
  await fourth.salts.start()
  t.notDeepEqual(fourth.visitor(DAY - 1), visitor)
  await again.close()
})

test('a clock that jumps about makes a bounded number of salts', (t) => {
  const { visitor } = saltsOf({ agree: async (_, offered) => offered, forget: async () => {} })
  const first = visitor(0)
  for (let day = 1; day < 100; day++) visitor(day)
  t.deepEqual(visitor(99), visitor(99))
  t.notDeepEqual(visitor(0), first)
})
