/**
 * The link store in MongoDB, shared by all nodes of a cluster.
 *
 * Keeps the contract of `link-store.ts`; a write waits for the journals of a majority. Collections,
 * their names starting with the namespace: `links` (`mongo-link-document.ts`), `checkpoints`, and
 * `meta` (`mongo-database.ts`). Every call is bounded in time, and rejects with store_unavailable
 * while MongoDB is away; nothing has to be done when it is back.
 *
 * How the server is asked depends on what it says it is (`mongo-way.ts`). What leads to "there is no
 * such link" (`get`, `load`, `checkpoints`) is asked so that only a true primary can answer; what a
 * visitor gets in an owner's place (`stale`) and lists are not.
 */
import { Double, type FindCursor, type FindOptions } from 'mongodb'
import type { LinkVersion } from '../../links/link-record.ts'
import type { Code, LogPosition, PartitionId } from '../../links/ids.ts'
import type { ListPage, ListQuery, TagCount } from '../../links/link-owner.ts'
import type { LongWork, Steps } from '../../links/long-work.ts'
import { Ring } from '../../links/ring.ts'
import type { Server } from '../../cluster/observer/server-probe.ts'
import { within } from '../../links/clock.ts'
import { LOAD_BATCH_MAX, type LinkStore, type Refusal } from './link-store.ts'
import { FLUSH_MS_MAX, MongoDatabase, READ_MS_MAX, type MongoSettings } from './mongo-database.ts'
import { unavailable } from './mongo-failure.ts'
import { versionOf, type StoredLink } from './mongo-link-document.ts'
import { buffered, listLinks } from './mongo-link-list.ts'
import { codesOfTags, countTags } from './mongo-link-tags.ts'
import { MongoOwnWay } from './mongo-own-way.ts'
import { MongoStandInWay } from './mongo-stand-in-way.ts'
import type { DecidingReads, MongoWay, ServerKind } from './mongo-way.ts'

/**
 * One document for all partitions: a node saves many at a time, and each update costs a wait for
 * journals. In FerretDB two nodes that save at once can undo each other's raise, which only makes a
 * replay start earlier.
 */
const CHECKPOINTS = { _id: 'checkpoints' } as const

export class MongoLinkStore implements LinkStore {
  readonly #database: MongoDatabase
  readonly #ring: Ring
  /** undefined before the first contact: the server has not said what it is. */
  #way: MongoWay | undefined
  readonly #work: LongWork
  readonly #writes = new Set<Promise<unknown>>()

  private constructor(settings: MongoSettings, work: LongWork) {
    this.#work = work
    this.#ring = new Ring(settings.partitions)
    this.#database = new MongoDatabase(settings)
  }

  /**
   * Reaches for nothing yet.
   *
   * @throws StartError where the URL cannot be read
   */
  static async open(settings: MongoSettings, work: LongWork): Promise<MongoLinkStore> {
    return new MongoLinkStore(settings, work)
  }

  /**
   * For the start of a node: whether MongoDB is there, and is this cluster's.
   *
   * @throws StartError where the credentials are refused or the settings disagree
   */
  check(): Promise<'ok' | 'unreachable'> {
    return this.#database.check()
  }

  /** MongoDB, to be asked whether it is there. */
  get server(): Server {
    return {
      name: 'MongoDB',
      address: () => this.#database.hosts,
      ask: () => this.#database.version(),
    }
  }

  get(code: Code): Promise<LinkVersion | undefined> {
    return this.#bounded(READ_MS_MAX, 'a read', (way) => way.get(code))
  }

  /** For redirects in an owner's place: may be behind, and says nothing about what is not there. */
  get stale(): Pick<LinkStore, 'get'> {
    return { get: (code) => this.#bounded(READ_MS_MAX, 'a read', () => this.#glance(code)) }
  }

  async write(versions: readonly LinkVersion[]): Promise<readonly Refusal[]> {
    const writing = this.#database.believed((kind) => this.#wayOf(kind).write(newestOf(versions)))
    const over = writing.catch(() => {}).finally(() => this.#writes.delete(over))
    this.#writes.add(over)
    try {
      return await writing
    } catch (error) {
      throw unavailable(error)
    }
  }

  async *load(partitions: readonly PartitionId[]): AsyncGenerator<readonly LinkVersion[]> {
    if (partitions.length === 0) return
    const reads = await this.#bounded(FLUSH_MS_MAX, 'a load', async (way) => way.decidingReads())
    try {
      const options = await this.#bounded(FLUSH_MS_MAX, 'a load', () => reads.prove())
      yield* this.#batches(partitions, options)
    } finally {
      await reads.end()
    }
  }

  partitionsPerLoad(): Promise<number> {
    return this.#bounded(READ_MS_MAX, 'a load', async (way) => way.partitionsPerLoad)
  }

  checkpoints(): Promise<ReadonlyMap<PartitionId, LogPosition>> {
    return this.#bounded(FLUSH_MS_MAX, 'reading checkpoints', async (way) => {
      const stored = await this.#readCheckpoints(way.decidingReads())
      const positions = Object.entries(stored?.positions ?? {})
      return new Map(
        positions.map(([partition, position]) => [
          Number(partition) as PartitionId,
          position as LogPosition,
        ]),
      )
    })
  }

