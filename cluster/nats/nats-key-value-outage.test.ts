/** What the NATS adapter does while its server is dead, frozen, or somebody else's. */
import type { ExecutionContext } from 'ava'
import { NatsService } from '../../test/services/nats-service.ts'
import { serialTestWith } from '../../test/services/service-test.ts'
import { until, watch, type Watched } from '../membership/key-value.contract.ts'
import type { KeyValue } from '../membership/key-value.ts'
import { connectNats, isConnected } from './nats-connection.ts'
import { NatsKeyValue } from './nats-key-value.ts'

/** One at a time: the time-outs are those of real nodes, and the disk may be busy. */
const natsTest = serialTestWith('nats')
const unavailable = { code: 'key_value_unavailable' }
/** Within which a node must know that it could not renew its lease. */
const FENCE_MS = 1_500
/** Two checks of a watch, on a loaded machine. */
const TOLD_MS = 6_000

natsTest('a server that is killed and comes back is used again, with what it knew', async (t) => {
  const { nats, one, two } = await start(t)
  const revision = await one.create('a', '1')
  const watched = await watch(two)
  await until(t, () => watched.entries.length === 1)
  await nats.kill()
  await rejectsInTime(t, () => one.update('a', '2', revision))
  await rejectsInTime(t, () => two.get('a'))
  await nats.restart()
  const second = await once(t, () => one.update('a', '2', revision))
  await until(t, () => newest(watched, 'a') === second)
  t.deepEqual(await two.get('a'), { key: 'a', value: '2', revision: second })
  t.is(watched.currentAt.length, 1)
})

natsTest('a watch goes on after each of several restarts, and repeats nothing', async (t) => {
  const { nats, one, two } = await start(t)
  const watched = await watch(two)
  let revision = await one.create('a', '0')
  const gone = await one.create('b', '0')
  // Of a key that changes while the watcher is cut off only the newest value is told.
  await until(t, () => watched.entries.length === 2)
  for (let i = 1; i <= 3; i++) {
    await nats.kill()
    await nats.restart()
    revision = await once(t, () => one.update('a', `${i}`, revision))
    await toldInTime(t, watched, 'a', revision)
  }
  await one.delete('b', gone)
  await until(t, () => watched.entries.at(-1)?.key === 'b')
  t.deepEqual(
    watched.entries.map(({ key, value }) => `${key}=${value}`),
    ['a=0', 'b=0', 'a=1', 'a=2', 'a=3', 'b=undefined'],
  )
})

natsTest('what changed before a cut-off watcher was back is told to it', async (t) => {
  const { nats, one } = await start(t)
  const revision = await one.create('a', '1')
  const gone = await one.create('b', '1')
  const watched = await watch(one)
  await until(t, () => watched.entries.length === 2)
  await nats.kill()
  await nats.restart()
  const other = await open(t, nats)
  const changed = await other.update('a', '2', revision)
  await other.delete('b', gone)
  await until(t, () => watched.entries.length >= 4)
  t.is(newest(watched, 'a'), changed)
  t.is(watched.entries.at(-1)?.value, undefined)
})

natsTest('a watch whose consumer the server has lost finds the changes all the same', async (t) => {
  const { one, two } = await start(t)
  const watched = await watch(two)
  await until(t, () => watched.currentAt.length === 1)
  const manager = await connections.get(one)!.jetstreamManager()
  for (let i = 1; i <= 2; i++) {
    for await (const { name } of manager.consumers.list('KV_tinygrid')) {
      await manager.consumers.delete('KV_tinygrid', name)
    }
    const revision = await one.create(`a${i}`, '1')
    await toldInTime(t, watched, `a${i}`, revision)
  }
  t.is(watched.entries.length, 2)
})

natsTest('a deletion is told even where the mark of it is gone', async (t) => {
  const { nats, one, two } = await start(t)
  const revision = await one.create('a', '1')
  await one.create('b', '1')
  const watched = await watch(two)
  await until(t, () => watched.entries.length === 2)
  await nats.kill()
  await nats.restart()
  const other = await open(t, nats)
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
  await once(t, () => one.create('c', '1'))
  await until(t, () => watched.entries.some(({ key }) => key === 'c'))
  // Frozen calls may have come through after all; whatever they did has been told.
  const b = await one.get('b')
  await until(t, () => newest(watched, 'b') === b?.revision)
})

natsTest('two namespaces on one server have nothing in common', async (t) => {
  const { nats, one } = await start(t)
  const other = await open(t, nats, 'tinygrid-2')
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

const connections = new WeakMap<KeyValue, Awaited<ReturnType<typeof connectNats>>>()

async function start(t: ExecutionContext) {
  const nats = await NatsService.start()
  t.teardown(() => nats.close())
  return { nats, one: await open(t, nats), two: await open(t, nats) }
}

async function open(
  t: ExecutionContext,
  nats: NatsService,
  namespace = 'tinygrid',
): Promise<NatsKeyValue> {
  const connection = await connectNats({ url: nats.url, name: 'key-value test' })
  t.teardown(() => connection.close())
  const keyValue = await NatsKeyValue.open({ connection, namespace, replicas: 1 })
  t.teardown(() => keyValue.close())
  connections.set(keyValue, connection)
  return keyValue
}

async function rejectsInTime(t: ExecutionContext, call: () => Promise<unknown>): Promise<void> {
  const begun = performance.now()
  await t.throwsAsync(call(), unavailable)
  t.true(performance.now() - begun < FENCE_MS)
}

/** The driver alone would find it after more than ten seconds. */
async function toldInTime(
  t: ExecutionContext,
  watched: Watched,
  key: string,
  revision: number,
): Promise<void> {
  const begun = performance.now()
  await until(t, () => newest(watched, key) === revision)
  const took = performance.now() - begun
  t.log(`told after ${took.toFixed(0)} ms`)
  t.true(took < TOLD_MS)
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
