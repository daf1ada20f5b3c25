/**
 * A backup restored into a new cluster: links in MongoDB, and a log and a bucket in NATS that fit them.
 *
 * The log's streams begin behind the positions that the versions have, and each partition has an epoch record,
 * at which the store's checkpoint stands. The cluster's settings are written last: until then a node that
 * starts meets streams or links without settings, and refuses. The cluster gets an identity of its own, since
 * that of the backup may still be in use.
 *
 * The same fits a new NATS to a MongoDB whose NATS was lost (`adopt`): then the links are there already.
 */
import { randomBytes } from 'node:crypto'
import type { NatsConnection } from 'nats'
import { BucketValues } from '../../clicks/hooks/bucket-values.ts'
import { BucketText } from '../../cluster/kept/bucket-text.ts'
import type { AccessKey } from '../../cluster/keys/access-key.ts'
import { BucketKeyStore } from '../../cluster/keys/bucket-key-store.ts'
import { ClusterSettings, type DataIdentity } from '../../cluster/nats/cluster-settings.ts'
import { namesOf } from '../../cluster/nats/namespace.ts'
import { connectNats } from '../../cluster/nats/nats-connection.ts'
import { NatsKeyValue } from '../../cluster/nats/nats-key-value.ts'
import type { Config } from '../../config.ts'
import type { CodeCase } from '../../links/code-case.ts'
import { ClusterDataError, StartError } from '../../links/errors.ts'
import { POSITION_NONE, type Epoch, type LogPosition, type PartitionId } from '../../links/ids.ts'
import type { LinkVersion } from '../../links/link-record.ts'
import type { LongWork } from '../../links/long-work.ts'
import { Ring } from '../../links/ring.ts'
import { RedisFallbackCache } from '../../persistence/cache/redis-fallback-cache.ts'
import { JetStreamLog } from '../../persistence/log/jetstream-log.ts'
import { findLogStream } from '../../persistence/log/jetstream-streams.ts'
import { encodeLogRecord, isForeignPayload } from '../../persistence/log/log-record.ts'
import { RESTORED_BY } from '../../persistence/log/log.ts'
import { findMongoSettings } from '../../persistence/store/mongo-found-settings.ts'
import { serverTlsOf } from '../server-tls-settings.ts'
import { MongoLinkStore } from '../../persistence/store/mongo-link-store.ts'
import { HOSTS_KEY } from '../cluster-access.ts'
import { ClicksFile } from './clicks-file.ts'
import type { ClicksTarget } from './clicks-target.ts'
import { KeptChanges } from './kept-changes.ts'
import type { RestoreTarget } from './restore-target.ts'

export interface ClusterTargetOptions {
  readonly config: Config
  readonly work: LongWork
  readonly partitions: number
  readonly codeCase: CodeCase
  /** Where clicks go; undefined: into the data directory of this machine. Closed with the target. */
  readonly clicks?: ClicksTarget | undefined
  /** The positions of all versions are up to here. */
  readonly lastPosition: LogPosition
}

interface Parts {
  readonly connection: NatsConnection
  readonly keyValue: NatsKeyValue
  readonly secrets: NatsKeyValue
  readonly store: MongoLinkStore
  readonly identity: string
}

/** Appends at a time. */
const APPENDS_MAX = 16
const IDENTITY_BYTES = 16

export class ClusterTarget implements RestoreTarget {
  readonly #options: ClusterTargetOptions
  readonly #parts: Parts
  readonly #refused: string[] = []
  #clicks: ClicksTarget | undefined
  #changes: KeptChanges | undefined
  #closing: Promise<void> | undefined

  private constructor(options: ClusterTargetOptions, parts: Parts) {
    this.#options = options
    this.#clicks = options.clicks
    this.#parts = parts
  }

  /** @throws ClusterDataError if there is something in it already, StartError if a server is not there */
  static async open(options: ClusterTargetOptions): Promise<ClusterTarget> {
    const { mongoUrl, namespace } = options.config
    const tls = serverTlsOf(options.config, 'MONGO')
    if ((await findMongoSettings({ url: mongoUrl!, tls, namespace })) !== undefined) {
      throw new ClusterDataError(
        `MongoDB holds links of a cluster ${namespace} already, and is left as it is; set another ` +
          'TINYGRID_NAMESPACE or MONGO_URL',
      )
    }
    const identity = randomBytes(IDENTITY_BYTES).toString('base64url')
    return new ClusterTarget(options, await openParts(options, identity))
  }

  /**
   * For links that are in MongoDB already.
   *
   * @throws ClusterDataError if NATS has something, StartError if a server is not there
   */
  static async adopt(
    options: ClusterTargetOptions & { readonly identity: string },
  ): Promise<ClusterTarget> {
    return new ClusterTarget(options, await openParts(options, options.identity))
  }

