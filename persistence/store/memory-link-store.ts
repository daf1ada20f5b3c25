/**
 * The link store in memory: for tests and simulations, which want the contract without a disk.
 *
 * Used by tests of every folder. Keeps the whole contract of `link-store.ts` but durability: the
 * object is its own disk, so a test that "restarts" a process keeps the store and drops everything
 * else, and `close` changes nothing. Lists by sorting all links, which is meant for thousands.
 * Faults are the caller's to add around it.
 */
import type { Code, LogPosition, PartitionId } from '../../links/ids.ts'
import { decodeLink, type LinkRecord, type LinkVersion } from '../../links/link-record.ts'
import type { Link } from '../../links/link.ts'
import type { ListPage, ListQuery, TagCount } from '../../links/link-owner.ts'
import type { Ring } from '../../links/ring.ts'
import { comparePlaces, ListPageBuilder } from './list-page.ts'
import { TagCounts } from './tag-counts.ts'
import { LOAD_BATCH_MAX, type LinkStore, type Refusal } from './link-store.ts'

const PARTITIONS_PER_LOAD = 8

export class MemoryLinkStore implements LinkStore {
  readonly #ring: Ring
  readonly #versions = new Map<Code, LinkVersion>()
  readonly #checkpoints = new Map<PartitionId, LogPosition>()

  constructor(ring: Ring) {
    this.#ring = ring
  }

  async get(code: Code): Promise<LinkVersion | undefined> {
    return this.#versions.get(code)
  }

  async write(versions: readonly LinkVersion[]): Promise<readonly Refusal[]> {
    for (const version of versions) {
      const stored = this.#versions.get(version.code)
      if (stored !== undefined && stored.position >= version.position) continue
      const record = Buffer.from(version.record) as LinkRecord
      this.#versions.set(version.code, { ...version, record })
    }
    return []
  }

  async *load(partitions: readonly PartitionId[]): AsyncGenerator<readonly LinkVersion[]> {
    const wanted = new Set(partitions)
    const versions = [...this.#versions.values()].filter((version) =>
      wanted.has(this.#ring.partitionOf(version.code)),
    )
    for (let from = 0; from < versions.length; from += LOAD_BATCH_MAX) {
      yield versions.slice(from, from + LOAD_BATCH_MAX)
    }
  }

  async partitionsPerLoad(): Promise<number> {
    return PARTITIONS_PER_LOAD
  }

  async checkpoints(): Promise<ReadonlyMap<PartitionId, LogPosition>> {
    return new Map(this.#checkpoints)
  }

  async saveCheckpoints(checkpoints: ReadonlyMap<PartitionId, LogPosition>): Promise<void> {
    for (const [partition, position] of checkpoints) {
      const stored = this.#checkpoints.get(partition)
      if (stored === undefined || stored < position) this.#checkpoints.set(partition, position)
    }
  }

  async removeTombstones(tombstones: readonly LinkVersion[]): Promise<void> {
    for (const tombstone of tombstones) {
      const stored = this.#versions.get(tombstone.code)
      if (stored?.position === tombstone.position) this.#versions.delete(tombstone.code)
    }
  }

  async list(query: ListQuery): Promise<ListPage> {
    const page = new ListPageBuilder(query)
    const { place } = page
    for (const link of this.#liveLinks(query.tag)) {
      if (place !== undefined && comparePlaces(link, place) <= 0) continue
      if (!page.offer(link)) break
    }
    return page.page()
  }

  async tags(): Promise<readonly TagCount[]> {
    const counts = new TagCounts()
    for (const [tag, links] of Map.groupBy(this.#taggings(), ([one]) => one)) {
      counts.add(tag, links.length)
    }
    return counts.listed()
  }

  async codesOfTags(tags: readonly string[], codesMax: number) {
    const taggings = this.#taggings().filter(([tag]) => tags.includes(tag))
    if (taggings.length > codesMax) return undefined
    return new Map(
      tags.map((tag) => [tag, taggings.filter(([one]) => one === tag).map(([, code]) => code)]),
    )
  }

  async close(): Promise<void> {}

  #taggings(): [tag: string, code: Code][] {
    return this.#liveLinks(undefined).flatMap(({ tags, code }) =>
      tags.map((tag): [string, Code] => [tag, code]),
    )
  }

  /** In the order of the list. */
  #liveLinks(tag: string | undefined): Link[] {
    return [...this.#versions.values()]
      .map((version) => decodeLink(version.record))
      .filter((link) => link.lifecycle === 'live')
      .filter((link) => tag === undefined || link.tags.includes(tag))
      .sort(comparePlaces)
  }
}
