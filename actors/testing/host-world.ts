/**
 * A host over a log and a store in memory: for tests of hosts, and of hand-offs between them.
 *
 * Several share one `Disk`, as nodes of a cluster do. What a host tells the write-behind is kept in
 * its world and goes into the store when the test says so; nothing is trimmed from the log, so the
 * log tells what every link must be like.
 */
import assert from 'node:assert/strict'
import type { Code, Epoch, LogPosition, NodeId, PartitionId } from '../../links/ids.ts'
import { toEpochMs, type EpochMs } from '../../links/ids.ts'
import { codeOfRecord, type LinkVersion } from '../../links/link-record.ts'
import { freeWork } from '../../links/testing/free-work.ts'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import type { CreateRequest, Repeatable, WriteResult } from '../../links/link-owner.ts'
import { Ring } from '../../links/ring.ts'
import { decodeLogRecord, type LogRecord } from '../../persistence/log/log-record.ts'
import { MemoryLinkStore } from '../../persistence/store/memory-link-store.ts'
import type { AppendKind } from '../../persistence/log/log.ts'
import { MemoryLog } from '../../persistence/log/memory-log.ts'
import { LinkTable } from '../memory/link-table.ts'
import { MemoryBound } from '../memory/memory-bound.ts'
import { Operations } from '../partition/operations.ts'
import type { OwnershipSink } from '../ownership/ownership-control.ts'
import { PartitionActor } from '../partition/partition-actor.ts'
import type { Actor } from '../partition/actor-effects.ts'
import { PartitionHost } from '../partition/partition-host.ts'
import { PartitionMemory } from '../memory/partition-memory.ts'
import { appendEpoch } from '../ownership/epoch-records.ts'
import type { OpenedMemory } from '../ownership/recovery.ts'
import { createRequest } from './test-requests.ts'

export const RING = new Ring(16)
/** The partition that is spoken of where a test needs one. */
export const P = 3 as PartitionId
/** Small, so that few links take many chunks. */
const CHUNK_BYTES = 8192
const LIMITS = { mailboxDepthMax: 1_000, batchRecordsMax: 100, batchBytesMax: 100_000 }

/** The first codes of a partition, in the order c0, c1, ... */
export function codesOf(partition: PartitionId, count: number): Code[] {
  const codes: Code[] = []
  for (let number = 0; codes.length < count; number++) {
    const code = `c${number}` as Code
    if (RING.partitionOf(code) === partition) codes.push(code)
  }
  return codes
}

/** What the nodes share. */
export class Disk {
  readonly clock = new ManualClock()
  readonly work = freeWork()
  readonly log = new ScriptedLog()
  readonly store = new MemoryLinkStore(RING)

  now(): EpochMs {
    return toEpochMs(1_000_000 + this.clock.now())
  }

  async records(partition: PartitionId = P): Promise<LogRecord[]> {
    const entries = await Array.fromAsync(this.log.readAfter(partition, 0 as LogPosition))
    return entries.map(({ payload }) => decodeLogRecord(payload))
  }

  async epochs(partition: PartitionId = P): Promise<LogRecord[]> {
    return (await this.records(partition)).filter(({ kind }) => kind === 'epoch')
  }

  /** The newest version of every link, by the log. */
  async truth(partition: PartitionId = P): Promise<Map<Code, LinkVersion>> {
    const newest = new Map<Code, LinkVersion>()
    for await (const { position, payload } of this.log.readAfter(partition, 0 as LogPosition)) {
      const logged = decodeLogRecord(payload)
      for (const record of logged.kind === 'batch' ? logged.records : []) {
        const code = codeOfRecord(record)
        newest.set(code, { code, position, record })
      }
    }
    return newest
  }

  /** Somebody opens the partition from the log. */
  async takeOver(by: NodeId, partition: PartitionId = P): Promise<Epoch> {
    return (await appendEpoch(this.log, partition, by)).epoch
  }
}

/** A log in memory whose appends go as the test says. */
class ScriptedLog extends MemoryLog {
  onAppend:
    ((record: LogRecord, append: () => Promise<LogPosition>) => Promise<LogPosition>) | undefined

