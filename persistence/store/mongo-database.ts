/**
 * The database that holds a cluster's links: how it is reached, and whether it is this cluster's.
 *
 * Used by `mongo-link-store.ts`. Reaches for the server when it is first needed, and again with each
 * call until it is there, so that a node starts without it. The first contact checks whose database
 * it is (`mongo-settings.ts`), and makes the indexes if it is new. A server that was restarted may have
 * lost its data, or be another one, so a new connection is a reason to check again:
 *
 *   1. a call finds the database checked    2. the server is replaced by an empty one    3. the driver
 *      makes a new connection for the call, and "there is no such link" comes back
 *
 * The connections are counted, and what was answered while one was made is asked again.
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
import { StartError } from '../../links/errors.ts'
import type { DataIdentity } from '../../cluster/nats/cluster-settings.ts'
import { within } from '../../links/clock.ts'
import { readTlsFiles, tlsFailureOf, type TlsFiles } from '../../links/tls-files.ts'
import { isCredentialsRefusal } from './mongo-failure.ts'
import type { LinkDocument } from './mongo-link-document.ts'
import { checkDatabase, SETTINGS, type SettingsDocument } from './mongo-settings.ts'
import { linearizable } from './mongo-term-proof.ts'
import { serverKindOf, type ServerKind } from './mongo-way.ts'

export interface MongoSettings {
  readonly url: string
  /** Names the database, unless the URL does, and starts the names of its collections. */
  readonly namespace: string
  readonly partitions: number
  /** Of the cluster that the database has to be of. */
  readonly identity: DataIdentity
  /** For URLs that ask for TLS. */
  readonly tls?: TlsFiles | undefined
}

const NO_FILES: TlsFiles = { prefix: 'MONGO_TLS' }

export interface CheckpointsDocument {
  readonly _id: 'checkpoints'
  /** Partition to log position. */
  readonly positions: Readonly<Record<string, number>>
}

/** What a proof of the term takes. */
export interface Proving {
  readonly client: MongoClient
  /** Reads one document. */
  readonly readOne: (options: FindOptions) => Promise<void>
}

/** Longest that one call of each kind may take, in milliseconds. */
export const READ_MS_MAX = 2000
export const FLUSH_MS_MAX = 10_000
const FIRST_CONTACT_MS_MAX = 15_000
/** How often work is done again because connections were made. Above the sizes of both pools. */
const ATTEMPTS_MAX = 50

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
export const MONGO_URL_TAKES =
  'mongodb://[user:password@]host[:port][,...][/database][?options], or mongodb+srv://'

interface Contact {
  readonly kind: Promise<ServerKind>
  /** How many there were when it began: one made since may lead elsewhere. */
  readonly connections: number
  isOver: boolean
}

export class MongoDatabase {
  readonly #settings: MongoSettings
  readonly #clients: readonly [MongoClient, MongoClient]
  readonly #reads: Db
  readonly #flushes: Db
  /** Under way or done; undefined before the first one and after one that failed. */
  #contact: Contact | undefined
  #connections = 0

  /** @throws StartError where the URL cannot be read */
  constructor(settings: MongoSettings) {
    this.#settings = settings
    const reads = createClient(settings, READS)
    const flushes = createClient(settings, FLUSHES)
    this.#clients = [reads, flushes]
    for (const client of this.#clients) {
      client.on('connectionReady', () => this.#connections++)
    }
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

  /**
   * Does the work while the database is there and is this cluster's; again, if it may not have been.
   * Work is told what the server is, and may be repeated.
   */
  async believed<T>(work: (kind: ServerKind) => Promise<T>): Promise<T> {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const kind = await this.ready()
      const connections = this.#connections
      const result = await work(kind)
      if (connections === this.#connections) return result
    }
    throw new Error('connections to MongoDB do not last')
  }

  /** Resolves, with what the server is, once the database is there and is this cluster's. */
  ready(): Promise<ServerKind> {
    const last = this.#contact
    const isOld = last?.isOver === true && last.connections !== this.#connections
    return last === undefined || isOld ? this.#contactAnew() : last.kind
  }

  #contactAnew(): Promise<ServerKind> {
    const kind = within(FIRST_CONTACT_MS_MAX, 'the first contact', this.#prepare())
    const contact: Contact = { kind, connections: this.#connections, isOver: false }
    this.#contact = contact
    kind.then(
      () => (contact.isOver = true),
      () => {
        if (this.#contact === contact) this.#contact = undefined
      },
    )
    return kind
  }

  /** @throws StartError for what the operator has to mend: credentials, settings */
  async check(): Promise<'ok' | 'unreachable'> {
    try {
      await this.ready()
      return 'ok'
    } catch (error) {
      if (error instanceof StartError) throw error
      const why = isCredentialsRefusal(error)
        ? 'refuses the credentials in MONGO_URL'
        : tlsFailureOf(error, this.#settings.tls ?? NO_FILES)
      if (why === undefined) return 'unreachable'
      throw new StartError(`MongoDB at ${this.hosts} ${why}`, { cause: error })
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
    const readOne = async (options: FindOptions) => {
      const stored = await this.#meta(database).findOne(SETTINGS, options)
      // What came instead of it since the contact has nothing to say.
      if (stored?.identity === this.#settings.identity.identity) return
      throw new Error("the database is not this cluster's any more")
    }
    return { client, readOne }
  }

  #meta(database: Db): Collection<SettingsDocument> {
    return database.collection(this.#name('meta'))
  }

  async #prepare(): Promise<ServerKind> {
    // Left to itself, the driver connects once, and a client whose first attempt failed stays closed.
    await Promise.all(this.#clients.map((client) => client.connect()))
    const kind = await serverKindOf(this.#flushes, READ_MS_MAX)
    await checkDatabase({
      ...this.#settings,
      settings: this.#meta(this.#flushes),
      options: kind === 'set' ? linearizable(READ_MS_MAX) : {},
      prepare: () => this.#makeIndexes(),
      where: `The database ${this.#reads.databaseName} at ${this.hosts}`,
    })
    return kind
  }

  async #makeIndexes(): Promise<void> {
    await this.links.createIndexes([
      { key: { p: 1, _id: 1 }, name: 'byPartition' },
      { key: { 'v.t': -1, _id: -1 }, name: 'byTime' },
      { key: { 'v.g': 1, 'v.t': -1, _id: -1 }, name: 'byTag' },
    ])
  }

  /** Its addresses, without credentials. */
  get hosts(): string {
    return this.#clients[0].options.hosts.map(String).join(', ')
  }

  #name(collection: string): string {
    return `${this.#settings.namespace}.${collection}`
  }
}

function createClient(
  { url, namespace, tls = NO_FILES }: MongoSettings,
  own: MongoClientOptions,
): MongoClient {
  const secured = readTlsFiles(tls)
  try {
    return new MongoClient(url, { ...OPTIONS, ...own, ...secured, appName: namespace })
  } catch {
    throw new StartError(`MONGO_URL cannot be read; it must be ${MONGO_URL_TAKES}`)
  }
}

/** The database that a cluster's links are in. */
export function databaseOf({ url, namespace }: Pick<MongoSettings, 'url' | 'namespace'>): string {
  return /^mongodb(?:\+srv)?:\/\/[^/]*\/([^/?]+)/.exec(url)?.[1] ?? namespace
}
