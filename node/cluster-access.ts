/**
 * What the nodes of a cluster keep together for the interface: keys, and the hosts where links may not lead.
 *
 * In the private bucket, which changes so rarely that all of it can be watched.
 */
import type { NatsConnection } from 'nats'
import { BucketValues } from '../clicks/hooks/bucket-values.ts'
import { BucketText } from '../cluster/kept/bucket-text.ts'
import type { KeptText } from '../cluster/kept/kept-text.ts'
import { BucketKeyStore } from '../cluster/keys/bucket-key-store.ts'
import type { KeyStore } from '../cluster/keys/key-store.ts'
import type { OnUnanswered } from '../cluster/nats/nats-connection.ts'
import { NatsKeyValue } from '../cluster/nats/nats-key-value.ts'
import type { Config } from '../config.ts'
import type { BackupSeams } from './node-backup.ts'

export interface ClusterAccess {
  readonly keys: KeyStore
  /** Blocked hosts. */
  readonly hosts: KeptText
  /** Webhooks and reports as they are, for a backup. */
  readonly hooks: BackupSeams['hooks']
}

export interface AccessParts {
  readonly connection: NatsConnection
  readonly onError: (what: string, error: unknown) => void
  readonly leaders: {
    readonly onUnanswered: OnUnanswered
    /** What is to be told when a leader is gone. */
    readonly asking: { abandon(): void }[]
  }
}

const HOSTS_KEY = 'access.hosts'

/** @param keep closes it when the rest is closed */
export async function openAccess(
  { namespace, logReplicas: replicas }: Config,
  { connection, onError, leaders }: AccessParts,
  keep: <T extends { close(): Promise<unknown> }>(part: T) => T,
): Promise<ClusterAccess> {
  const bucket = keep(
    await NatsKeyValue.open({
      connection,
      namespace,
      replicas,
      bucket: 'privateBucket',
      onUnanswered: leaders.onUnanswered,
      onError: (error) => onError('keys and blocked hosts could not be watched', error),
    }),
  )
  leaders.asking.push(bucket)
  const hooks = async () => {
    const values = await BucketValues.open(bucket)
    values.close()
    return values.list('')
  }
  const keys = keep(await BucketKeyStore.open(bucket))
  return { keys, hooks, hosts: keep(await BucketText.open(bucket, HOSTS_KEY)) }
}
