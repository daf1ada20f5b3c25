/** The simulated seams keep the contracts of the seams they stand for. */
import test from 'ava'
import { testKeyValueContract } from '../cluster/membership/key-value.contract.ts'
import { MemoryKeyValueServer } from '../cluster/membership/memory-key-value.ts'
import { testFallbackCacheContract } from '../persistence/cache/fallback-cache.contract.ts'
import { STORE_RING, testLinkStoreContract } from '../persistence/store/link-store.contract.ts'
import { testForeignEntries } from '../persistence/log/foreign-entries.contract.ts'
import { isForeignPayload } from '../persistence/log/log-record.ts'
import { testLogContract } from '../persistence/log/log.contract.ts'
import { MemoryFallbackCache, TIME_TO_LIVE_MS } from '../persistence/cache/memory-fallback-cache.ts'
import { MemoryLinkStore } from '../persistence/store/memory-link-store.ts'
import { MemoryLog } from '../persistence/log/memory-log.ts'
import type { NodeId, PartitionId } from '../links/ids.ts'
import { testPeersContract } from '../cluster/peers/peers.contract.ts'
import { Network } from './network.ts'
import { SimulatedPeers } from './simulated-peers.ts'
import { letTimePass } from './free-time.ts'
import { Random } from './random.ts'
import { Service, type ServiceName } from './service.ts'
import { SimulatedCache } from './simulated-cache.ts'
import { SimulatedKeyValue } from './simulated-key-value.ts'
import { SimulatedLinkStore } from './simulated-link-store.ts'
import { SimulatedLog } from './simulated-log.ts'
import { SimulatedProcess } from './simulated-process.ts'
import { SILENT } from './story.ts'

/** Two processes that reach one service, in a time that passes by itself until the test ends. */
function surroundings(name: ServiceName) {
  const { scheduler, stop } = letTimePass()
  const [one, two] = [1, 2].map((n) => new SimulatedProcess(`n${n}`, scheduler, new Random(n)))
  return { one: one!, two: two!, service: new Service(name, new Random(3), SILENT), stop }
}

testLogContract('simulated log', async ({ logBytesMax }) => {
  const { one, service, stop } = surroundings('log')
  const state = new MemoryLog({ bytesMax: logBytesMax })
  return { open: async () => new SimulatedLog(one, service, state), remove: async () => stop() }
})

const stops: (() => void)[] = []
test.after.always(() => {
  for (const stop of stops) stop()
})

testForeignEntries('simulated log', async () => {
  const { one, two, service, stop } = surroundings('log')
  stops.push(stop)
  const state = new MemoryLog()
  const open = (process: SimulatedProcess) =>
    new SimulatedLog(process, service, state, { isForeign: isForeignPayload })
  const disturb = (partition: PartitionId, payload: Uint8Array) => state.disturb(partition, payload)
  return { one: open(one), two: open(two), disturb }
})

testLinkStoreContract('simulated store', async () => {
  const { one, service, stop } = surroundings('store')
  const state = new MemoryLinkStore(STORE_RING)
  const open = async () => new SimulatedLinkStore(one, service, state)
  return { open, remove: async () => stop() }
})

testFallbackCacheContract('simulated cache', async (t) => {
  const { one, service, stop } = surroundings('cache')
  t.teardown(stop)
  let now = 1000
  const pass = async (share: number) => {
    now += share * TIME_TO_LIVE_MS
  }
  const state = new MemoryFallbackCache({ now: () => now })
  return { cache: new SimulatedCache(one, service, state), pass }
})

testKeyValueContract('simulated key-value', async (t) => {
  const { one, two, service, stop } = surroundings('kv')
  t.teardown(stop)
  const server = new MemoryKeyValueServer()
  return {
    one: new SimulatedKeyValue(one, service, server),
    two: new SimulatedKeyValue(two, service, server),
  }
})

testPeersContract('simulated peers', async (t) => {
  const { scheduler, stop } = letTimePass()
  t.teardown(stop)
  const network = new Network<SimulatedPeers>(scheduler, new Random(1))
  const connect = (name: string, seed: number) => {
    const process = new SimulatedProcess(name, scheduler, new Random(seed))
    const nodeId = name as NodeId
    return new SimulatedPeers({ nodeId, process, network, story: SILENT, onBug: () => {} })
  }
  return [connect('a', 2), connect('b', 3), connect('c', 4)]
})

test('a watch that is cut off is told the newest of each key when it is back', async (t) => {
  const { one, two, service, stop } = surroundings('kv')
  t.teardown(stop)
  const server = new MemoryKeyValueServer()
  const watcher = new SimulatedKeyValue(one, service, server)
  const writer = new SimulatedKeyValue(two, service, server)
  const seen: (string | undefined)[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  await watcher.watch(
    ({ value }) => seen.push(value) && value === 'third' && resolve(),
    () => {},
  )
  service.cut(one)
  const first = await writer.create('table', 'first')
  const second = await writer.update('table', 'second', first)
  t.deepEqual(seen, [])
  service.mend(one)
  await writer.update('table', 'third', second)
  await promise
  t.false(seen.includes('first'))
})
