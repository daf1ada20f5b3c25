/**
 * What JetStream tells of the log's stream: how much it holds, and how many copies there are.
 *
 * For people. Whether each server syncs a write to disk before it acknowledges is not among it: a
 * client cannot ask for `sync_interval`.
 */
import { StorageType, type NatsConnection, type StreamInfo } from 'nats'
import type { LogFacts } from '../../cluster/observer/log-probe.ts'
import { namesOf } from '../../cluster/nats/namespace.ts'

const TIMEOUT_MS = 2_000

export async function readLogFacts(
  connection: NatsConnection,
  namespace: string,
): Promise<LogFacts> {
  const manager = await connection.jetstreamManager({ checkAPI: false, timeout: TIMEOUT_MS })
  const info = await manager.streams.info(namesOf(namespace).logStream)
  const { config, state } = info
  return {
    kind: 'jetstream',
    entries: state.messages,
    bytes: state.bytes,
    bytesMax: config.max_bytes,
    durability: {
      replicas: config.num_replicas,
      replicasCurrent: currentReplicas(info),
      storage: config.storage === StorageType.File ? 'file' : 'memory',
      syncsBeforeAnswer: null,
    },
  }
}

/** The leader, and those who have everything it has. A server alone does not speak of a cluster. */
function currentReplicas({ cluster }: StreamInfo): number {
  const followers = cluster?.replicas ?? []
  return 1 + followers.filter(({ current, offline }) => current && !offline).length
}
