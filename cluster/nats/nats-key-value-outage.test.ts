/** What the NATS adapter does while its server is dead, frozen, or somebody else's. */
import type { ExecutionContext } from 'ava'
import { NatsService } from '../../test/services/nats-service.ts'
import { serialTestWith } from '../../test/services/service-test.ts'
import { until, watch, type Watched } from '../membership/key-value.contract.ts'
import type { KeyValue } from '../membership/key-value.ts'
import { isConnected } from './nats-connection.ts'
import { connectPatiently } from '../testing/patient-connection.ts'
import { NatsKeyValue } from './nats-key-value.ts'

/** One at a time: the time-outs are those of real nodes, and the disk may be busy. */
const natsTest = serialTestWith('nats')
const unavailable = { code: 'key_value_unavailable' }
/** Within which a node must know that it could not renew its lease. */
const FENCE_MS = 1_500
/** So often a call is timed: a machine that stalls makes one of them late. */
const TIMED_MAX = 5
/** Two checks of a watch, and more; the driver alone would find it after more than ten seconds. */
const TOLD_MS = 6_000
/** Where nothing is about time, the machine has time. */
const PATIENT = { callTimeoutMs: 20_000 }

natsTest('a server that is killed and comes back is used again, with what it knew', async (t) => {
  const { nats, one, two } = await start(t)
  const revision = await one.create('a', '1')
  const watched = await watch(two)
  await until(t, () => watched.entries.length === 1)
  await nats.kill()
  await rejectsInTime(t, () => one.update('a', '2', revision))
  await rejectsInTime(t, () => two.get('a'))
  await nats.restart()
  const second = await once(t, () => done(one, 'a', '2', () => one.update('a', '2', revision)))
  await until(t, () => newest(watched, 'a') === second)
  t.deepEqual(await two.get('a'), { key: 'a', value: '2', revision: second })
  t.is(watched.currentAt.length, 1)
})

natsTest('a watch goes on after each of several restarts, and repeats nothing', async (t) => {
  const { nats, one, two } = await start(t, PATIENT)
  const watched = await watch(two)
  let revision = await one.create('a', '0')
  const gone = await one.create('b', '0')
  // Of a key that changes while the watcher is cut off only the newest value is told.
  await until(t, () => watched.entries.length === 2)
  const toldAfter: number[] = []
  for (let i = 1; i <= 3; i++) {
    await nats.kill()
    await nats.restart()
    const expected = revision
    const update = () => one.update('a', `${i}`, expected)
    revision = await once(t, () => done(one, 'a', `${i}`, update))
    toldAfter.push(await told(t, watched, 'a', revision))
  }
  t.true(Math.min(...toldAfter) < TOLD_MS, `told after ${toldAfter.join(', ')} ms`)
  await one.delete('b', gone)
  await until(t, () => watched.entries.at(-1)?.key === 'b')
  t.deepEqual(
    watched.entries.map(({ key, value }) => `${key}=${value}`),
    ['a=0', 'b=0', 'a=1', 'a=2', 'a=3', 'b=undefined'],
  )
})

natsTest('what changed before a cut-off watcher was back is told to it', async (t) => {
  const { nats, one } = await start(t, PATIENT)
  const revision = await one.create('a', '1')
  const gone = await one.create('b', '1')
  const watched = await watch(one)
  await until(t, () => watched.entries.length === 2)
  await nats.kill()
  await nats.restart()
  const other = await open(t, nats, PATIENT)
  const changed = await other.update('a', '2', revision)
  await other.delete('b', gone)
  await until(t, () => watched.entries.length >= 4)
  t.is(newest(watched, 'a'), changed)
  t.is(watched.entries.at(-1)?.value, undefined)
})

natsTest('a watch whose consumer the server has lost finds the changes all the same', async (t) => {
  const { one, two } = await start(t, PATIENT)
  const toldAfter: number[] = []
  const watched = await watch(two)
  await until(t, () => watched.currentAt.length === 1)
  const manager = await connections.get(one)!.jetstreamManager()
  for (let i = 1; i <= 2; i++) {
    for await (const { name } of manager.consumers.list('KV_tinygrid')) {
      await manager.consumers.delete('KV_tinygrid', name)
    }
    const revision = await one.create(`a${i}`, '1')
    toldAfter.push(await told(t, watched, `a${i}`, revision))
  }
  t.true(Math.min(...toldAfter) < TOLD_MS, `told after ${toldAfter.join(', ')} ms`)
  t.is(watched.entries.length, 2)
})

