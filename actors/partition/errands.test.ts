/** What an actor asks of log and store ends with one outcome, if the actor still is here. */
import test from 'ava'
import { TinygridError, type ErrorCode } from '../../links/errors.ts'
import { toEpochMs, type Code, type LogPosition, type PartitionId } from '../../links/ids.ts'
import { freeWork } from '../../links/testing/free-work.ts'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import { MemoryLinkStore } from '../../persistence/store/memory-link-store.ts'
import { MemoryLog } from '../../persistence/log/memory-log.ts'
import { Ring } from '../../links/ring.ts'
import type { LinkRecord } from '../../links/link-record.ts'
import { linkVersion } from '../../links/testing/sample-links.ts'
import { Errands, type Tell } from './errands.ts'
import type { PartitionActor } from './partition-actor.ts'

const P = 0 as PartitionId
const CODE = 'abc' as Code
const RETRY_PAUSE_MS = 50
const STORE_READS_MAX = 10_000
const entry = (text: string, expectedLast = 0) => {
  return { payload: Buffer.from(text), expectedLast: expectedLast as LogPosition }
}

const now = () => toEpochMs(0)

function start() {
  const clock = new ManualClock()
  const log = new MemoryLog()
  const store = new MemoryLinkStore(new Ring(16))
  const errors: string[] = []
  const onError = (what: string) => void errors.push(what)
  const errands = new Errands<string>({ log, store, work: freeWork(), clock, now, onError })
  const told: unknown[] = []
  const hear = (...heard: unknown[]) => {
    told.push(heard)
    return []
  }
  const actor = {
    appended: (position: LogPosition) => hear('appended', position),
    appendFailed: (error: TinygridError) => hear('append failed', error.code),
    tailRead: (entries: readonly { position: LogPosition }[]) => {
      return hear('tail', ...entries.map(({ position }) => position))
    },
    storeRead: (code: Code, version?: { position: LogPosition }) => {
      return hear('read', code, version?.position)
    },
    storeReadFailed: (code: Code, error: TinygridError) => hear('read failed', code, error.code),
  }
  const here = { isHere: true }
  const tell: Tell<string> = (outcome) => {
    if (here.isHere) outcome(actor as unknown as PartitionActor<string>)
    return here.isHere
  }
  return { clock, log, store, errors, errands, told, tell, here }
}

const fails = (code: ErrorCode) => () => Promise.reject(new TinygridError(code))

test('an append is told with its position', async (t) => {
  const { errands, tell, told, clock } = start()
  errands.append(P, entry('a'), tell)
  await clock.pass(0)
  t.deepEqual(told, [['appended', 1]])
  t.like(errands.counters, { logAppends: 1, logErrors: 0 })
})

test('an append that failed is told with its error; whatever is unknown may have happened', async (t) => {
  const { errands, tell, told, clock, log, errors } = start()
  errands.append(P, entry('a', 7), tell)
  await clock.pass(0)
  log.append = () => Promise.reject(new Error('the connection is gone'))
  errands.append(P, entry('a'), tell)
  await clock.pass(0)
  t.deepEqual(told, [
    ['append failed', 'log_replaced'],
    ['append failed', 'log_uncertain'],
  ])
  t.is(errors.length, 2)
  t.is(errands.counters.logErrors, 2)
})

test('an append is repeated after a pause, if the actor still is here', async (t) => {
  const { errands, tell, told, clock, here, log } = start()
  errands.appendAgain(P, entry('a'), tell)
  await clock.pass(RETRY_PAUSE_MS - 1)
  t.deepEqual(told, [])
  await clock.pass(1)
  t.deepEqual(told, [['appended', 1]])
  errands.appendAgain(P, entry('b', 1), tell)
  here.isHere = false
  await clock.pass(1_000)
  t.is(await log.last(P), 1 as LogPosition)
})

test('the tail is read until it can be, or nobody asks any more', async (t) => {
  const { errands, tell, told, clock, log, here } = start()
  await log.append(P, Buffer.from('a'), 0 as LogPosition)
  await log.append(P, Buffer.from('b'), 1 as LogPosition)
  let attempts = 0
  let isAway = true
  const readAfter = log.readAfter.bind(log)
  log.readAfter = async function* (...what) {
    attempts++
    if (isAway) throw new TinygridError('log_unavailable')
    yield* readAfter(...what)
  }
  errands.readTail(P, 1 as LogPosition, tell)
  await clock.pass(2 * RETRY_PAUSE_MS)
  t.is(attempts, 3)
  here.isHere = false
  await clock.pass(1_000)
  t.is(attempts, 3)
  here.isHere = true
  isAway = false
  errands.readTail(P, 1 as LogPosition, tell)
  await clock.pass(0)
  t.deepEqual(told, [['tail', 2]])
})

test('a store read is told with what the store has, with nothing, or with its error', async (t) => {
  const { errands, tell, told, clock, store } = start()
  await store.write([linkVersion(CODE, 5)])
  errands.readStore(CODE, tell)
  errands.readStore('none' as Code, tell)
  await clock.pass(0)
  store.get = fails('store_unavailable')
  errands.readStore(CODE, tell)
  await clock.pass(0)
  store.get = () => Promise.reject(new Error('the connection is gone'))
  errands.readStore(CODE, tell)
  await clock.pass(0)
  t.deepEqual(told, [
    ['read', CODE, 5],
    ['read', 'none', undefined],
    ['read failed', CODE, 'store_unavailable'],
    ['read failed', CODE, 'store_unavailable'],
  ])
  t.like(errands.counters, { readThroughs: 4, storeErrors: 2 })
})

test('one store read too many is refused, and none any more when others have ended', async (t) => {
  const { errands, tell, told, clock, store } = start()
  const held = Promise.withResolvers<void>()
  store.get = async () => {
    await held.promise
    return undefined
  }
  for (let count = 0; count <= STORE_READS_MAX; count++) errands.readStore(CODE, tell)
  t.deepEqual(told.splice(0), [['read failed', CODE, 'store_unavailable']])
  held.resolve()
  await clock.pass(0)
  t.is(told.splice(0).length, STORE_READS_MAX)
  errands.readStore(CODE, tell)
  await clock.pass(0)
  t.deepEqual(told, [['read', CODE, undefined]])
})

test('a store read that brings a damaged version has failed, for this link alone', async (t) => {
  const { errands, store, tell, told, clock, errors } = start()
  const { record } = linkVersion('other', 1)
  store.get = async (code) => ({ ...linkVersion(code, 1), record })
  errands.readStore(CODE, tell)
  await clock.pass(0)
  store.get = async (code) => ({ ...linkVersion(code, 1), record: Buffer.alloc(3) as LinkRecord })
  errands.readStore(CODE, tell)
  await clock.pass(0)
  const failed = ['read failed', CODE, 'store_unavailable']
  t.deepEqual(told, [failed, failed])
  t.is(errands.counters.storeErrors, 2)
  t.is(errors.length, 2)
})
