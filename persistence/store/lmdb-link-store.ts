/**
 * The link store in LMDB, for a cluster of one process.
 *
 * Keeps the contract of `link-store.ts`; a write is synced before it resolves, and what is damaged is
 * an error (`store-damage.ts`). A link stands under
 * its hash and code (`link-entry.ts`); beside it the indexes of the list (`link-index.ts`) and the
 * checkpoints.
 *
 * Writes run one after another, in slices of one transaction each: a slice is as much as may hold up
 * the event loop when it is put, and whoever hands links over by partition, as the write-behind does,
 * gets slices that touch few pages. What a link replaces is read before its transaction, not within:
 * this process is the only writer. Nothing is ever refused for good: keys and records are far below
 * LMDB's limits. Rejected: the driver's own conditional writes, which do not tell which index keys a
 * replaced link had; writes from a worker thread (a link costs the event loop 3 microseconds).
 */
import assert, { AssertionError } from 'node:assert/strict'
import { TinygridError } from '../../links/errors.ts'
import type { Code, LogPosition, PartitionId } from '../../links/ids.ts'
import { lifecycleOf, type LinkVersion } from '../../links/link-record.ts'
import type { ListPage, ListQuery, TagCount } from '../../links/link-owner.ts'
import type { LongWork, Steps } from '../../links/long-work.ts'
import { Ring } from '../../links/ring.ts'
import {
  checkpointKey,
  checkpointValue,
  linkKey,
  linkValue,
  partitionOfKey,
  readCheckpoint,
  readLinkValue,
  STORE_KEYSPACES,
} from './link-entry.ts'
import { assertAbsent, damaged, wholeValue } from './store-damage.ts'
import { indexChange, type IndexChange } from './link-index.ts'
import type { LinkStore, Refusal } from './link-store.ts'
import { DataDirectoryError } from '../data-directory/data-directory.ts'
import { isOutOfSpace, LmdbEnvironment, type Keyspace } from '../data-directory/lmdb-environment.ts'
import { listLinks, type LinkKeyspaces } from './lmdb-link-list.ts'
import { codesOfTags, countTags } from './lmdb-link-tags.ts'
import { loadLinks } from './lmdb-link-load.ts'

export interface LmdbLinkStoreOptions {
  /** As many as the cluster was created with. */
  readonly partitions: number
  readonly work: LongWork
  /** Another process has taken the directory: nothing is written any more. */
  readonly onLost?: () => void
}

/** Links written in one transaction. */
const SLICE_LINKS_MAX = 1000
/** A range each; few, since what a failed load has read is read again. */
const PARTITIONS_PER_LOAD = 8
/** Index keys carry all there is to know. */
const NOTHING = Buffer.alloc(0)

/** What becomes of one link; without a value it goes. */
interface LinkChange {
  readonly key: Buffer
  readonly value: Buffer | undefined
  readonly index: IndexChange
}

export class LmdbLinkStore implements LinkStore {
  readonly #ring: Ring
  readonly #work: LongWork
  readonly #environment: LmdbEnvironment
  readonly #keyspaces: LinkKeyspaces & { readonly checkpoints: Keyspace }
  /** Settles when the last change called so far has; never rejects. */
  #lastChange: Promise<unknown> = Promise.resolve()

