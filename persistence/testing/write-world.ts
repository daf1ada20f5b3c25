/**
 * A world for the write-behind's tests: one partition whose owner keeps links in a map, a log and a
 * store in memory that fail when told to, and a clock that the test moves.
 */
import { TinygridError } from '../../links/errors.ts'
import type { Code, Epoch, LogPosition, NodeId, PartitionId } from '../../links/ids.ts'
import { codeOfRecord, type LinkVersion } from '../../links/link-record.ts'
import { Ring } from '../../links/ring.ts'
import type { LinkStore } from '../store/link-store.ts'
import { decodeLogRecord, encodeLogRecord } from '../log/log-record.ts'
import type { Log } from '../log/log.ts'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import { MemoryLinkStore } from '../store/memory-link-store.ts'
import { MemoryLog } from '../log/memory-log.ts'
import { linkRecord } from '../../links/testing/sample-links.ts'
import type { DirtySource } from '../write-behind/dirty-source.ts'
import type { WriteBehindOptions } from '../write-behind/write-behind-options.ts'
import { WriteBehind } from '../write-behind/write-behind.ts'

const P = 0 as PartitionId
const EPOCH = 1 as Epoch

export class WriteWorld {
  readonly clock = new ManualClock()
  readonly log: Log
  readonly store: LinkStore
  readonly writeBehind: WriteBehind
  storeFails = false
  checkpointFails = false
  logFails = false
  trimFails = false
  /** Codes that the store refuses for good. */
  readonly refused = new Set<string>()
  duringStoreWrite: (() => Promise<void>) | undefined
  storeWrites = 0
  /** The log must not be trimmed from here on. */
  keptFrom: LogPosition | undefined
  readonly #links = new Map<Code, LinkVersion>()
  readonly #dirty = new Set<Code>()
  #last = 0 as LogPosition

  constructor(
    options: Partial<WriteBehindOptions> = {},
    disk: { log: Log; store: LinkStore } = {
      log: new MemoryLog(),
      store: new MemoryLinkStore(new Ring(16)),
    },
  ) {
    this.log = disk.log
    this.store = disk.store
    this.writeBehind = new WriteBehind({
      log: this.#failingLog(),
      store: this.#failingStore(),
      source: this.#source(),
      dirtyBytesMax: () => 10_000,
      clock: this.clock,
      random: () => 0.5,
      ...options,
    })
  }

  /** The same log and store, a new process. */
  restarted(): WriteWorld {
    const world = new WriteWorld({}, this)
    world.#last = this.#last
    for (const code of this.refused) world.refused.add(code)
    return world
  }

  /** Logs and applies one change of each code. */
  async write(...codes: string[]): Promise<void> {
    for (const code of codes) {
      const url = `https://example.com/${this.#last}`
      const records = [linkRecord(code, { url })]
      const record = { kind: 'batch', epoch: EPOCH, batchId: 'b', records, operations: [] } as const
      const payload = encodeLogRecord(record)
      this.#last = await this.log.append(P, payload, this.#last)
      this.#apply({ code: code as Code, position: this.#last, record: records[0]! })
    }
  }

  async writeEpoch(): Promise<void> {
    const payload = encodeLogRecord({ kind: 'epoch', epoch: EPOCH, nodeId: 'n' as NodeId })
    this.#last = await this.log.append(P, payload, this.#last)
    this.writeBehind.noteApplied(P, this.#last, [])
  }

  /** Applies what the log holds after the checkpoint. */
  async replay(): Promise<void> {
    const checkpoint = (await this.store.checkpoints()).get(P) ?? (0 as LogPosition)
    for await (const { position, payload } of this.log.readAfter(P, checkpoint)) {
      const record = decodeLogRecord(payload)
      if (record.kind === 'epoch') continue
      for (const bytes of record.records) {
        this.#apply({ code: codeOfRecord(bytes), position, record: bytes })
      }
    }
  }

  /** The partition goes to another owner, with all its links. */
  forget(): void {
    this.writeBehind.forget(P)
    this.#links.clear()
    this.#dirty.clear()
  }

  /** Codes that the owner still holds as dirty. */
  get dirty(): Code[] {
    return [...this.#dirty]
  }

  positionOf(code: string): LogPosition | undefined {
    return this.#links.get(code as Code)?.position
  }

  stored(code: string): Promise<LinkVersion | undefined> {
    return this.store.get(code as Code)
  }

  async logPositions(): Promise<number[]> {
    const entries = await Array.fromAsync(this.log.readAfter(P, 0 as LogPosition))
    return entries.map(({ position }) => position)
  }

  #apply(version: LinkVersion): void {
    this.#links.set(version.code, version)
    this.#dirty.add(version.code)
    this.writeBehind.noteApplied(P, version.position, [version])
  }

  #source(): DirtySource {
    return {
      versionOf: (_, code) => this.#links.get(code),
      keptFrom: () => this.keptFrom,
      flushed: (_, versions) => {
        for (const { code, position } of versions) {
          if (this.#links.get(code)?.position === position) this.#dirty.delete(code)
        }
      },
    }
  }

  #failingStore(): WriteBehindOptions['store'] {
    return {
      write: async (versions) => {
        this.storeWrites++
        if (this.storeFails) throw new TinygridError('store_unavailable')
        await this.duringStoreWrite?.()
        const isRefused = ({ code }: LinkVersion) => this.refused.has(code)
        await this.store.write(versions.filter((version) => !isRefused(version)))
        const refused = versions.filter(isRefused)
        return refused.map(({ code, position }) => ({ code, position, reason: 'never' }))
      },
      saveCheckpoints: async (checkpoints) => {
        if (this.checkpointFails) throw new TinygridError('store_unavailable')
        await this.store.saveCheckpoints(checkpoints)
      },
    }
  }

  #failingLog(): WriteBehindOptions['log'] {
    return {
      addDeadLetter: async (letter) => {
        if (this.logFails) throw new TinygridError('log_full')
        await this.log.addDeadLetter(letter)
      },
      trim: async (partition, upTo) => {
        if (this.trimFails) throw new TinygridError('log_unavailable')
        await this.log.trim(partition, upTo)
      },
      deadLetters: () => this.log.deadLetters(),
      removeDeadLetter: (key, upTo) => this.log.removeDeadLetter(key, upTo),
    }
  }
}
