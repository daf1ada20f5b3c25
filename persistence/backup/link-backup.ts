/**
 * All links of a moment, in parts: what the store has, and what came into the log meanwhile.
 *
 * Used by the server to make a backup. A link may come several times; its version with the highest position is
 * the one of that moment. Tombstones come too: without one, an older version of the code would count.
 */
import { TinygridError } from '../../links/errors.ts'
import { isWholeVersion, parseRecord, type LinkVersion } from '../../links/link-record.ts'
import type { Code, LogPosition, PartitionId } from '../../links/ids.ts'
import type { Log } from '../log/log.ts'
import type { LinkStore } from '../store/link-store.ts'
import { LogTail, type LogTailOptions } from './log-tail.ts'

export interface LinkBackupOptions extends Omit<LogTailOptions, 'log' | 'store'> {
  readonly log: Pick<Log, 'last' | 'readAfter' | 'deadLetters'>
  readonly store: Pick<LinkStore, 'checkpoints' | 'load' | 'partitionsPerLoad'>
  /** Other moments are wanted after the first one. */
  readonly goesOn?: boolean
}

export interface LinkPart {
  readonly versions: readonly LinkVersion[]
  /** Codes that the store has damaged. */
  readonly damaged: readonly Code[]
  /** Of the store, from 0 to 1. */
  readonly share: number
}

/** How often partitions are read again whose log was trimmed unread, before the backup is given up. */
const READINGS_MAX = 10

export class LinkBackup {
  readonly #options: LinkBackupOptions
  readonly #tail: LogTail

  private constructor(options: LinkBackupOptions, tail: LogTail) {
    this.#options = options
    this.#tail = tail
  }

  /** @throws TinygridError of log and store */
  static async begin(options: LinkBackupOptions): Promise<LinkBackup> {
    return new LinkBackup(options, await LogTail.begin(options))
  }

  /** Read it to its end. @returns the moment: the log's positions. @throws TinygridError */
  async *parts(): AsyncGenerator<LinkPart, ReadonlyMap<PartitionId, LogPosition>> {
    yield* this.#stored(this.#options.partitions, (share) => share)
    yield partOf(await this.#letters(), 1)
    return yield* this.#toMoment()
  }

  /** What came since the last moment, up to another one. Read it to its end. @throws TinygridError */
  further(): AsyncGenerator<LinkPart, ReadonlyMap<PartitionId, LogPosition>> {
    return this.#toMoment()
  }

  async *#toMoment(): AsyncGenerator<LinkPart, ReadonlyMap<PartitionId, LogPosition>> {
    for (let reading = 1; ; reading++) {
      yield* this.#stored(this.#tail.lost(), () => 1)
      const cut = await this.#tail.cut(this.#options.goesOn ?? false)
      if (cut !== undefined) {
        yield partOf(cut.versions, 1)
        return cut.positions
      }
      if (reading === READINGS_MAX) {
        const detail = 'The log was trimmed before this backup had read it; begin again'
        throw new TinygridError('log_unavailable', { detail })
      }
    }
  }

  /** What the store has of them, and what came meanwhile. */
  async *#stored(
    partitions: readonly PartitionId[],
    shareOf: (share: number) => number,
  ): AsyncGenerator<LinkPart, void> {
    const { store } = this.#options
    const step = await store.partitionsPerLoad()
    for (let from = 0; from < partitions.length; from += step) {
      const some = partitions.slice(from, from + step)
      const share = shareOf(from / partitions.length)
      for await (const batch of store.load(some)) {
        yield partOf(batch, share)
        yield partOf(this.#tail.take(), share)
      }
    }
  }

  /** Call it whatever became of the parts. */
  close(): Promise<void> {
    return this.#tail.close()
  }

  /** What the store refused for good is in the log alone, and nowhere else after it was trimmed. */
  async #letters(): Promise<LinkVersion[]> {
    const versions: LinkVersion[] = []
    for await (const { key, position, payload } of this.#options.log.deadLetters()) {
      const record = parseRecord(payload)
      if (record !== undefined) versions.push({ code: key as Code, position, record })
    }
    return versions
  }
}

function partOf(all: readonly LinkVersion[], share: number): LinkPart {
  const versions = all.filter(isWholeVersion)
  const damaged = all.filter((one) => !isWholeVersion(one)).map(({ code }) => code)
  return { versions, damaged, share }
}