  private constructor(environment: LmdbEnvironment, options: LmdbLinkStoreOptions) {
    this.#ring = new Ring(options.partitions)
    this.#work = options.work
    this.#environment = environment
    this.#keyspaces = {
      links: environment.keyspace(STORE_KEYSPACES.links),
      byTime: environment.keyspace(STORE_KEYSPACES.byTime),
      byTag: environment.keyspace(STORE_KEYSPACES.byTag),
      checkpoints: environment.keyspace(STORE_KEYSPACES.checkpoints),
    }
  }

  /** Opens the store in a directory of its own, which is made if need be. */
  static async open(directory: string, options: LmdbLinkStoreOptions): Promise<LmdbLinkStore> {
    const environment = new LmdbEnvironment(directory)
    try {
      await environment.hold(options.onLost)
      return new LmdbLinkStore(environment, options)
    } catch (cause) {
      await environment.close()
      if (isOutOfSpace(cause)) throw new DataDirectoryError(`The disk of ${directory} is full.`)
      throw cause
    }
  }

  get(code: Code): Promise<LinkVersion | undefined> {
    return available(async () => {
      const key = linkKey(code)
      const value = this.#keyspaces.links.getBinary(key)
      if (value !== undefined) return { code, ...wholeValue(code, value) }
      assertAbsent(this.#keyspaces.links, key, code)
      return undefined
    })
  }

  write(versions: readonly LinkVersion[]): Promise<readonly Refusal[]> {
    return this.#change(async () => {
      for (let from = 0; from < versions.length; from += SLICE_LINKS_MAX) {
        const slice = newestOf(versions.slice(from, from + SLICE_LINKS_MAX))
        await this.#commit(await this.#work.run(this.#replacements(slice), 'upkeep'))
      }
      return []
    })
  }

  async *load(partitions: readonly PartitionId[]): AsyncGenerator<readonly LinkVersion[]> {
    try {
      yield* loadLinks(this.#work, this.#keyspaces.links, this.#ring, partitions)
    } catch (cause) {
      throw unavailable(cause)
    }
  }

  partitionsPerLoad(): Promise<number> {
    return Promise.resolve(PARTITIONS_PER_LOAD)
  }

  checkpoints(): Promise<ReadonlyMap<PartitionId, LogPosition>> {
    return available(async () => this.#storedCheckpoints())
  }

  saveCheckpoints(checkpoints: ReadonlyMap<PartitionId, LogPosition>): Promise<void> {
    return this.#change(async () => {
      const stored = this.#storedCheckpoints()
      const higher = [...checkpoints].filter(
        ([partition, position]) => position > (stored.get(partition) ?? 0),
      )
      if (higher.length === 0) return
      const entries = higher.map(([partition, position]) => {
        const key = checkpointKey(partition)
        return { key, value: checkpointValue(key, position) }
      })
      await this.#environment.commit({ bytes: 0, makesRoom: true }, () => {
        for (const { key, value } of entries) void this.#keyspaces.checkpoints.put(key, value)
      })
    })
  }

  removeTombstones(tombstones: readonly LinkVersion[]): Promise<void> {
    return this.#change(async () => {
      await this.#commit(tombstones.map((tombstone) => this.#removal(tombstone)))
    })
  }

  list(query: ListQuery): Promise<ListPage> {
    return available(() => this.#work.run(listLinks(this.#keyspaces, query), 'request'))
  }

  tags(): Promise<readonly TagCount[]> {
    return available(() => this.#work.run(countTags(this.#keyspaces.byTag), 'request'))
  }

  codesOfTags(tags: readonly string[], codesMax: number) {
    const { byTag } = this.#keyspaces
    return available(() => this.#work.run(codesOfTags(byTag, tags, codesMax), 'request'))
  }

  async close(): Promise<void> {
    await this.#lastChange
    await this.#environment.close()
  }

  /** Runs after all changes called before, whatever became of them. */
  #change<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#lastChange.then(() => available(change))
    this.#lastChange = result.catch(() => {})
    return result
  }

  *#replacements(versions: readonly LinkVersion[]): Steps<(LinkChange | undefined)[]> {
    const changes: (LinkChange | undefined)[] = []
    for (const version of versions) {
      changes.push(this.#replacement(version))
      yield
    }
    return changes
  }

  /** What writing the version changes; nothing, if the store has it or a newer one. */
  #replacement(version: LinkVersion): LinkChange | undefined {
    const key = linkKey(version.code)
    const stored = this.#stored(key)
    if (stored !== undefined && stored.position >= version.position) return undefined
    const index = indexChange(version.code, stored?.record, version.record)
    return { key, value: linkValue(version), index }
  }

  /** A tombstone is in no index. */
  #removal({ code, position }: LinkVersion): LinkChange | undefined {
    const key = linkKey(code)
    const stored = this.#stored(key)
    if (stored === undefined || stored.position !== position) return undefined
    assert.equal(lifecycleOf(stored.record[0]!), 'purged', `${code} is no tombstone`)
    return { key, value: undefined, index: indexChange(code, undefined, undefined) }
  }

  async #commit(changes: readonly (LinkChange | undefined)[]): Promise<void> {
    const real = changes.filter((change) => change !== undefined)
    if (real.length === 0) return
    const bytes = real.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0)
    const touches = real.reduce((sum, { index }) => sum + keysOf(index) + 1, 0)
    await this.#environment.commit({ bytes: 2 * bytes, touches }, () => {
      for (const change of real) this.#carryOut(change)
    })
  }

  #carryOut({ key, value, index }: LinkChange): void {
    const { links, byTime, byTag } = this.#keyspaces
    void (value === undefined ? links.remove(key) : links.put(key, value))
    if (index.timeBefore !== undefined) void byTime.remove(index.timeBefore)
    if (index.timeAfter !== undefined) void byTime.put(index.timeAfter, NOTHING)
    for (const tag of index.tagsBefore) void byTag.remove(tag)
    for (const tag of index.tagsAfter) void byTag.put(tag, NOTHING)
  }

  /** A damaged version counts as none: the owner's takes its place. */
  #stored(key: Buffer): Omit<LinkVersion, 'code'> | undefined {
    const value = this.#keyspaces.links.getBinaryFast(key)
    return value && readLinkValue(value)
  }

  #storedCheckpoints(): Map<PartitionId, LogPosition> {
    const checkpoints = new Map<PartitionId, LogPosition>()
    for (const { key, value } of this.#keyspaces.checkpoints.getRange({})) {
      const position = readCheckpoint(key, value)
      if (position === undefined) throw damaged('A checkpoint in the store is damaged')
      checkpoints.set(partitionOfKey(key), position)
    }
    return checkpoints
  }
}

function keysOf({ timeBefore, timeAfter, tagsBefore, tagsAfter }: IndexChange): number {
  const times = (timeBefore === undefined ? 0 : 1) + (timeAfter === undefined ? 0 : 1)
  return times + tagsBefore.length + tagsAfter.length
}

/** The newest version of each code. */
function newestOf(versions: readonly LinkVersion[]): LinkVersion[] {
  const newest = new Map<Code, LinkVersion>()
  for (const version of versions) {
    const other = newest.get(version.code)
    if (other === undefined || other.position < version.position) newest.set(version.code, version)
  }
  return [...newest.values()]
}

async function available<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw unavailable(error)
  }
}

/** What the driver threw as the contract has it. */
function unavailable(cause: unknown): Error {
  const isOurs = cause instanceof TinygridError || cause instanceof AssertionError
  return isOurs ? cause : new TinygridError('store_unavailable', { cause })
}