  override async append(
    partition: PartitionId,
    payload: Uint8Array,
    expectedLast: LogPosition,
    kind?: AppendKind,
  ): Promise<LogPosition> {
    const append = () => super.append(partition, payload, expectedLast, kind)
    return this.onAppend === undefined
      ? append()
      : this.onAppend(decodeLogRecord(Buffer.from(payload)), append)
  }
}

export class HostWorld {
  readonly nodeId: NodeId
  readonly disk: Disk
  readonly host: PartitionHost
  readonly bound: MemoryBound
  isFenced = false
  isFull = false
  onApplied: (partition: PartitionId, versions: readonly LinkVersion[]) => void = () => {}
  onReplaced: (partition: PartitionId) => void = () => {}
  /** Newest versions that the write-behind was told of and the store does not have. */
  readonly dirty = new Map<PartitionId, Map<Code, LinkVersion>>()
  /** How far the write-behind was told that the log has gone on. */
  readonly applied = new Map<PartitionId, LogPosition>()
  readonly errors: unknown[] = []
  #names = 0

  constructor(nodeId: string, disk: Disk, bytesMax = 1e9, appendsMax = Infinity) {
    this.nodeId = nodeId as NodeId
    this.disk = disk
    this.bound = new MemoryBound(bytesMax, RING.partitions)
    this.host = new PartitionHost({
      ring: RING,
      log: disk.log,
      store: disk.store,
      work: disk.work,
      clock: disk.clock,
      bound: this.bound,
      appendsMax,
      now: () => disk.now(),
      defer: (action) => queueMicrotask(action),
      isFenced: () => this.isFenced,
      onApplied: (partition, versions) => this.onApplied(partition, versions),
      onReplaced: (partition) => this.onReplaced(partition),
      onError: (_, error) => this.errors.push(error),
    })
    this.host.connect({ ...this.sink, isFull: () => this.isFull })
  }

  get sink(): OwnershipSink {
    return {
      noteApplied: (partition, position, versions) => {
        assert(position >= (this.applied.get(partition) ?? 0), 'positions never fall')
        const dirty = this.dirty.get(partition) ?? new Map<Code, LinkVersion>()
        for (const version of versions) dirty.set(version.code, version)
        this.dirty.set(partition, dirty)
        this.applied.set(partition, position)
      },
      forget: (partition) => {
        this.dirty.delete(partition)
        this.applied.delete(partition)
      },
    }
  }

  nextName(): string {
    return `${this.nodeId}.${++this.#names}`
  }

  newMemory(): PartitionMemory {
    return new PartitionMemory(new LinkTable({ chunkBytes: CHUNK_BYTES }))
  }

  newActor(opened: OpenedMemory): Actor {
    return new PartitionActor({ ...opened, nextBatchId: () => this.nextName(), limits: LIMITS })
  }

  /** Opens a partition that has nothing in the store, and serves it. */
  async open(partition: PartitionId = P, operationsUpTo?: LogPosition): Promise<Actor> {
    const { epoch, position } = await appendEpoch(this.disk.log, partition, this.nodeId)
    const memory = this.newMemory()
    memory.startLoad()
    memory.endLoad()
    const operations = new Operations(operationsUpTo)
    const actor = this.newActor({
      id: partition,
      epoch,
      memory,
      operations,
      lastPosition: position,
    })
    this.host.adopt(partition, actor)
    this.host.serve(partition)
    return actor
  }

  create(code: Code, fields: Partial<CreateRequest> & Repeatable = {}): Promise<WriteResult> {
    return this.host.write(createRequest(code, fields))
  }

  /** The store gets what it lacks of these codes; of all if none is named. */
  async flush(codes?: readonly Code[], partition: PartitionId = P): Promise<void> {
    const dirty = this.dirty.get(partition) ?? new Map<Code, LinkVersion>()
    const flushed = [...dirty.values()].filter(({ code }) => codes?.includes(code) ?? true)
    await this.disk.store.write(flushed)
    for (const { code } of flushed) dirty.delete(code)
    this.host.flushed(partition, flushed)
    if (dirty.size > 0) return
    const checkpoint = this.applied.get(partition)
    if (checkpoint !== undefined) {
      await this.disk.store.saveCheckpoints(new Map([[partition, checkpoint]]))
    }
  }
}
