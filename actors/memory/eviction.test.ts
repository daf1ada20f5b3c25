/** Memory over its bound is freed from all partitions in turn, a little at a time. */
import test from 'ava'
import type { PartitionId } from '../../links/ids.ts'
import { linkVersion } from '../../links/testing/sample-links.ts'
import { relieve } from './eviction.ts'
import { LinkTable } from './link-table.ts'
import { MemoryBound } from './memory-bound.ts'
import { PartitionMemory } from './partition-memory.ts'

const PARTITIONS = 4
const LINKS = 1_000

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
  const memoryOf = (partition: PartitionId): PartitionMemory | undefined => memories[partition]
  return { bound, memories, memoryOf, sizes: () => memories.map(({ size }) => size) }
}

test('while there is room nothing is evicted', (t) => {
  const { bound, memoryOf, sizes } = fill(1e9)
  t.is(relieve(bound, memoryOf), 0)
  t.deepEqual(sizes(), Array(PARTITIONS).fill(LINKS))
})

test('what is too much goes, from all partitions alike', (t) => {
  const { bound, memoryOf, sizes } = fill(1_000_000, [], 5_000)
  t.true(bound.excess > 500_000)
  let evicted = 0
  for (let changes = 0; changes < 50 && bound.excess > 0; changes++) {
    evicted += relieve(bound, memoryOf)
  }
  t.true(bound.excess <= 0, `${bound.bytes}`)
  t.is(evicted, PARTITIONS * 5_000 - sizes().reduce((sum, size) => sum + size))
  t.true(Math.max(...sizes()) - Math.min(...sizes()) < 1_000, sizes().join(' '))
})

test('one change frees a bounded part, however much there is', (t) => {
  const { bound, memoryOf, sizes } = fill(1, [], 5_000)
  const evicted = relieve(bound, memoryOf)
  t.true(evicted > 0 && evicted < 5_000, `${evicted}`)
  t.true(Math.min(...sizes()) > 3_000, sizes().join(' '))
})

test('links that the store lacks stay, and do not keep the others from going', (t) => {
  const { bound, memoryOf, sizes } = fill(1, [1, 2])
  for (let changes = 0; changes < 100; changes++) relieve(bound, memoryOf)
  t.deepEqual(sizes(), [0, LINKS, LINKS, 0])
})

test('a partition that has gone meanwhile is passed over', (t) => {
  const { bound, memories } = fill(1)
  const memoryOf = (partition: PartitionId) => (partition === 3 ? undefined : memories[partition])
  for (let changes = 0; changes < 100; changes++) relieve(bound, memoryOf)
  t.deepEqual(
    memories.map(({ size }) => size),
    [0, 0, 0, LINKS],
  )
})

test('who loses a link does not know every link any more', (t) => {
  const { bound, memories, memoryOf } = fill(1)
  for (const memory of memories) {
    memory.startLoad()
    memory.endLoad()
  }
  relieve(bound, memoryOf)
  t.true(memories.every(({ isComplete }) => !isComplete))
})
