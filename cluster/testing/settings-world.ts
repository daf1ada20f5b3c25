/**
 * The settings of clusters that have no NATS server: who they are, and which of their parts were made.
 *
 * Used by tests of log and store. Nodes of one cluster share what `settingsOf` remembers under its
 * name.
 */
import { MemoryKeyValueServer } from '../membership/memory-key-value.ts'
import { ClusterSettings } from '../nats/cluster-settings.ts'

export class SettingsWorld {
  readonly #clusters = new Map<string, MemoryKeyValueServer>()

  /** The bucket of a cluster, made if there is none. */
  bucketOf(cluster: string): MemoryKeyValueServer {
    const server = this.#clusters.get(cluster) ?? new MemoryKeyValueServer()
    this.#clusters.set(cluster, server)
    return server
  }

  /** As one more node of the cluster reads them, or writes them if it is the first. */
  settingsOf(cluster: string, partitions: number, logStreams = 1): Promise<ClusterSettings> {
    const keyValue = this.bucketOf(cluster).connect()
    return ClusterSettings.open({ keyValue, partitions, logStreams, logStream: undefined })
  }
}
