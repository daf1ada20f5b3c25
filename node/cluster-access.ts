/**
 * What the nodes of a cluster keep together for the interface: keys, the hosts where links may not lead,
 * and the secret of sessions.
 *
 * In the private bucket, which changes so rarely that all of it can be watched.
 */
import type { NatsConnection } from 'nats'
import { BucketValues } from '../clicks/hooks/bucket-values.ts'
import { JetStreamClickLog } from '../clicks/log/jetstream-click-log.ts'
import { JetStreamClickReader } from '../clicks/log/jetstream-click-reader.ts'
import { BucketText } from '../cluster/kept/bucket-text.ts'
import { BucketKeyStore } from '../cluster/keys/bucket-key-store.ts'
import type { KeyStore } from '../cluster/keys/key-store.ts'
import type { OnUnanswered } from '../cluster/nats/nats-connection.ts'
import { NatsKeyValue } from '../cluster/nats/nats-key-value.ts'
import type { Config } from '../config.ts'
import type { AuditLog } from '../gateway/audit/audit-trail.ts'
import { systemClock } from '../links/clock.ts'
import { toEpochMs, type EpochMs } from '../links/ids.ts'
import type { AccessSeams } from './front.ts'
import type { BackupSeams } from './node-backup.ts'

export interface ClusterAccess {
  readonly keys: KeyStore
  readonly access: AccessSeams
  /** Webhooks and reports as they are, for a backup. */
  readonly hooks: BackupSeams['hooks']
}

export interface AccessParts {
  /** Of the cluster. */
  readonly identity: string
  readonly connection: NatsConnection
  readonly onError: (what: string, error: unknown) => void
  readonly leaders: {
    readonly onUnanswered: OnUnanswered
    /** What is to be told when a leader is gone. */
    readonly asking: { abandon(): void }[]
  }
}

/** Of the text with blocked hosts. */
export const HOSTS_KEY = 'access.hosts'
const SESSIONS_KEY = 'access.sessions'
const DAY_MS = 86_400_000

type Keep = <T extends { close(): Promise<unknown> }>(part: T) => T

/** @param keep closes it when the rest is closed */
export async function openAccess(
  config: Config,
  { connection, onError, leaders, identity }: AccessParts,
  keep: Keep,
): Promise<ClusterAccess> {
  const { namespace, logReplicas: replicas } = config
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
  const hosts = keep(await BucketText.open(bucket, HOSTS_KEY))
  const signsIn = config.oidcIssuer !== undefined
  const sessions = signsIn ? keep(await BucketText.open(bucket, SESSIONS_KEY)) : undefined
  const audit = config.audit ? await openAudit(config, connection, identity, keep) : undefined
  return { keys, hooks, access: { hosts, audit, sessions } }
}

/** A stream beside that of the clicks, kept in the same way. */
async function openAudit(
  { nodeId, namespace, logReplicas: replicas, auditBytesMax, auditDays }: Config,
  connection: NatsConnection,
  identity: string,
  keep: Keep,
): Promise<AuditLog> {
  const place = { connection, namespace, replicas, content: 'audit', clock: systemClock } as const
  const limits = { bytesMax: auditBytesMax, ageMaxMs: auditDays * DAY_MS }
  const writer = keep(
    await JetStreamClickLog.open({ ...place, ...limits, identity, node: nodeId, now }),
  )
  return { writer, reader: keep(new JetStreamClickReader(place)) }
}

function now(): EpochMs {
  return toEpochMs(Date.now())
}
