/**
 * A log and a store that partitions are recovered from, again and again, for tests.
 */
import { toEpochMs, toLogPosition, type Code, type Epoch, type NodeId } from '../../links/ids.ts'
import { Ring } from '../../links/ring.ts'
import { encodeLogRecord, isForeignPayload } from '../../persistence/log/log-record.ts'
import { MemoryLinkStore } from '../../persistence/store/memory-link-store.ts'
import { MemoryLog } from '../../persistence/log/memory-log.ts'
import { freeWork } from '../../links/testing/free-work.ts'
import { linkRecord } from '../../links/testing/sample-links.ts'
import { LinkTable } from '../memory/link-table.ts'
import { PartitionMemory } from '../memory/partition-memory.ts'
import { EpochRecords } from '../ownership/epoch-records.ts'
import { recover, type OpenedMemory } from '../ownership/recovery.ts'

export const ring = new Ring(16)
const now = toEpochMs(1_000)
export const nodeId = 'node' as NodeId
export const EPOCH_RECORD = encodeLogRecord({ kind: 'epoch', epoch: 1 as Epoch, nodeId })

export class Place {
  readonly log = new MemoryLog({ isForeign: isForeignPayload })
  readonly store = new MemoryLinkStore(ring)
  readonly partitions = new Map<number, OpenedMemory>()
  readonly told: [code: string, position: number][] = []
  readonly errors: string[] = []
  /** Of one process. */
  epochs = new EpochRecords()

  /** Appends one link as an owner would; returns its position. */
  async append(name: string, url: string, operation?: string) {
    const partition = ring.partitionOf(name as Code)
    const records = [linkRecord(name, { url: url })]
    const epoch = 1 as Epoch
    const outcome = 'created' as const
    const operations = operation === undefined ? [] : [{ id: operation, outcome, record: 0 }]
    const payload = encodeLogRecord({ kind: 'batch', epoch, batchId: url, records, operations })
    return this.log.append(partition, payload, await this.log.last(partition))
  }

  async appendThreeAndTrimTo(upTo: number) {
    for (const version of [1, 2, 3]) await this.append('a', `https://example.org/${version}`)
    const partition = ring.partitionOf('a' as Code)
    await this.log.append(partition, EPOCH_RECORD, await this.log.last(partition))
    await this.log.trim(partition, toLogPosition(upTo))
  }

  async recover(leavesOperations = false) {
    return recover({
      log: this.log,
      store: this.store,
      work: freeWork(),
      nodeId,
      partitions: ring.all(),
      epochs: this.epochs,
      sink: {
        noteApplied: (_partition, position, versions) => {
          for (const { code } of versions) this.told.push([code, position])
        },
      },
      newMemory: () => new PartitionMemory(new LinkTable()),
      now: () => now,
      leavesOperations,
      onOpen: (partition) => this.partitions.set(partition.id, partition).size > 0,
      onProgress: () => {},
      onError: (what) => this.errors.push(what),
    })
  }

  lookup(name: string) {
    const partition = ring.partitionOf(name as Code)
    return this.partitions.get(partition)!.memory.lookup(name as Code, now)
  }
}
