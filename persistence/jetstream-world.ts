/**
 * A real NATS server with logs in it, for tests: one server, each log in a namespace of its own.
 *
 * Used by tests of the JetStream log. Each log has a connection of its own, as each node has, and
 * all are closed with the world.
 */
import type { NatsConnection } from 'nats'
import { connectNats } from '../cluster/nats-connection.ts'
import { NatsService, type NatsOptions } from '../test/services/nats-service.ts'
import { JetStreamLog, type JetStreamLogOptions } from './jetstream-log.ts'

export class JetStreamWorld {
  readonly server: NatsService
  readonly #connections: NatsConnection[] = []
  #namespaces = 0

  private constructor(server: NatsService) {
    this.server = server
  }

  static async start(options: NatsOptions = {}): Promise<JetStreamWorld> {
    return new JetStreamWorld(await NatsService.start(options))
  }

  newNamespace(): string {
    return `world-${++this.#namespaces}`
  }

  async connect(): Promise<NatsConnection> {
    const connection = await connectNats({ url: this.server.url, name: 'test' })
    this.#connections.push(connection)
    return connection
  }

  /** Opens a log over a connection of its own; of one namespace as often as there are nodes. */
  async openLog(options: Partial<JetStreamLogOptions> = {}): Promise<JetStreamLog> {
    return await JetStreamLog.open({
      connection: options.connection ?? (await this.connect()),
      namespace: this.newNamespace(),
      replicas: 1,
      logBytesMax: 1e9,
      partitions: 256,
      ...options,
    })
  }

  async close(): Promise<void> {
    await Promise.all(this.#connections.map((connection) => connection.close()))
    await this.server.close()
  }
}
