/**
 * The link store in MongoDB, shared by all nodes of a cluster.
 *
 * Keeps the contract of `link-store.ts`; a write waits for the journals of a majority. Collections,
 * their names starting with the namespace: `links` (`mongo-link-document.ts`), `checkpoints`, and
 * `meta` (`mongo-database.ts`). Every call is bounded in time, and rejects with store_unavailable
 * while MongoDB is away; nothing has to be done when it is back.
 *
 * Writes of one process run one after another: there is one flush at a time anyway, and FerretDB,
 * which stands in for MongoDB in tests, reads and writes a document in two steps. On MongoDB the
 * guard of each write is atomic by itself, which is what counts between nodes.
 *
 * Links are read one by one, by key. Rejected: gathering the reads of a moment into one `$in`, which
 * FerretDB answers by decoding the whole collection.
 */
import { Double } from 'mongodb'
import type { LinkVersion } from '../../links/link-record.ts'
import type { Code, LogPosition, PartitionId } from '../../links/ids.ts'
import type { ListPage, ListQuery } from '../../links/link-owner.ts'
import { Ring } from '../../links/ring.ts'
import type { Server } from '../../cluster/observer/server-probe.ts'
import { within } from '../../links/clock.ts'
import { LOAD_BATCH_MAX, type LinkStore, type Refusal } from './link-store.ts'
import { FLUSH_MS_MAX, MongoDatabase, READ_MS_MAX, type MongoSettings } from './mongo-database.ts'
import { unavailable } from './mongo-failure.ts'
import { versionOf, type StoredLink } from './mongo-link-document.ts'
import { listLinks } from './mongo-link-list.ts'
import { MongoLinkWriter } from './mongo-link-write.ts'

/**
 * One document for all partitions: a node saves many at a time, and each update costs a wait for
 * journals. In FerretDB two nodes that save at once can undo each other's raise, which only makes a
 * replay start earlier.
 */
const CHECKPOINTS = { _id: 'checkpoints' } as const

export class MongoLinkStore implements LinkStore {
  readonly #database: MongoDatabase
  readonly #writer: MongoLinkWriter
  /** Settles when the last write called so far has; never rejects. */
  #lastWrite: Promise<unknown> = Promise.resolve()

  private constructor(settings: MongoSettings) {
    const ring = new Ring(settings.partitions)
    this.#database = new MongoDatabase(settings)
    this.#writer = new MongoLinkWriter(this.#database.links, ({ code }) => ring.partitionOf(code))
  }

  /**
   * Reaches for nothing yet.
   *
   * @throws StartError where the URL cannot be read
   */
  static async open(settings: MongoSettings): Promise<MongoLinkStore> {
    return new MongoLinkStore(settings)
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
    return this.#bounded(READ_MS_MAX, 'a read', async () => {
      const options = { projection: { v: 1 }, maxTimeMS: READ_MS_MAX }
      const links = this.#database.linksToRead
      const document = await links.findOne<StoredLink>({ _id: code }, options)
      return document === null ? undefined : versionOf(document)
    })
  }

  write(versions: readonly LinkVersion[]): Promise<readonly Refusal[]> {
    const result = this.#lastWrite.then(async () => {
      try {
        await this.#database.ready()
        return await this.#writer.write(newestOf(versions))
      } catch (error) {
        throw unavailable(error)
      }
    })
    this.#lastWrite = result.catch(() => {})
    return result
  }

  async *load(partitions: readonly PartitionId[]): AsyncGenerator<readonly LinkVersion[]> {
    if (partitions.length === 0) return
    await this.#bounded(FLUSH_MS_MAX, 'a load', async () => {})
    const cursor = this.#database.links.find<StoredLink>(
      { p: { $in: [...partitions] } },
      { projection: { v: 1 }, batchSize: LOAD_BATCH_MAX },
    )
    try {
      while (await this.#bounded(FLUSH_MS_MAX, 'a load', () => cursor.hasNext())) {
        yield cursor.readBufferedDocuments(LOAD_BATCH_MAX).map(versionOf)
      }
    } finally {
      await cursor.close().catch(() => {})
    }
  }

  checkpoints(): Promise<ReadonlyMap<PartitionId, LogPosition>> {
    return this.#bounded(FLUSH_MS_MAX, 'reading checkpoints', async () => {
      const stored = await this.#database.checkpoints.findOne(CHECKPOINTS)
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
      listLinks(this.#database.links, query, FLUSH_MS_MAX),
    )
  }

  async close(): Promise<void> {
    await this.#lastWrite
    await this.#database.close()
  }

  /** Work once the database is ready, in time or not at all. */
  async #bounded<T>(msMax: number, what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await within(
        msMax,
        what,
        this.#database.ready().then(() => work()),
      )
    } catch (error) {
      throw unavailable(error)
    }
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