natsTest('a deletion is told even where the mark of it is gone', async (t) => {
  const { nats, one, two } = await start(t, PATIENT)
  const revision = await one.create('a', '1')
  await one.create('b', '1')
  const watched = await watch(two)
  await until(t, () => watched.entries.length === 2)
  await nats.kill()
  await nats.restart()
  const other = await open(t, nats, PATIENT)
  await other.delete('a', revision)
  const manager = await connections.get(other)!.jetstreamManager()
  await manager.streams.purge('KV_tinygrid', { filter: '$KV.tinygrid.a' })
  await until(t, () => watched.entries.at(-1)?.value === undefined)
  t.is(watched.entries.at(-1)?.key, 'a')
  await t.throwsAsync(other.update('a', '2', revision), { code: 'key_value_conflict' })
})

natsTest('calls to a frozen server are given up in time, and work when it thaws', async (t) => {
  const { nats, one, two } = await start(t)
  const revision = await one.create('a', '1')
  const watched = await watch(two)
  await until(t, () => watched.entries.length === 1)
  nats.freeze()
  // Its threads stop a moment later.
  await once(t, async () => {
    const isAnswered = await one.get('a').then(Boolean, () => false)
    if (isAnswered) throw new Error('not frozen yet')
    return true
  })
  const calls = [() => one.get('a'), () => one.create('b', '1'), () => two.delete('a', revision)]
  await Promise.all(calls.map((call) => rejectsInTime(t, call)))
  await rejectsInTime(t, () => one.watch(Boolean, Boolean))
  await until(t, () => !isConnected(connections.get(one)!))
  nats.thaw()
  await once(t, () => done(one, 'c', '1', () => one.create('c', '1')))
  await until(t, () => watched.entries.some(({ key }) => key === 'c'))
  // Frozen calls may have come through after all; whatever they did has been told.
  const b = await once(t, async () => ({ revision: (await one.get('b'))?.revision }))
  await until(t, () => newest(watched, 'b') === b.revision)
})

natsTest('two namespaces on one server have nothing in common', async (t) => {
  const { nats, one } = await start(t, PATIENT)
  const other = await open(t, nats, { ...PATIENT, namespace: 'tinygrid-2' })
  const watched = await watch(other)
  await one.create('a', '1')
  await other.create('b', '1')
  await until(t, () => watched.entries.length > 0)
  t.deepEqual(
    watched.entries.map(({ key }) => key),
    ['b'],
  )
  t.is(await other.get('a'), undefined)
})

const connections = new WeakMap<KeyValue, Awaited<ReturnType<typeof connectPatiently>>>()

interface Opening {
  readonly namespace?: string
  readonly callTimeoutMs?: number
}

async function start(t: ExecutionContext, opening: Opening = {}) {
  const nats = await NatsService.start()
  t.teardown(() => nats.close())
  return { nats, one: await open(t, nats, opening), two: await open(t, nats, opening) }
}

async function open(
  t: ExecutionContext,
  nats: NatsService,
  opening: Opening,
): Promise<NatsKeyValue> {
  const connection = await connectPatiently({ url: nats.url, name: 'key-value test' })
  t.teardown(() => connection.close())
  const options = { connection, namespace: 'tinygrid', replicas: 1, ...opening }
  const keyValue = await NatsKeyValue.open(options)
  t.teardown(() => keyValue.close())
  connections.set(keyValue, connection)
  return keyValue
}

/** Every call is refused, and soon, but where the machine stalls. */
async function rejectsInTime(t: ExecutionContext, call: () => Promise<unknown>): Promise<void> {
  for (let timed = 1; timed <= TIMED_MAX; timed++) {
    const begun = performance.now()
    await t.throwsAsync(call(), unavailable)
    if (performance.now() - begun < FENCE_MS) return
  }
  t.fail(`${TIMED_MAX} calls took longer than ${FENCE_MS} ms`)
}

/** @returns after how many ms */
async function told(
  t: ExecutionContext,
  watched: Watched,
  key: string,
  revision: number,
): Promise<number> {
  const begun = performance.now()
  await until(t, () => newest(watched, key) === revision)
  return Math.round(performance.now() - begun)
}

/** A change that may have been made although its answer was lost. @returns its revision */
async function done(
  keyValue: KeyValue,
  key: string,
  value: string,
  change: () => Promise<number>,
): Promise<number> {
  try {
    return await change()
  } catch (error) {
    const entry = await keyValue.get(key)
    if (entry?.value !== value) throw error
    return entry.revision
  }
}

/** Tries until the server answers. */
async function once<T>(t: ExecutionContext, call: () => Promise<T>): Promise<T> {
  let result: T | undefined
  let isTrying = false
  await until(t, () => {
    if (isTrying || result !== undefined) return result !== undefined
    isTrying = true
    call().then(
      (value) => (result = value),
      () => (isTrying = false),
    )
    return false
  })
  return result!
}

function newest(watched: Watched, key: string): number | undefined {
  return watched.entries.findLast((entry) => entry.key === key)?.revision
}
