/** Whether an export has everything, or fails; a list may be behind. */
import test from 'ava'
import { TinygridError } from '../links/errors.ts'
import { toEpochMs } from '../links/ids.ts'
import type { Code, Epoch, LogPosition, NodeId, PartitionId } from '../links/ids.ts'
import { encodeLink, type LinkVersion } from '../links/link-record.ts'
import type { Lifecycle } from '../links/link.ts'
import { Table } from '../cluster/table/table.ts'
import { Ring } from '../links/ring.ts'
import { MemoryLinkStore } from '../persistence/store/memory-link-store.ts'
import { nodeDirectory } from './node-directory.ts'

const ring = new Ring(16)
const [a, b] = ['a', 'b'] as NodeId[]
const table = Table.ofOneNode(a!, 16, 1 as Epoch)
const lag = () => Promise.reject(new TinygridError('store_unavailable'))

function version(code: string, lifecycle: Lifecycle): LinkVersion {
  const link = {
    code: code as Code,
    url: lifecycle === 'purged' ? '' : 'https://example.com/',
    title: null,
    tags: [],
    createdAt: toEpochMs(1),
    updatedAt: toEpochMs(1),
    expiresAt: null,
    maxVisits: null,
    visits: 0,
    isAlias: true,
    lifecycle,
  }
  return { code: link.code, position: 1 as LogPosition, record: encodeLink(link) }
}

test('everything but what was purged is there, and what is damaged is told', async (t) => {
  const store = new MemoryLinkStore(ring)
  const broken = version('broken', 'live')
  const damaged = { ...broken, record: broken.record.subarray(0, 20) as typeof broken.record }
  await store.write([version('a', 'live'), version('b', 'deleted'), version('c', 'purged')])
  const all = async function* () {
    yield* store.load(ring.all())
    yield [damaged]
  }
  const directory = nodeDirectory({
    store: {
      load: all,
      list: (query) => store.list(query),
      tags: () => store.tags(),
      codesOfTags: (tags, codesMax) => store.codesOfTags(tags, codesMax),
    },
    ring,
    table: () => table,
    flush: async () => {},
  })
  const seen = new Map<string, string | undefined>()
  for await (const versions of await directory.everything()) {
    for (const { code, link } of versions) seen.set(code, link?.lifecycle)
  }
  t.deepEqual(
    [...seen],
    [
      ['a', 'live'],
      ['b', 'deleted'],
      ['broken', undefined],
    ],
  )
})

test('an export waits for the store and fails without it; a list goes on', async (t) => {
  const store = new MemoryLinkStore(ring)
  const directory = nodeDirectory({ store, ring, table: () => table, flush: lag })
  await t.throwsAsync(directory.everything(), { instanceOf: TinygridError })
  t.deepEqual((await directory.list({ limit: 10 })).links, [])
})

test('an export does not begin while a partition changes its owner', async (t) => {
  const store = new MemoryLinkStore(ring)
  const moved = (owner: NodeId | null, target: NodeId | null) =>
    table.with(new Map([[3 as PartitionId, { owner, epoch: 2 as Epoch, target }]]))
  const seen: [Table, Table][] = [
    [moved(a!, b!), moved(a!, b!)],
    [moved(null, b!), moved(null, b!)],
    [table, moved(b!, null)],
  ]
  for (const [before, after] of seen) {
    let now = before
    const flush = async () => {
      now = after
    }
    const directory = nodeDirectory({ store, ring, table: () => now, flush })
    await t.throwsAsync(directory.everything(), { message: /change their owner/ })
  }
})
