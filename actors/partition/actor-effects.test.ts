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
import { ActorEffects, type Actor } from './actor-effects.ts'

type OneEffect = Parameters<ActorEffects['carryOut']>[2][number]

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
  const effects = new ActorEffects({
    log,
    store,
    clock,
    work: freeWork(),
    now,
    isHere: () => here.isHere,
    onApplied: () => {},
    onEnd: () => {},
    onError,
  })
  const ask = (effect: OneEffect) => {
    effects.carryOut(P, actor as unknown as Actor, [effect])
  }
  const append = (text: string, expectedLast = 0) => {
    ask({ kind: 'append', ...entry(text, expectedLast), callers: [] })
  }
  const readStore = (code: Code) => ask({ kind: 'read_store', code })
  return { clock, log, store, errors, effects, told, here, ask, append, readStore }
}

const fails = (code: ErrorCode) => () => Promise.reject(new TinygridError(code))

test('an append is told with its position', async (t) => {
  const { append, effects, told, clock } = start()
  append('a')
  await clock.pass(0)
  t.deepEqual(told, [['appended', 1]])
  t.like(effects.counters, { logAppends: 1, logErrors: 0 })
})

test('an append that failed is told with its error; whatever is unknown may have happened', async (t) => {
  const { append, effects, told, clock, log, errors } = start()
  append('a', 7)
  await clock.pass(0)
  log.append = () => Promise.reject(new Error('the connection is gone'))
  append('a')
  await clock.pass(0)
  t.deepEqual(told, [
    ['append failed', 'log_replaced'],
    ['append failed', 'log_uncertain'],
  ])
  t.is(errors.length, 2)
  t.is(effects.counters.logErrors, 2)
})

test('an append is repeated after a pause, if the actor still is here', async (t) => {
  const { ask, told, clock, here, log } = start()
  ask({ kind: 'append_again', ...entry('a') })
  await clock.pass(RETRY_PAUSE_MS - 1)
  t.deepEqual(told, [])
  await clock.pass(1)
  t.deepEqual(told, [['appended', 1]])
  ask({ kind: 'append_again', ...entry('b', 1) })
  here.isHere = false
  await clock.pass(1_000)
  t.is(await log.last(P), 1 as LogPosition)
})

test('the tail is read until it can be, or nobody asks any more', async (t) => {
  const { ask, told, clock, log, here } = start()
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
  ask({ kind: 'read_tail', after: 1 as LogPosition })
  await clock.pass(2 * RETRY_PAUSE_MS)
  t.is(attempts, 3)
  here.isHere = false
  await clock.pass(1_000)
  t.is(attempts, 3)
  here.isHere = true
  isAway = false
  ask({ kind: 'read_tail', after: 1 as LogPosition })
  await clock.pass(0)
  t.deepEqual(told, [['tail', 2]])
})

test('a store read is told with what the store has, with nothing, or with its error', async (t) => {
  const { readStore, effects, told, clock, store } = start()
  await store.write([linkVersion(CODE, 5)])
  readStore(CODE)
  readStore('none' as Code)
  await clock.pass(0)
  store.get = fails('store_unavailable')
  readStore(CODE)
  await clock.pass(0)
  store.get = () => Promise.reject(new Error('the connection is gone'))
  readStore(CODE)
  await clock.pass(0)
  t.deepEqual(told, [
    ['read', CODE, 5],
    ['read', 'none', undefined],
    ['read failed', CODE, 'store_unavailable'],
    ['read failed', CODE, 'store_unavailable'],
  ])
  t.like(effects.counters, { readThroughs: 4, storeErrors: 2 })
})

test('one store read too many is refused, and none any more when others have ended', async (t) => {
  const { readStore, told, clock, store } = start()
  const held = Promise.withResolvers<void>()
  store.get = async () => {
    await held.promise
    return undefined
  }
  for (let count = 0; count <= STORE_READS_MAX; count++) readStore(CODE)
  t.deepEqual(told.splice(0), [['read failed', CODE, 'store_unavailable']])
  held.resolve()
  await clock.pass(0)
  t.is(told.splice(0).length, STORE_READS_MAX)
  readStore(CODE)
  await clock.pass(0)
  t.deepEqual(told, [['read', CODE, undefined]])
})

test('a store read that brings a damaged version has failed, for this link alone', async (t) => {
  const { readStore, effects, store, told, clock, errors } = start()
  const { record } = linkVersion('other', 1)
  store.get = async (code) => ({ ...linkVersion(code, 1), record })
  readStore(CODE)
  await clock.pass(0)
  store.get = async (code) => ({ ...linkVersion(code, 1), record: Buffer.alloc(3) as LinkRecord })
  readStore(CODE)
  await clock.pass(0)
  const failed = ['read failed', CODE, 'store_unavailable']
  t.deepEqual(told, [failed, failed])
  t.is(effects.counters.storeErrors, 2)
  t.is(errors.length, 2)
})

test('a write that could not be decided is told, counted, and refused', async (t) => {
  const { ask, effects, errors } = start()
  const refused: unknown[] = []
  const ticket = { resolve: () => {}, reject: (error: TinygridError) => refused.push(error.code) }
  const refuse = (code: ErrorCode, cause?: Error) => {
    ask({ kind: 'refuse', ticket, error: new TinygridError(code, { cause }) })
  }
  refuse('mailbox_full')
  refuse('internal', new RangeError('a title of 70,000 characters'))
  t.deepEqual(refused, ['mailbox_full', 'internal'])
  t.deepEqual(errors, ['a write could not be decided'])
  t.is(effects.counters.decisionErrors, 1)
})
