/**
 * The database that holds a cluster's links: how it is reached, and whether it is this cluster's.
 *
 * Used by `mongo-link-store.ts`. Reaches for the server when it is first needed, and again with each
 * call until it is there, so that a node starts without it. The first contact reads what was fixed
 * when the database was made (format, partitions), writes it if it is new, and makes the indexes.
 *
 * Reads go to the primary, writes wait for a majority and its journal. Reads that decide want more
 * than that (`mongo-term-proof.ts`): what they ask with, and what they prove, is handed out here.
 *
 * Two clients: a read that a visitor waits for fails soon, a flush may take its time. The driver's
 * `timeoutMS` does nothing (mongodb 7), hence all the others.
 */
import {
  MongoClient,
  type Collection,
  type Db,
  type FindOptions,
  type MongoClientOptions,
} from 'mongodb'
import { ClusterDataError, StartError } from '../../links/errors.ts'
import { within } from '../../links/clock.ts'
import { failureOf, isCredentialsRefusal } from './mongo-failure.ts'
import type { LinkDocument } from './mongo-link-document.ts'
import { linearizable } from './mongo-term-proof.ts'
import { serverKindOf, type ServerKind } from './mongo-way.ts'

export interface MongoSettings {
  readonly url: string
  /** Names the database, unless the URL does, and starts the names of its collections. */
  readonly namespace: string
  readonly partitions: number
}

export interface CheckpointsDocument {
  readonly _id: 'checkpoints'
  /** Partition to log position. */
  readonly positions: Readonly<Record<string, number>>
}

/** What a proof of the term takes. */
export interface Proving {
  readonly client: MongoClient
  /** Reads one document. */
  readonly readOne: (options: FindOptions) => Promise<unknown>
}

interface SettingsDocument {
  readonly _id: 'settings'
  readonly format: number
  readonly partitions: number
}

/** Longest that one call of each kind may take, in milliseconds. */
export const READ_MS_MAX = 2000
export const FLUSH_MS_MAX = 10_000
const FIRST_CONTACT_MS_MAX = 15_000
const FORMAT = 1
const SETTINGS = { _id: 'settings' } as const

const OPTIONS = {
  connectTimeoutMS: 1000,
  heartbeatFrequencyMS: 2000,
  readPreference: 'primary',
  writeConcern: { w: 'majority', journal: true },
  /** The callers repeat, and know for how long. */
  retryReads: false,
  retryWrites: false,
  promoteBuffers: true,
} as const satisfies MongoClientOptions

const READS = {
  serverSelectionTimeoutMS: 500,
  waitQueueTimeoutMS: READ_MS_MAX,
  socketTimeoutMS: READ_MS_MAX,
  maxPoolSize: 16,
} as const satisfies MongoClientOptions

const FLUSHES = {
  serverSelectionTimeoutMS: 1000,
  waitQueueTimeoutMS: 5000,
  socketTimeoutMS: FLUSH_MS_MAX,
  maxPoolSize: 4,
} as const satisfies MongoClientOptions

/** What the driver says to a URL that cannot be read may quote it. */
const TAKES = 'mongodb://[user:password@]host[:port][,...][/database][?options], or mongodb+srv://'

export class MongoDatabase {
  readonly #settings: MongoSettings
  readonly #clients: readonly [MongoClient, MongoClient]
  readonly #reads: Db
  readonly #flushes: Db
  /** Under way or done; undefined before the first contact and after a failed one. */
  #contact: Promise<ServerKind> | undefined

  /** @throws StartError where the URL cannot be read */
  constructor(settings: MongoSettings) {
    this.#settings = settings
    const reads = createClient(settings, READS)
    const flushes = createClient(settings, FLUSHES)
    this.#clients = [reads, flushes]
    const name = databaseOf(settings)
    this.#reads = reads.db(name)
    this.#flushes = flushes.db(name)
  }

  /** For reads that a visitor may wait for. */
  get linksToRead(): Collection<LinkDocument> {
    return this.#reads.collection(this.#name('links'))
  }

  get links(): Collection<LinkDocument> {
    return this.#flushes.collection(this.#name('links'))
  }

  get checkpoints(): Collection<CheckpointsDocument> {
    return this.#flushes.collection(this.#name('checkpoints'))
  }

