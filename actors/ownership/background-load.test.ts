import { setImmediate } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
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

interface Prepared {
  bytesMax?: number
  store?: MemoryLinkStore
  /** Partitions that the store wants to be asked for at once. */
  perLoad?: number
  memories?: PartitionMemory[]
}

async function prepare(options: Prepared = {}) {
  const store = options.store ?? new MemoryLinkStore(ring)
  const { perLoad } = options
  if (perLoad !== undefined) store.partitionsPerLoad = async () => perLoad
  await store.write(versions)
  const memories = options.memories ?? ring.all().map(newMemory)
  const bound = new MemoryBound(options.bytesMax ?? 1e9, ring.partitions)
  const stopping = new AbortController()
  const errors: unknown[] = []
  const load = new BackgroundLoad({
    ring,
    store,
    bound,
    memoryOf: (partition: PartitionId) => memories[partition]!,
    isSettled: () => true,
    work: freeWork(),
    pause: async () => {},
    onError: (error) => errors.push(error),
    signal: stopping.signal,
  })
  const links = () => memories.reduce((sum, { size }) => sum + size, 0)
  const complete = () => memories.filter(({ isComplete }) => isComplete).length
  return { store, load, bound, memories, stopping, errors, links, complete }
}

/** Chunks so small that a partition of some hundred links has many. */
function newMemory(): PartitionMemory {
  return new PartitionMemory(new LinkTable({ chunkBytes: 2048 }))
}

/** Each link is there or is known to exist; of codes never given, nearly none. */
function assertCodesAreKnown(t: ExecutionContext, memories: readonly PartitionMemory[]): void {
  const linkOf = (code: Code) => memories[ring.partitionOf(code)]!.linkOf(code)
  t.deepEqual(
    versions.filter(({ code }) => linkOf(code) === 'absent'),
    [],
  )
  const others = Array.from({ length: 10_000 }, (_, index) => `never-${index}` as Code)
  const unknown = others.filter((code) => linkOf(code) !== 'absent')
  t.true(unknown.length <= 100, `${unknown.length} of ${others.length} are taken for given`)
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

test('what is done stays done when the store fails, and is not read again', async (t) => {
  const asked: PartitionId[][] = []
  class Failing extends MemoryLinkStore {
    override async *load(partitions: readonly PartitionId[]) {
      asked.push([...partitions])
      yield* super.load(partitions)
      if (asked.length === 2) throw new TinygridError('store_unavailable')
    }
  }
  const { load, links, complete, errors } = await prepare({ store: new Failing(ring) })
  await load.run(ring.all())
  t.is(errors.length, 1)
  const [first, second, third] = asked
  t.is(asked.length, 3)
  t.deepEqual(second, third)
  t.deepEqual([...first!, ...third!], ring.all())
  t.is(links(), LINKS)
  t.is(complete(), ring.partitions)
})

for (const [what, perLoad] of [
  ['a few partitions', 4],
  ['all partitions', 16],
] as const) {
  test(`as many partitions as fit become complete, of loads of ${what}`, async (t) => {
    const { load, bound, memories, complete, errors } = await prepare({
      bytesMax: 180_000,
      perLoad,
    })
    await load.run(ring.all())
    t.deepEqual(errors, [])
    t.true(complete() >= 4 && complete() <= 12, `${complete()}`)
    t.true(bound.bytes <= 0.91 * bound.bytesMax, `${bound.bytes}`)
    assertCodesAreKnown(t, memories)
  })
}

test('where nothing fits any more, codes alone are loaded', async (t) => {
  const { load, memories, links, complete } = await prepare({ bytesMax: 1 })
  await load.run(ring.all())
  t.is(links(), 0)
  t.is(complete(), 0)
  assertCodesAreKnown(t, memories)
})

test('partitions that know their codes are loaded again only while there is room', async (t) => {
  const reads: number[] = []
  class Counting extends MemoryLinkStore {
    override async *load(partitions: readonly PartitionId[]) {
      reads.push(partitions.length)
      yield* super.load(partitions)
    }
  }
  const store = new Counting(ring)
  const full = await prepare({ bytesMax: 1, store })
  await full.load.run(ring.all())
  t.deepEqual(reads.splice(0), [8, 8])
  await full.load.run(ring.all())
  t.deepEqual(reads, [])
  const roomy = await prepare({ store, memories: full.memories })
  await roomy.load.run(ring.all())
  t.is(roomy.complete(), ring.partitions)
  t.is(roomy.links(), LINKS)
})

test('what is written while codes are loaded is known too', async (t) => {
  const { load, memories } = await prepare({ bytesMax: 1 })
  const before = linkVersion('before', 2)
  const meanwhile = linkVersion('meanwhile', 3)
  const memoryOf = (code: Code) => memories[ring.partitionOf(code)]!
  memoryOf(before.code).apply(before)
  const running = load.run(ring.all())
  await setImmediate()
  const memory = memoryOf(meanwhile.code)
  memory.apply(meanwhile)
  memory.markFlushed([meanwhile])
  while (memory.hasClean) memory.evict(1e6)
  await running
  t.is(memory.linkOf(meanwhile.code), 'unknown')
  t.is(memory.linkOf('never-given' as Code), 'absent')
  memoryOf(before.code).markFlushed([before])
  while (memoryOf(before.code).hasClean) memoryOf(before.code).evict(1e6)
  t.is(memoryOf(before.code).linkOf(before.code), 'unknown')
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
      const cut = { ...damaged, record: damaged.record.subarray(0, 12) as LinkRecord }
      yield [cut, misplaced].filter(({ code }) => partitions.includes(ring.partitionOf(code)))
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
