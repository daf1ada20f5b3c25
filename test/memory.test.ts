import test from 'ava'
import { Ring } from '../links/ring.ts'
import { MemoryLinkStore } from '../persistence/store/memory-link-store.ts'
import { MemoryLog } from '../persistence/log/memory-log.ts'
import { FALSE_SHARE_MAX } from '../actors/memory/code-filter.ts'
import type { Tinygrid } from '../node/tinygrid.ts'
import { call, startNode } from './node.ts'

const BULKS = 100
const BULK = 1000
/** About 110 B a link in memory; all of them would take 27 MB. */
const LONG = 'x'.repeat(200)
/** Codes never given; a filter may take some for given ones, and the store is asked. */
const UNKNOWN = 1_000
const urlOf = (index: number) => `https://example.org/${index}/${LONG}`

async function createAll(node: Tinygrid): Promise<string[]> {
  const codes: string[] = []
  for (let bulk = 0; bulk < BULKS; bulk++) {
    const links = Array.from({ length: BULK }, (_, index) => ({ url: urlOf(bulk * BULK + index) }))
    const { body } = await call(node, '/api/links/bulk', { method: 'POST', json: { links } })
    const results = body['results'] as { status: number; link: { code: string } }[]
    codes.push(...results.map(({ link }) => link.code))
  }
  return codes
}

test('more links than memory holds are all found, and memory keeps to its bound', async (t) => {
  t.timeout(180_000)
  const store = new MemoryLinkStore(new Ring(256))
  const env = { TINYGRID_MEMORY_MAX: '16MB', TINYGRID_LOG_MAX: '1GB' }
  const node = await startNode(t, { log: new MemoryLog(), store, env })
  await node.loaded
  const codes = await createAll(node)
  t.is(new Set(codes).size, BULKS * BULK)
  t.true(node.status().evictions > 0)
  const { partitionsComplete, partitionsKnown, partitionsOwned } = node.status()
  t.log({ partitionsComplete, partitionsKnown })
  t.true(partitionsComplete < partitionsOwned)
  t.is(partitionsKnown, partitionsOwned)

  const wrong: unknown[] = []
  for (let index = 0; index < codes.length; index += 37) {
    const { status, headers } = await call(node, `/${codes[index]}`)
    if (headers.get('location') !== urlOf(index)) wrong.push([index, status])
  }
  t.deepEqual(wrong, [])
  const before = node.status().readThroughs
  for (let index = 0; index < UNKNOWN; index++) {
    if ((await call(node, `/never-${index}`)).status !== 404) wrong.push([index, 404])
  }
  t.deepEqual(wrong, [])
  // Three times what its error lets expect: chance alone does not get there.
  t.true(node.status().readThroughs - before <= 3 * UNKNOWN * FALSE_SHARE_MAX)

  const { memoryBytes, memoryBytesMax, linksInMemory, readThroughs } = node.status()
  t.log({ memoryBytes, memoryBytesMax, linksInMemory, readThroughs })
  t.true(memoryBytes <= memoryBytesMax * 1.05)
  // The bound is used, not only kept: what is free waits for the compactor.
  t.true(linksInMemory * 250 > memoryBytesMax * 0.75)
  t.true(readThroughs > 0)
})
