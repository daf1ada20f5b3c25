/**
 * The streams that one log is spread over: which of them a partition lies in, and how full each is.
 *
 * Used by `jetstream-log.ts`. Each stream has an equal share of the log's bound and of the reserve above
 * it, and is full by itself: what is appended is spread evenly, as codes are hashed, so all come near
 * their shares together. Rejected: one bound for all, kept by nodes alone, with streams that may each
 * hold as much as the whole; the servers' disks would have to have room for that.
 */
import type { JetStreamManager, NatsConnection } from 'nats'
import type { PartitionId } from '../../links/ids.ts'
import { LogNames } from '../../cluster/nats/log-names.ts'
import { bytesOf, renewReserve, shareOf } from './jetstream-streams.ts'
import type { StreamReader } from './jetstream-tail.ts'
import { JetStreamUsage } from './jetstream-usage.ts'

export interface JetStreamSpreadOptions {
  readonly connection: NatsConnection
  readonly manager: JetStreamManager
  readonly namespace: string
  readonly logStreams: number
  /** Of all streams together. */
  readonly logBytesMax: number
  /** Bounds a request to the server. */
  readonly run: <T>(request: Promise<T>) => Promise<T>
  /** Of reads of many entries. */
  readonly timeoutMs?: number | undefined
}

/** A stream of the log. */
export interface SpreadStream {
  readonly reader: StreamReader
  readonly usage: JetStreamUsage
}

export class JetStreamSpread {
  readonly #names: LogNames
  readonly #streams: readonly SpreadStream[]

  constructor(options: JetStreamSpreadOptions) {
    const { connection, manager, namespace, logStreams, logBytesMax, run, timeoutMs } = options
    const share = shareOf(logBytesMax, logStreams)
    this.#names = new LogNames(namespace, logStreams)
    this.#streams = this.#names.all.map(({ stream }) => ({
      reader: { connection, manager, stream, timeoutMs },
      usage: new JetStreamUsage({
        bytesMax: share.bytesMax,
        ask: () => run(bytesOf(manager, stream)),
        renewReserve: () => run(renewReserve(manager, stream, share.reserve)),
      }),
    }))
  }

  streamOf(partition: PartitionId): SpreadStream {
    return this.#streams[this.#names.indexOf(partition)]!
  }

  subjectOf(partition: PartitionId): string {
    return this.#names.subjectOf(partition)
  }

  /** As far as it is known, of all streams. */
  get bytes(): number {
    return this.#streams.reduce((sum, { usage }) => sum + usage.bytes, 0)
  }

  /** Asks how full each is; what cannot be told now is asked again later. */
  async refresh(): Promise<void> {
    await Promise.all(
      this.#streams.map(({ usage }) => usage.refresh().catch(() => usage.refreshSoon())),
    )
  }

  stop(): void {
    for (const { usage } of this.#streams) usage.stop()
  }
}
