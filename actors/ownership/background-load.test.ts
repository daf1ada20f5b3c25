import { setImmediate } from 'node:timers/promises'
import test from 'ava'
import { TinygridError } from '../../links/errors.ts'
import type { Code, PartitionId } from '../../links/ids.ts'
import type { LinkRecord } from '../../links/link-record.ts'
import { Ring } from '../../links/ring.ts'
import { MemoryLinkStore } from '../../persistence/store/memory-link-store.ts'
import { freeWork } from '../../links/testing/free-work.ts'
import { linkVersion } from '../../links/testing/sample-links.ts'
import { BackgroundLoad } from './background-load.ts'
import { LinkTable } from '../memory/link-table.ts'
import { MemoryBound } from '../memory/memory-bound.ts'
import { PartitionMemory } from '../memory/partition-memory.ts'

const LINKS = 5_000
const ring = new Ring(16)

const versions = Array.from({ length: LINKS }, (_, index) => linkVersion(`c${index}`, 1))

async function prepare(options: { bytesMax?: number; store?: MemoryLinkStore } = {}) {
  const store = options.store ?? new MemoryLinkStore(ring)
  await store.write(versions)
  const memories = ring.all().map(() => new PartitionMemory(new LinkTable()))
  const stopping = new AbortController()
  const errors: unknown[] = []
  const load = new BackgroundLoad({
    ring,
    store,
    bound: new MemoryBound(options.bytesMax ?? 1e9, ring.partitions),
    memoryOf: (partition: PartitionId) => memories[partition]!,
    groupSize: 16,
    isSettled: () => true,
    work: freeWork(),
    pause: async () => {},
    onError: (error) => errors.push(error),
    signal: stopping.signal,
  })
  const links = () => memories.reduce((sum, { size }) => sum + size, 0)
  const complete = () => memories.filter(({ isComplete }) => isComplete).length
  return { store, load, memories, stopping, errors, links, complete }
}

test('everything in the store comes into memory, and then memory is complete', async (t) => {
  const { load, links, complete } = await prepare()
  t.is(complete(), 0)
  await load.run(ring.all())
  t.is(links(), LINKS)
  t.is(complete(), ring.partitions)
})

test('tombstones are left out of memory and removed from the store', async (t) => {
  const { store, load, links } = await prepare()
  const purged = linkVersion('purged', 1, { lifecycle: 'purged' })
  await store.write([purged])
  await load.run(ring.all())
  t.is(links(), LINKS)
  t.is(await store.get(purged.code), undefined)
})

test('a store that fails is asked again, and nothing is missing in the end', async (t) => {
  let failures = 3
  class Failing extends MemoryLinkStore {
    override async *load(partitions: readonly PartitionId[]) {
      yield* super.load(partitions)
      if (failures-- > 0) throw new TinygridError('store_unavailable')
    }
  }
  const { load, links, complete, errors } = await prepare({ store: new Failing(ring) })
  await load.run(ring.all())
  t.is(errors.length, 3)
  t.is(links(), LINKS)
  t.is(complete(), ring.partitions)
})

test('the load stops while there is room left, and those partitions stay incomplete', async (t) => {
  const { load, links, complete } = await prepare({ bytesMax: 150_000 })
  await load.run(ring.all())
  t.true(links() > 0 && links() < LINKS)
  t.is(complete(), 0)
})

test('an eviction in the middle of a load makes the load void', async (t) => {
  const { load, memories, complete } = await prepare()
  const running = load.run(ring.all())
  await setImmediate()
  const victim = memories.find(({ size }) => size > 0)!
  victim.evict(1)
  await running
  t.false(victim.isComplete)
  t.is(complete(), ring.partitions - 1)
})

test('a damaged version is told and passed over, and its partition stays incomplete', async (t) => {
  const damaged = linkVersion('damaged', 1)
  const misplaced = { ...linkVersion('misplaced', 1), code: 'other' as Code }
  class Damaged extends MemoryLinkStore {
    override async *load(partitions: readonly PartitionId[]) {
      yield [{ ...damaged, record: damaged.record.subarray(0, 12) as LinkRecord }, misplaced]
      yield* super.load(partitions)
    }
  }
  const { load, links, complete, memories, errors } = await prepare({ store: new Damaged(ring) })
  await load.run(ring.all())
  t.is(errors.length, 2)
  t.is(complete(), ring.partitions - 2)
  const left = [damaged, misplaced].map(({ code }) => memories[ring.partitionOf(code)]!.size)
  t.is(links(), LINKS - versionsIn(damaged.code) - versionsIn(misplaced.code) + left[0]! + left[1]!)
  for (const { code } of [damaged, misplaced]) {
    t.is(memories[ring.partitionOf(code)]!.linkOf(code), 'unknown')
  }
})

function versionsIn(code: Code): number {
  return versions.filter((one) => ring.partitionOf(one.code) === ring.partitionOf(code)).length
}
