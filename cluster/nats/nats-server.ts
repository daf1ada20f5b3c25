/**
 * NATS as a server to be probed: whether it answers on this node's connection, and its version.
 */
import type { NatsConnection } from 'nats'
import type { Server } from '../observer/server-probe.ts'

export function natsServer(connection: NatsConnection): Server {
  return {
    name: 'NATS',
    address: () => connection.getServer(),
    async ask() {
      await connection.rtt()
      return connection.info!.version
    },
  }
}