  /** For deciding reads among those that a visitor may wait for. */
  get proveToRead(): Proving {
    return this.#proving(this.#clients[0], this.#reads)
  }

  get proveToFlush(): Proving {
    return this.#proving(this.#clients[1], this.#flushes)
  }

  /** Resolves, with what the server is, once the database is there and is this cluster's. */
  ready(): Promise<ServerKind> {
    this.#contact ??= within(FIRST_CONTACT_MS_MAX, 'the first contact', this.#prepare()).catch(
      (error: unknown) => {
        this.#contact = undefined
        throw error
      },
    )
    return this.#contact
  }

  /** @throws StartError for what the operator has to mend: credentials, settings */
  async check(): Promise<'ok' | 'unreachable'> {
    try {
      await this.ready()
      return 'ok'
    } catch (error) {
      if (error instanceof StartError) throw error
      if (!isCredentialsRefusal(error)) return 'unreachable'
      throw new StartError(`MongoDB at ${this.hosts} refuses the credentials in MONGO_URL`)
    }
  }

  /** The server's version. For people: whether it is there. */
  async version(): Promise<string> {
    await this.ready()
    const { version } = await this.#reads.command({ buildInfo: 1, maxTimeMS: READ_MS_MAX })
    return String(version)
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close(true)))
  }

  #proving(client: MongoClient, database: Db): Proving {
    const meta = this.#meta(database)
    return { client, readOne: (options) => meta.findOne(SETTINGS, options) }
  }

  #meta(database: Db): Collection<SettingsDocument> {
    return database.collection(this.#name('meta'))
  }

  async #prepare(): Promise<ServerKind> {
    // Left to itself, the driver connects once, and a client whose first attempt failed stays closed.
    await Promise.all(this.#clients.map((client) => client.connect()))
    const kind = await serverKindOf(this.#flushes, READ_MS_MAX)
    const settings = this.#meta(this.#flushes)
    const options = kind === 'set' ? linearizable(READ_MS_MAX) : {}
    if ((await settings.findOne(SETTINGS, options)) === null) await this.#begin(settings)
    this.#compare(await settings.findOne(SETTINGS, options))
    return kind
  }

  /**
   * The settings come last, so that what has settings has its indexes: they cannot be made twice in
   * FerretDB. Two nodes may begin at once; the first settings count.
   */
  async #begin(settings: Collection<SettingsDocument>): Promise<void> {
    await this.links.createIndexes([
      { key: { p: 1, _id: 1 }, name: 'byPartition' },
      { key: { 'v.t': -1, _id: -1 }, name: 'byTime' },
      { key: { 'v.g': 1, 'v.t': -1, _id: -1 }, name: 'byTag' },
    ])
    try {
      const { partitions } = this.#settings
      await settings.insertOne({ ...SETTINGS, format: FORMAT, partitions })
    } catch (error) {
      if (failureOf(error) !== 'duplicate') throw error
    }
  }

  #compare(stored: SettingsDocument | null): void {
    const where = `The database ${this.#reads.databaseName} at ${this.hosts}`
    if (stored?.format !== FORMAT) {
      throw new ClusterDataError(
        `${where} has format ${stored?.format}, this version reads ${FORMAT}; ` +
          'use the version that made it, or another database',
      )
    }
    if (stored.partitions !== this.#settings.partitions) {
      throw new ClusterDataError(
        `${where} was made with ${stored.partitions} partitions, not ` +
          `${this.#settings.partitions}; set TINYGRID_PARTITIONS=${stored.partitions}, or use ` +
          'another database',
      )
    }
  }

  /** Its addresses, without credentials. */
  get hosts(): string {
    return this.#clients[0].options.hosts.map(String).join(', ')
  }

  #name(collection: string): string {
    return `${this.#settings.namespace}.${collection}`
  }
}

function createClient({ url, namespace }: MongoSettings, own: MongoClientOptions): MongoClient {
  try {
    return new MongoClient(url, { ...OPTIONS, ...own, appName: namespace })
  } catch {
    throw new StartError(`MONGO_URL cannot be read; it must be ${TAKES}`)
  }
}

function databaseOf({ url, namespace }: MongoSettings): string {
  return /^mongodb(?:\+srv)?:\/\/[^/]*\/([^/?]+)/.exec(url)?.[1] ?? namespace
}
