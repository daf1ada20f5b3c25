/**
 * Audited changes of a backup, written into the audit log of what is restored.
 *
 * Each keeps its time and its words, and gets a position of its own. How long the log keeps it counts from the
 * restore on.
 */
import { mkdir } from 'node:fs/promises'
import type { NatsConnection } from 'nats'
import type { ClickLogWriter } from '../../clicks/log/click-log.ts'
import { JetStreamClickLog } from '../../clicks/log/jetstream-click-log.ts'
import { LmdbClickLog } from '../../clicks/log/lmdb-click-log.ts'
import type { Config } from '../../config.ts'
import { systemClock } from '../../links/clock.ts'
import { toEpochMs } from '../../links/ids.ts'
import { RESTORED_BY } from '../../persistence/log/log.ts'

const DAY_MS = 86_400_000

type Writer = Pick<ClickLogWriter, 'append' | 'close'>

export class KeptChanges {
  readonly #writer: Writer
  #added = 0

  private constructor(writer: Writer) {
    this.#writer = writer
  }

  /** Within a data directory. The node that is started there has bounds, this has none. */
  static async inDirectory(directory: string): Promise<KeptChanges> {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const bounds = { bytesMax: Infinity, ageMaxMs: Infinity }
    return new KeptChanges(
      await LmdbClickLog.open(directory, { ...bounds, clock: systemClock, now }),
    )
  }

  /** @throws StartError, ClusterDataError */
  static async inCluster(
    { namespace, logReplicas: replicas, auditBytesMax: bytesMax, auditDays }: Config,
    connection: NatsConnection,
    identity: string,
  ): Promise<KeptChanges> {
    const bounds = { bytesMax, ageMaxMs: auditDays * DAY_MS }
    const place = { connection, namespace, replicas, content: 'audit', identity } as const
    const about = { ...place, ...bounds, node: RESTORED_BY, clock: systemClock, now }
    return new KeptChanges(await JetStreamClickLog.open(about))
  }

  /** In the order in which they were noted. */
  async add(entries: readonly string[]): Promise<void> {
    const first = this.#added
    this.#added += entries.length
    await Promise.all(
      entries.map((entry, n) => this.#writer.append(`restored-${first + n}`, Buffer.from(entry))),
    )
  }

  close(): Promise<void> {
    return this.#writer.close()
  }
}

function now() {
  return toEpochMs(Date.now())
}
