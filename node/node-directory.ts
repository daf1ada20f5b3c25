/**
 * All links of the cluster, read from the store behind the owners' backs.
 *
 * Used by the gateway for lists and exports. The store lags behind what was acknowledged, so both
 * first ask for a flush, here and on the other nodes. A list goes on without it after a while: who
 * looks at it looks again. An export does not: what it leaves out may be lost with the server. For the
 * same reason it does not begin while partitions change their owner:
 *
 *   1. A flushes what it has    2. B hands a partition off to A, with a write that the store lacks
 *   3. B's flush has nothing left to wait for    4. the store is read, without the write
 */
import { TinygridError } from '../links/errors.ts'
import type { Table } from '../cluster/table/table.ts'
import type { LinkDirectory, StoredVersion } from '../links/link-owner.ts'
import { decodeLink, isWholeVersion, type LinkVersion } from '../links/link-record.ts'
import type { Ring } from '../links/ring.ts'
import type { LinkStore } from '../persistence/store/link-store.ts'

const LIST_BARRIER_MS = 2_000
const EXPORT_BARRIER_MS = 5_000

export interface DirectoryParts {
  readonly store: Pick<LinkStore, 'list' | 'load' | 'tags' | 'codesOfTags'>
  readonly ring: Ring
  readonly table: () => Table
  /** Rejects if the store does not have in time what was acknowledged before. */
  readonly flush: (timeoutMs: number) => Promise<void>
}

export function nodeDirectory({ store, ring, table, flush }: DirectoryParts): LinkDirectory {
  return {
    list: async (query) => {
      await Promise.allSettled([flush(LIST_BARRIER_MS)])
      return store.list(query)
    },
    tags: async () => {
      await Promise.allSettled([flush(LIST_BARRIER_MS)])
      return store.tags()
    },
    // Statistics need no link of the last second, and ask often.
    codesOfTags: (tags, codesMax) => store.codesOfTags(tags, codesMax),
    everything: async () => {
      const { version } = table()
      await flush(EXPORT_BARRIER_MS)
      if (table().version !== version || !isAtRest(table())) {
        throw new TinygridError('store_unavailable', { detail: 'Partitions change their owner' })
      }
      return givenVersions(store.load(ring.all()))
    },
  }
}

function isAtRest({ rows }: Table): boolean {
  return rows.every(({ owner, target }) => owner !== null && target === null)
}

async function* givenVersions(
  batches: AsyncIterable<readonly LinkVersion[]>,
): AsyncGenerator<readonly StoredVersion[]> {
  for await (const batch of batches) {
    const versions = batch.map((version) => {
      const link = isWholeVersion(version) ? decodeLink(version.record) : undefined
      return { code: version.code, link }
    })
    yield versions.filter(({ link }) => link?.lifecycle !== 'purged')
  }
}
