/**
 * Real NATS servers with logs in them, for tests: one server, or a cluster of several.
 *
 * Used by tests of the JetStream log. Each log has a connection of its own, as each node has, and
 * all are closed with the world.
 */
import type { NatsConnection } from 'nats'
import { connectPatiently } from '../../cluster/testing/patient-connection.ts'
import { SettingsWorld } from '../../cluster/testing/settings-world.ts'
import { NatsCluster, type NatsClusterOptions } from '../../test/services/nats-cluster.ts'
import type { NatsService } from '../../test/services/nats-service.ts'
import { JetStreamLog, type JetStreamLogOptions } from '../log/jetstream-log.ts'

/** A server that runs answers sooner, and one that is asked once more does no harm. */
const SILENCE_MS = 200
/** Of requests, where nothing is about time. */
const PATIENCE_MS = 20_000

export class JetStreamWorld {
  readonly cluster: NatsCluster
  readonly #connections: NatsConnection[] = []
  readonly #settings = new SettingsWorld()
  #namespaces = 0

  private constructor(cluster: NatsCluster) {
    this.cluster = cluster
  }

  static async start(): Promise<JetStreamWorld> {
    return JetStreamWorld.startCluster(1)
  }

  /** Servers named n0, n1 and so on. */
  static async startCluster(
    size: number,
    server: NatsClusterOptions['server'] = {},
  ): Promise<JetStreamWorld> {
    return new JetStreamWorld(await NatsCluster.start({ size, server }))
  }

  /** The only server, or the first. */
  get server(): NatsService {
    return this.cluster.servers[0]!
  }

  newNamespace(): string {
    return `world-${++this.#namespaces}`
  }

  async connect(): Promise<NatsConnection> {
    const connection = await connectPatiently({ url: this.cluster.url, name: 'test' })
    this.#connections.push(connection)
    return connection
  }

  /**
   * Opens a log over a connection of its own; of one namespace as often as there are nodes. It waits long for
   * answers, unless `timeoutMs` is undefined: then it does what a node does.
   */
  async openLog(options: Partial<JetStreamLogOptions> = {}): Promise<JetStreamLog> {
    const { namespace = this.newNamespace(), partitions = 256, logStreams = 1 } = options
    // What differs is to be told by the log: each number of partitions has settings of its own.
    const cluster = `${namespace} ${partitions}`
    const identity = await this.#settings.settingsOf(cluster, partitions, logStreams)
    return await JetStreamLog.open({
      connection: options.connection ?? (await this.connect()),
      replicas: 1,
      logBytesMax: 1e9,
      identity,
      timeoutMs: PATIENCE_MS,
      ...options,
      namespace,
      partitions,
      logStreams,
    })
  }

  /** Resolves when the server has stopped answering, which takes it a moment. */
  async freeze(): Promise<void> {
    const probe = await this.connect()
    this.server.freeze()
    while (await answers(probe)) {
      // The last of its threads still runs.
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#connections.map((connection) => connection.close()))
    await this.cluster.close()
  }
}

async function answers(connection: NatsConnection): Promise<boolean> {
  const silence = new Promise<boolean>((resolve) => {
    setTimeout(resolve, SILENCE_MS, false)
  })
  const answer = connection.rtt().then(
    () => true,
    () => false,
  )
  return await Promise.race([answer, silence])
}
