/** Memory over its bound is freed from few partitions, a little at a time. */
import test, { type ExecutionContext } from 'ava'
import type { Code, EpochMs, PartitionId } from '../../links/ids.ts'
import { linkVersion } from '../../links/testing/sample-links.ts'
import { Eviction } from './eviction.ts'
import { LinkTable } from './link-table.ts'
import { MemoryBound } from './memory-bound.ts'
import { PartitionMemory } from './partition-memory.ts'

const PARTITIONS = 4
const LINKS = 1_000
const NOW = 1 as EpochMs

/** Partitions with as many links each, of about 100 B; the store lacks those of `dirty`. */
function fill(bytesMax: number, dirty: readonly number[] = [], links = LINKS) {
  const bound = new MemoryBound(bytesMax, PARTITIONS)
  const memories = Array.from({ length: PARTITIONS }, (_, partition) => {
    const memory = new PartitionMemory(new LinkTable())
    for (let number = 0; number < links; number++) {
      const version = linkVersion(`c${number}`, 1, { url: `https://e.org/${'x'.repeat(50)}` })
      if (dirty.includes(partition)) memory.apply(version)
      else memory.fill(version)
    }
    bound.note(partition as PartitionId, memory.bytes)
    return memory
  })
  const memoryOf = (partition: PartitionId) => memories[partition]
  const eviction = new Eviction({ bound, partitions: PARTITIONS, memoryOf })
  const relieve = (changes = 1) => {
    let evicted = 0
    for (let change = 0; change < changes; change++) evicted += eviction.relieve()
    return evicted
  }
  return { bound, memories, relieve, sizes: () => memories.map(({ size }) => size) }
}

function complete(memories: readonly PartitionMemory[]): void {
  for (const memory of memories) memory.takeForComplete()
}

const areComplete = (memories: readonly PartitionMemory[]) =>
  memories.filter(({ isComplete }) => isComplete).length

/** Of every code that `fill` has put in. */
function assertNoneIsDenied(t: ExecutionContext, memories: readonly PartitionMemory[]): void {
  for (const memory of memories) {
    for (let number = 0; number < LINKS; number++) {
      if (memory.linkOf(`c${number}` as Code) === 'absent') return t.fail(`c${number} is denied`)
    }
  }
}

test('while there is room nothing is evicted', (t) => {
  const { relieve, sizes } = fill(1e9)
  t.is(relieve(), 0)
  t.deepEqual(sizes(), Array(PARTITIONS).fill(LINKS))
})

test('of partitions that are incomplete, what is too much goes from all alike', (t) => {
  const { bound, relieve, sizes } = fill(1_000_000, [], 5_000)
  t.true(bound.excess > 500_000)
  const evicted = relieve(50)
  t.true(bound.excess <= 0, `${bound.bytes}`)
  t.is(evicted, PARTITIONS * 5_000 - sizes().reduce((sum, size) => sum + size))
  t.true(Math.max(...sizes()) - Math.min(...sizes()) < 1_000, sizes().join(' '))
})

test('one change frees a bounded part, however much there is', (t) => {
  const { relieve, sizes } = fill(1, [], 5_000)
  const evicted = relieve()
  t.true(evicted > 0 && evicted < 5_000, `${evicted}`)
  t.true(Math.min(...sizes()) > 3_000, sizes().join(' '))
})

test('one change opens a complete partition by a bounded step, however large it is', (t) => {
  const { memories, relieve } = fill(1, [], 20_000)
  complete(memories)
  t.is(relieve(), 0)
  t.is(areComplete(memories), PARTITIONS)
  for (let changes = 0; areComplete(memories) === PARTITIONS; changes++) {
    t.true(changes < 10)
    relieve()
  }
})

test('links that the store lacks stay, and do not keep the others from going', (t) => {
  const { relieve, sizes } = fill(1, [1, 2])
  relieve(100)
  t.deepEqual(sizes(), [0, LINKS, LINKS, 0])
})

test('a partition that has gone meanwhile is passed over', (t) => {
  const { bound, memories } = fill(1)
  const memoryOf = (partition: PartitionId) => (partition === 3 ? undefined : memories[partition])
  const eviction = new Eviction({ bound, partitions: PARTITIONS, memoryOf })
  for (let changes = 0; changes < 100; changes++) eviction.relieve()
  t.deepEqual(
    memories.map(({ size }) => size),
    [0, 0, 0, LINKS],
  )
})