  async write(versions: readonly LinkVersion[]): Promise<void> {
    for (const { code, reason } of await this.#parts.store.write(versions)) {
      this.#refused.push(`${code} (${reason})`)
    }
    if (this.#refused.length === 0) return
    throw new StartError(`MongoDB does not take the link ${this.#refused[0]}`)
  }

  async addKeys(keys: readonly AccessKey[]): Promise<void> {
    const store = await BucketKeyStore.open(this.#parts.secrets)
    for (const key of keys) await store.add(key)
    await store.close()
  }

  async addHooks(values: ReadonlyMap<string, string>): Promise<void> {
    const saved = await BucketValues.open(this.#parts.secrets)
    for (const [name, value] of values) await saved.put(name, value)
    saved.close()
  }

  async addHosts(list: string): Promise<void> {
    const text = await BucketText.open(this.#parts.secrets, HOSTS_KEY)
    await text.change(() => list)
    await text.close()
  }

  async addChanges(entries: readonly string[]): Promise<void> {
    const { connection, identity } = this.#parts
    this.#changes ??= await KeptChanges.inCluster(this.#options.config, connection, identity)
    await this.#changes.add(entries)
  }

  /** For the node that is to run on this machine: each that stores clicks in a file has its own. */
  async addClicks(bytes: Buffer): Promise<void> {
    this.#clicks ??= await ClicksFile.open(this.#options.config.dataDir)
    await this.#clicks.add(bytes)
  }

  async finish(): Promise<void> {
    await this.#clicks?.finish()
    const { config, partitions, codeCase } = this.#options
    const { keyValue, store, identity } = this.#parts
    await store.saveCheckpoints(await this.#beginLog())
    await this.#emptyCache()
    const { logStreams } = config
    const asked = { keyValue, partitions, logStreams, codeCase, logStream: undefined }
    const settings = await ClusterSettings.open({ ...asked, newIdentity: () => identity })
    await settings.noteMade('log')
    await settings.noteMade('store')
    await this.close()
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const { store, keyValue, secrets, connection } = this.#parts
    await this.#clicks?.close()
    await this.#changes?.close()
    await store.close()
    await keyValue.close()
    await secrets.close()
    await connection.close()
  }

  /** @returns the position of each partition's epoch record */
  async #beginLog(): Promise<Map<PartitionId, LogPosition>> {
    const { config, partitions, lastPosition } = this.#options
    const { connection, identity } = this.#parts
    const log = await JetStreamLog.open({
      connection,
      namespace: config.namespace,
      replicas: config.logReplicas,
      logBytesMax: config.logBytesMax,
      logStreams: config.logStreams,
      partitions,
      identity: newIdentity(identity),
      firstPosition: lastPosition + 1,
      isForeign: isForeignPayload,
      onForeign: () => {},
    })
    const payload = encodeLogRecord({ kind: 'epoch', epoch: 1 as Epoch, nodeId: RESTORED_BY })
    const positions = new Map<PartitionId, LogPosition>()
    const waiting = new Ring(partitions).all().values()
    const append = async () => {
      for (const id of waiting) {
        positions.set(id, await log.append(id, payload, POSITION_NONE, 'epoch'))
      }
    }
    try {
      await Promise.all(Array.from({ length: APPENDS_MAX }, append))
    } finally {
      await log.close()
    }
    return positions
  }

  /** What it has may be newer than the backup, or of links that the backup does not have. */
  async #emptyCache(): Promise<void> {
    const { config } = this.#options
    const { redisUrl: url, namespace } = config
    if (url === undefined) return
    const cache = await RedisFallbackCache.open({
      url,
      namespace,
      tls: serverTlsOf(config, 'REDIS'),
    })
    try {
      await cache.clear()
    } finally {
      await cache.close()
    }
  }
}

async function openParts(
  { config, work, partitions }: ClusterTargetOptions,
  identity: string,
): Promise<Parts> {
  const { namespace, logReplicas: replicas, logStreams } = config
  const { inboxPrefix } = namesOf(namespace)
  const name = `${namespace} restore`
  const connection = await connectNats({
    url: config.natsUrl!,
    tls: serverTlsOf(config, 'NATS'),
    name,
    inboxPrefix,
  })
  try {
    const stream = await findLogStream(connection, namespace, logStreams)
    if (stream !== undefined) throw taken(namespace, `the stream ${stream}`)
    const place = { connection, namespace, replicas, onError: () => {} }
    const keyValue = await NatsKeyValue.open(place)
    if ((await keyValue.get('settings')) !== undefined) throw taken(namespace, 'its settings')
    const secrets = await NatsKeyValue.open({ ...place, bucket: 'privateBucket' })
    const tls = serverTlsOf(config, 'MONGO')
    const about = {
      url: config.mongoUrl!,
      tls,
      namespace,
      partitions,
      identity: newIdentity(identity),
    }
    const store = await MongoLinkStore.open(about, work)
    if ((await store.check()) === 'unreachable') {
      throw new StartError('MongoDB cannot be reached; check MONGO_URL')
    }
    return { connection, keyValue, secrets, store, identity }
  } catch (error) {
    await connection.close()
    throw error
  }
}

/** Of parts that are made now. */
function newIdentity(identity: string): DataIdentity {
  return { identity, wasMade: async () => false, noteMade: async () => {} }
}

function taken(namespace: string, what: string): ClusterDataError {
  return new ClusterDataError(
    `NATS holds data of a cluster ${namespace} already (${what}), and is left as it is; set another ` +
      'TINYGRID_NAMESPACE, or restore before the first node starts',
  )
}
