/** Partitions that lost links are loaded again where there is room, and nowhere near the bound. */
import test from 'ava'
import type { PartitionId } from '../../links/ids.ts'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import { linkVersion } from '../../links/testing/sample-links.ts'
import { LinkTable } from '../memory/link-table.ts'
import { MemoryBound } from '../memory/memory-bound.ts'
import { PartitionMemory } from '../memory/partition-memory.ts'
import { Refill } from './refill.ts'

const LINKS = 500
const PARTITIONS = 4

/** Complete partitions, of which those in `lost` have then lost about as many links. */
function prepare(lost: Readonly<Record<number, number>>) {
  const memories = Array.from({ length: PARTITIONS }, () => new PartitionMemory(new LinkTable()))
  for (const [partition, memory] of memories.entries()) {
    for (let number = 0; number < LINKS; number++) memory.fill(linkVersion(`c${number}`, 1))
    memory.takeForComplete()
    while (LINKS - memory.size < (lost[partition] ?? 0)) memory.evict(1_000)
  }
  const bytes = () => memories.reduce((sum, memory) => sum + memory.bytes, 0)
  const clock = new ManualClock()
  const loaded: number[] = []
  const stopping = new AbortController()
  const start = (bytesMax: number, isLoading = () => false) => {
    const bound = new MemoryBound(bytesMax, PARTITIONS)
    for (const [id, memory] of memories.entries()) bound.note(id as PartitionId, memory.bytes)
    const refill = new Refill({
      bound,
      clock,
      memories: () => memories.map((memory, id) => [id as PartitionId, memory] as const),
      isLoading,
      load: (partition) => loaded.push(partition),
      signal: stopping.signal,
    })
    return { refill, running: refill.run() }
  }
  return { memories, bytes, clock, loaded, stopping, start }
}

test('partitions that lack links are loaded again while there is room, the least lack first', (t) => {
  const { start, bytes, loaded } = prepare({ 0: 400, 2: 200 })
  start(10 * bytes()).refill.look()
  t.deepEqual(loaded, [2, 0])
})

test('what does not fit below the room that is to stay free is left as it is', (t) => {
  const { start, bytes, loaded } = prepare({ 0: 400, 2: 200 })
  const linkBytes = bytes() / (PARTITIONS * LINKS - 600)
  start((bytes() + 300 * linkBytes) / 0.8).refill.look()
  t.deepEqual(loaded, [2])
})

test('near the bound, or during another load, nothing is loaded', (t) => {
  const { start, bytes, loaded } = prepare({ 0: 100 })
  start(bytes() * 1.1).refill.look()
  start(bytes() * 10, () => true).refill.look()
  t.deepEqual(loaded, [])
})

test('what is complete, or does not know its codes, is not asked for', (t) => {
  const { start, bytes, memories, loaded } = prepare({})
  memories.push(new PartitionMemory(new LinkTable()))
  memories[4]!.fill(linkVersion('c1', 1))
  start(10 * bytes()).refill.look()
  t.deepEqual(loaded, [])
})

test('it looks now and then, until it is stopped', async (t) => {
  const { start, bytes, clock, loaded, stopping } = prepare({ 1: 50 })
  const { running } = start(10 * bytes())
  await clock.pass(60_000)
  t.true(loaded.length > 1)
  stopping.abort()
  await running
  const looks = loaded.length
  await clock.pass(60_000)
  t.is(loaded.length, looks)
})