test('of complete partitions one gives down to its share before the next one is opened', (t) => {
  const { bound, memories, relieve, sizes } = fill(1e9)
  complete(memories)
  const full = bound.bytes
  for (const [share, open] of [
    [0.99, 1],
    [0.87, 1],
    [0.75, 2],
    [0.58, 3],
    [0.45, 4],
  ] as const) {
    const squeezed = squeeze(memories, full * share)
    squeezed.relieve()
    t.is(PARTITIONS - areComplete(memories), open, `${share}: ${sizes().join(' ')}`)
    t.true(Math.min(...sizes()) > LINKS / 5, sizes().join(' '))
  }
  t.is(relieve(), 0)
  assertNoneIsDenied(t, memories)
})

test('of 80/20 visits memory answers nine in ten, and who is complete after a while stays it', (t) => {
  const { visit, memories } = visited(16, 1_000, 0.63)
  const loaded = areComplete(memories)
  t.is(loaded, 9)
  const early = visit(16_000)
  visit(32_000)
  const settled = areComplete(memories)
  const late = visit(32_000)
  // The others have grown to their third, for which some have given up two thirds.
  t.true(settled >= 5 && settled < loaded, `${settled} of ${loaded}`)
  t.true(areComplete(memories) >= settled - 1, `${areComplete(memories)} of ${settled}`)
  t.true(late > 0.85 && late > early, `${late} after ${early}`)
})

test('where every partition has only its share left, all give what they have', (t) => {
  const { memories, relieve, sizes } = fill(1)
  complete(memories)
  relieve(100)
  t.deepEqual(sizes(), Array(PARTITIONS).fill(0))
  t.is(areComplete(memories), 0)
  assertNoneIsDenied(t, memories)
  t.is(memories[0]!.linkOf('never-given' as Code), 'absent')
})

test('a partition whose links are being loaded is spared while others can give', (t) => {
  const { bound, memories, sizes } = fill(1e9)
  memories[1]!.startLoad()
  const full = bound.bytes
  squeeze(memories, full / 2).relieve()
  t.is(sizes()[1], LINKS)
  t.true(memories[1]!.isLoadingLinks)
  squeeze(memories, full / 10).relieve()
  t.true(sizes()[1]! < LINKS)
  t.false(memories[1]!.isLoadingLinks)
})

/** The same partitions, under another bound. */
function squeeze(memories: readonly PartitionMemory[], bytesMax: number) {
  const bound = new MemoryBound(bytesMax, PARTITIONS)
  for (const [id, memory] of memories.entries()) bound.note(id as PartitionId, memory.bytes)
  const memoryOf = (partition: PartitionId) => memories[partition]
  const eviction = new Eviction({ bound, partitions: PARTITIONS, memoryOf })
  return {
    relieve() {
      for (let changes = 0; changes < 100 && bound.excess > 0; changes++) eviction.relieve()
    },
  }
}

function versionOf(partition: number, number: number) {
  return linkVersion(`p${partition}-${number}`, 1, { url: `https://e.org/${'x'.repeat(50)}` })
}

/** Partitions of which a load brought as many as fit, and visits to them: 80 % go to 20 % of the links. */
function visited(partitions: number, links: number, share: number) {
  const whole = new PartitionMemory(new LinkTable())
  for (let number = 0; number < links; number++) whole.fill(versionOf(0, number))
  const bound = new MemoryBound(whole.bytes * partitions * share, partitions)
  const memories = Array.from({ length: partitions }, () => new PartitionMemory(new LinkTable()))
  const memoryOf = (partition: PartitionId) => memories[partition]
  const eviction = new Eviction({ bound, partitions, memoryOf })
  for (const [id, memory] of memories.entries()) {
    const fits = bound.bytes + whole.bytes <= bound.bytesMax * 0.95
    memory.startLoad({ of: fits ? 'links' : 'codes', codes: links })
    for (let number = 0; number < links; number++) memory.load(versionOf(id, number))
    while (!memory.stepLoad());
    memory.endLoad()
    bound.note(id as PartitionId, memory.bytes)
  }
  const random = numbersFrom(1)
  const all = partitions * links
  const hot = all / 5
  /** Returns the share of the visits that memory answered. */
  const visit = (visits: number): number => {
    let answered = 0
    for (let left = visits; left > 0; left--) {
      const isHot = random() < 0.8
      const link = Math.floor(isHot ? random() * hot : hot + random() * (all - hot))
      const partition = (link % partitions) as PartitionId
      const version = versionOf(partition, Math.floor(link / partitions))
      const memory = memories[partition]!
      if (memory.lookup(version.code, NOW).kind !== 'unknown') answered++
      else {
        memory.fill(version)
        bound.note(partition, memory.bytes)
        eviction.relieve()
      }
    }
    return answered / visits
  }
  return { visit, memories }
}

/** From 0 to below 1, the same in each run (Numerical Recipes). */
function numbersFrom(seed: number): () => number {
  let state = seed
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32
}