  saveCheckpoints(checkpoints: ReadonlyMap<PartitionId, LogPosition>): Promise<void> {
    return this.#bounded(FLUSH_MS_MAX, 'saving checkpoints', async () => {
      if (checkpoints.size === 0) return
      const positions = Array.from(checkpoints, ([partition, position]) => [
        `positions.${partition}`,
        new Double(position),
      ])
      const raise = { $max: Object.fromEntries(positions) as Record<string, Double> }
      await this.#database.checkpoints.updateOne(CHECKPOINTS, raise, { upsert: true })
    })
  }

  removeTombstones(tombstones: readonly LinkVersion[]): Promise<void> {
    return this.#bounded(FLUSH_MS_MAX, 'removing tombstones', async () => {
      if (tombstones.length === 0) return
      await this.#database.links.bulkWrite(
        tombstones.map(({ code, position }) => ({
          deleteOne: { filter: { _id: code, 'v.s': new Double(position) } },
        })),
        { ordered: false },
      )
    })
  }

  list(query: ListQuery): Promise<ListPage> {
    return this.#bounded(FLUSH_MS_MAX, 'a list', () =>
      listLinks(this.#work, this.#database.links, query, FLUSH_MS_MAX),
    )
  }

  tags(): Promise<readonly TagCount[]> {
    return this.#bounded(FLUSH_MS_MAX, 'counting tags', () =>
      countTags(this.#work, this.#database.links, FLUSH_MS_MAX),
    )
  }

  codesOfTags(tags: readonly string[], codesMax: number) {
    return this.#bounded(FLUSH_MS_MAX, 'finding tagged links', () =>
      codesOfTags(this.#database.links, tags, codesMax, FLUSH_MS_MAX),
    )
  }

  async close(): Promise<void> {
    await Promise.all(this.#writes)
    await this.#database.close()
  }

  /** A cursor stays with its server: what another one says is noticed at the first batch. */
  async *#batches(partitions: readonly PartitionId[], options: FindOptions) {
    const filter = { p: { $in: [...partitions] } }
    const wanted = { projection: { v: 1 }, batchSize: LOAD_BATCH_MAX, ...options }
    const cursor = this.#database.links.find<StoredLink>(filter, wanted)
    try {
      while (await this.#bounded(FLUSH_MS_MAX, 'a load', () => cursor.hasNext())) {
        yield await this.#work.run(versionsOf(cursor), 'upkeep')
      }
    } finally {
      await cursor.close().catch(() => {})
    }
  }

  async #glance(code: Code): Promise<LinkVersion | undefined> {
    const options = { projection: { v: 1 }, maxTimeMS: READ_MS_MAX }
    const document = await this.#database.linksToRead.findOne<StoredLink>({ _id: code }, options)
    return document === null ? undefined : versionOf(document)
  }

  async #readCheckpoints(reads: DecidingReads) {
    try {
      return await this.#database.checkpoints.findOne(CHECKPOINTS, await reads.prove())
    } finally {
      await reads.end()
    }
  }

  /** Work on this cluster's database, in time or not at all. */
  async #bounded<T>(msMax: number, what: string, work: (way: MongoWay) => Promise<T>): Promise<T> {
    try {
      const working = this.#database.believed((kind) => work(this.#wayOf(kind)))
      return await within(msMax, what, working)
    } catch (error) {
      throw unavailable(error)
    }
  }

  #wayOf(kind: ServerKind): MongoWay {
    this.#way ??= this.#newWay(kind)
    return this.#way
  }

  #newWay(kind: ServerKind): MongoWay {
    const partitionOf = ({ code }: LinkVersion) => this.#ring.partitionOf(code)
    if (kind === 'ferretdb') return new MongoStandInWay(this.#database, partitionOf)
    return new MongoOwnWay(this.#database, partitionOf, kind === 'set')
  }
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

/** What a cursor has received, at most LOAD_BATCH_MAX. */
function* versionsOf(cursor: FindCursor<StoredLink>): Steps<LinkVersion[]> {
  const versions: LinkVersion[] = []
  for (const document of buffered(cursor)) {
    versions.push(versionOf(document))
    if (versions.length === LOAD_BATCH_MAX) break
    yield
  }
  return versions
}
