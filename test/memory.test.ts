import test from 'ava'
import { Ring } from '../links/ring.ts'
import { MemoryLinkStore } from '../persistence/store/memory-link-store.ts'
import { MemoryLog } from '../persistence/log/memory-log.ts'
import type { Tinygrid } from '../node/tinygrid.ts'
import { call, startNode } from './node.ts'

const BULKS = 100
const BULK = 1000
/** About 110 B a link in memory; all of them would take 27 MB. */
const LONG = 'x'.repeat(200)
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
  t.is(node.status().partitionsComplete, 0)

  const wrong: unknown[] = []
  for (let index = 0; index < codes.length; index += 37) {
    const { status, headers } = await call(node, `/${codes[index]}`)
    if (headers.get('location') !== urlOf(index)) wrong.push([index, status])
  }
  t.deepEqual(wrong, [])
  t.is((await call(node, '/never-given')).status, 404)

  const { memoryBytes, memoryBytesMax, linksInMemory, readThroughs } = node.status()
  t.log({ memoryBytes, memoryBytesMax, linksInMemory, readThroughs })
  t.true(memoryBytes <= memoryBytesMax * 1.05)
  // The bound is used, not only kept: what is free waits for the compactor.
  t.true(linksInMemory * 250 > memoryBytesMax * 0.75)
  t.true(readThroughs > 0)
})
