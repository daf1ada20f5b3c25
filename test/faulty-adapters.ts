/**
 * A log and a store that fail when a test says so, around memory adapters that do not.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { LinkVersion } from '../links/link-record.ts'
import { TinygridError, type ErrorCode } from '../links/errors.ts'
import type { Code, LogPosition, PartitionId } from '../links/ids.ts'
import type { LinkStore, Refusal } from '../persistence/store/link-store.ts'
import { MemoryLinkStore } from '../persistence/store/memory-link-store.ts'
import { MemoryLog } from '../persistence/log/memory-log.ts'

export class FaultyLog extends MemoryLog {
  /** What every append fails with, if anything. */
  failure: ErrorCode | undefined
  /** How many appends are taken by the log although they fail. */
  lostAcknowledgements = 0
  delayMs = 0

  override async append(
    partition: PartitionId,
    payload: Uint8Array,
    expectedLast: LogPosition,
  ): Promise<LogPosition> {
    if (this.delayMs > 0) await sleep(this.delayMs)
    if (this.failure !== undefined) throw new TinygridError(this.failure)
    const position = await super.append(partition, payload, expectedLast)
    if (this.lostAcknowledgements-- > 0) throw new TinygridError('log_uncertain')
    return position
  }
}

export class FaultyStore extends MemoryLinkStore implements LinkStore {
  isDown = false
  /** Codes that it will never take. */
  readonly refused = new Set<string>()

  override async write(versions: readonly LinkVersion[]): Promise<readonly Refusal[]> {
    this.#assertUp()
    const isTaken = ({ code }: LinkVersion) => !this.refused.has(code)
    await super.write(versions.filter(isTaken))
    return versions
      .filter((version) => !isTaken(version))
      .map(({ code, position }) => ({ code, position, reason: 'refused by the test' }))
  }

  override async get(code: Code): Promise<LinkVersion | undefined> {
    this.#assertUp()
    return super.get(code)
  }

  override async *load(partitions: readonly PartitionId[]): AsyncGenerator<readonly LinkVersion[]> {
    this.#assertUp()
    yield* super.load(partitions)
  }

  #assertUp(): void {
    if (this.isDown) throw new TinygridError('store_unavailable')
  }
}
