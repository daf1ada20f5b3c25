/**
 * What JetStream tells of the log's streams: how much they hold, and how many copies there are.
 *
 * For people. Whether each server syncs a write to disk before it acknowledges is not told to clients; who may
 * ask the servers' system account knows.
 */
import { StorageType, type NatsConnection, type StreamInfo } from 'nats'
import type { LogFacts } from '../../cluster/observer/log-probe.ts'
import { LogNames } from '../../cluster/nats/log-names.ts'

const TIMEOUT_MS = 2_000

export async function readLogFacts(
  connection: NatsConnection,
  namespace: string,
  logStreams: number,
  syncs: Promise<boolean | null> = Promise.resolve(null),
): Promise<LogFacts> {
  const manager = await connection.jetstreamManager({ checkAPI: false, timeout: TIMEOUT_MS })
  const { all } = new LogNames(namespace, logStreams)
  const infos = await Promise.all(all.map(({ stream }) => manager.streams.info(stream)))
  const sum = (of: (info: StreamInfo) => number) =>
    infos.reduce((total, info) => total + of(info), 0)
  const { config } = infos[0]!
  return {
    kind: 'jetstream',
    entries: sum(({ state }) => state.messages),
    bytes: sum(({ state }) => state.bytes),
    bytesMax: sum((info) => info.config.max_bytes),
    durability: {
      replicas: config.num_replicas,
      // A write lies in one of them, whichever it is.
      replicasCurrent: Math.min(...infos.map(currentReplicas)),
      storage: config.storage === StorageType.File ? 'file' : 'memory',
      syncsBeforeAnswer: await syncs,
    },
    streams: infos.map(({ config: { name, max_bytes: bytesMax }, state: { bytes }, cluster }) => ({
      name,
      // The server says "" while there is none.
      leader: cluster?.leader || null,
      bytes,
      bytesMax,
    })),
  }
}

/** The leader, and those who have everything it has. A server alone does not speak of a cluster. */
function currentReplicas({ cluster }: StreamInfo): number {
  const followers = cluster?.replicas ?? []
  return 1 + followers.filter(({ current, offline }) => current && !offline).length
}
