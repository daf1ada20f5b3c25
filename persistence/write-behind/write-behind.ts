/**
 * Write-behind: brings acknowledged writes from memory to the store, behind the answer.
 *
 * Told of every write that its owner has applied; gathers them, flushes the newest version of each
 * link, then saves checkpoints and trims the log. The shell around `write-buffer.ts`: one flush at a
 * time, all that waits each `flushIntervalMs`, and without a pause when much does. (A long queue is
 * cheaper per link: it is flushed by partition, and links of one partition are close in a store.)
 * While the store fails, it waits longer and longer between attempts, and what waits grows to
 * `dirtyBytesMax`, where owners stop taking writes. A version that the store refuses for good becomes a dead letter in the log,
 * stays dirty with its owner, and holds up nothing else.
 *
 * It promises nothing to writers: the log has what they were told is safe. A crash anywhere in here
 * leads to a replay of what the store may already have, which changes nothing there.
 */
import assert from 'node:assert/strict'
import { tracedRoot } from '../../links/tracing.ts'
import type { LinkVersion } from '../../links/link-record.ts'
import { hasCode } from '../../links/errors.ts'
import type { Code, LogPosition, PartitionId } from '../../links/ids.ts'
import { BackOff } from '../back-off.ts'
import { Checkpointer } from './checkpointer.ts'
import { DeadLetters } from './dead-letters.ts'
import { FlushBarriers } from './flush-barriers.ts'
import type { Refusal } from '../store/link-store.ts'
import {
  WRITE_BEHIND_DEFAULTS,
  type WriteBehindOptions,
  type WriteBehindStatus,
} from './write-behind-options.ts'
import { WriteBuffer, type DirtyLink } from './write-buffer.ts'

/** How often is looked whether entries that the log has to keep may go. */
const KEPT_CHECK_MS = 5_000

export class WriteBehind {
  readonly #options: Required<WriteBehindOptions>
  readonly #buffer = new WriteBuffer()
  readonly #checkpointer: Checkpointer
  readonly #letters: DeadLetters
  readonly #backOff: BackOff
  readonly #barriers: FlushBarriers
  readonly #counters = { linksFlushed: 0, storeErrors: 0, logErrors: 0 }
  /** The next round, when one is planned. */
  #timer: { readonly at: number; readonly cancel: () => void } | undefined
  #isRunning = false
  /** When the flushing under way began. What was dirty before is flushed without a pause. */
  #drainUpTo = 0
  #isDraining = false
  /** No round before this, after failures. */
  #notBefore = 0
  #checkpointDue = 0
  #trimDue = 0
  #whenIdle: (() => void) | undefined
  /** From where on somebody reads the log. */
  readonly #holds = new Set<(partition: PartitionId) => LogPosition>()
  #isClosed = false
  /** Forgotten since the round under way began: what it flushes of them is not told to anyone. */
  readonly #forgotten = new Set<PartitionId>()

  constructor(options: WriteBehindOptions) {
    this.#options = { ...WRITE_BEHIND_DEFAULTS, ...options }
    const { log, store, random, clock } = this.#options
    const checkpointOf = (partition: PartitionId) => this.#buffer.checkpointOf(partition)
    const keptFrom = (partition: PartitionId) => this.#keptFrom(partition)
    this.#checkpointer = new Checkpointer(store, log, checkpointOf, keptFrom)
    this.#barriers = new FlushBarriers(clock, checkpointOf)
    this.#letters = new DeadLetters(log)
    this.#backOff = new BackOff(random)
  }

  /**
   * The owner has applied versions that the log holds at `position`: none, for an epoch record.
   * Positions never fall.
   */
  noteApplied(
    partition: PartitionId,
    position: LogPosition,
    versions: readonly LinkVersion[],
  ): void {
    this.#buffer.note(partition, position, versions, this.#options.clock.now())
    this.#checkpointer.note(partition, position)
    this.#plan()
  }

  /** The store has everything of the partition up to here. */
  checkpointOf(partition: PartitionId): LogPosition {
    return this.#buffer.checkpointOf(partition)
  }

  /** The partition is another owner's business from now on. A flush under way may still end. */
  forget(partition: PartitionId): void {
    this.#buffer.forget(partition)
    this.#checkpointer.forget(partition)
    if (this.#isRunning) this.#forgotten.add(partition)
    this.#barriers.forget(partition)
  }

  /** Whether so much waits for the store that owners should take no more writes. */
  isFull(): boolean {
    return this.#buffer.dirtyBytes >= this.#options.dirtyBytesMax()
  }

  /**
   * Resolves when the store has everything noted before the call.
   *
   * @throws TinygridError store_unavailable after `timeoutMs`
   */
  barrier(timeoutMs: number): Promise<void> {
    const reached = this.#barriers.raise(this.#buffer.marks(), timeoutMs)
    this.#plan()
    return reached
  }

  /**
   * Keeps the log's entries from those on that `from` tells, until what it returns is called. For who reads
   * them, and gets on: the log has a bound.
   */
  hold(from: (partition: PartitionId) => LogPosition): () => void {
    this.#holds.add(from)
    return () => {
      if (this.#holds.delete(from)) this.#plan()
    }
  }

  /** Flushes, saves and trims what it can until `timeoutMs`. False: something is left to replay. */
  async close(timeoutMs: number): Promise<boolean> {
    assert(this.#whenIdle === undefined, 'closed twice')
    const isIdle = await new Promise<boolean>((resolve) => {
      const cancel = this.#options.clock.after(timeoutMs, () => resolve(false))
      this.#whenIdle = () => {
        cancel()
        resolve(true)
      }
      this.#plan()
    })
    this.#isClosed = true
    this.#timer?.cancel()
    return isIdle
  }

  status(): WriteBehindStatus {
    const since = this.#buffer.dirtySince()
    return {
      ...this.#counters,
      dirtyLinks: this.#buffer.dirtyLinks,
      dirtyBytes: this.#buffer.dirtyBytes,
      dirtyBytesMax: this.#options.dirtyBytesMax(),
      flushLagMs: since === undefined ? 0 : this.#options.clock.now() - since,
      deadLetters: this.#letters.count,
    }
  }

  #keptFrom(partition: PartitionId): LogPosition | undefined {
    const kept = this.#options.source.keptFrom(partition)
    if (this.#holds.size === 0) return kept
    const held = Math.min(...[...this.#holds].map((from) => from(partition)))
    return Math.min(kept ?? Infinity, held) as LogPosition
  }

  get #isIdle(): boolean {
    return this.#buffer.dirtyLinks === 0 && this.#checkpointer.isDone
  }

  /** Sees to it that the next round comes when it is due. */
  #plan(): void {
    if (this.#isRunning || this.#isClosed) return
    const now = this.#options.clock.now()
    if (this.#isIdle) {
      this.#whenIdle?.()
      if (!this.#checkpointer.hasKept || this.#timer !== undefined) return
    }
    const at = Math.max(this.#notBefore, now + this.#patienceMs(now))
    if (this.#timer !== undefined && this.#timer.at <= at) return
    this.#timer?.cancel()
    this.#timer = { at, cancel: this.#options.clock.after(at - now, () => void this.#round()) }
  }

  /** How long what there is to do may wait for company. */
  #patienceMs(now: number): number {
    const { flushAtLinks, dirtyBytesMax, flushIntervalMs } = this.#options
    const { dirtyLinks, dirtyBytes } = this.#buffer
    if (this.#whenIdle !== undefined || this.#barriers.count > 0) return 0
    const isMuch = dirtyLinks >= flushAtLinks || dirtyBytes >= dirtyBytesMax() / 2
    if (isMuch || this.#isDraining) return 0
    if (dirtyLinks > 0) return flushIntervalMs
    return this.#checkpointer.isDone ? KEPT_CHECK_MS : Math.max(0, this.#checkpointDue - now)
  }

  async #round(): Promise<void> {
    this.#timer = undefined
    this.#isRunning = true
    if (!this.#isDraining) this.#drainUpTo = this.#options.clock.now()
    const isDone = (await this.#flush()) && (await this.#checkpoint())
    if (isDone) this.#backOff.reset()
    else this.#notBefore = this.#options.clock.now() + this.#backOff.next()
    this.#isDraining = (this.#buffer.dirtySince() ?? Infinity) < this.#drainUpTo
    this.#isRunning = false
    this.#forgotten.clear()
    this.#plan()
  }

  /** Whether it went well. */
  async #flush(): Promise<boolean> {
    const { flushLinksMax, flushBytesMax } = this.#options
    const links = this.#buffer.take({ linksMax: flushLinksMax, bytesMax: flushBytesMax })
    if (links.length === 0) return true
    const versions = links.map((link) => this.#versionOf(link))
    try {
      const attributes = { 'tinygrid.links': links.length }
      const write = () => this.#write(links, versions)
      const refused = await tracedRoot('store.flush', attributes, write)
      this.#settle(links, versions, refused)
      return true
    } catch (error) {
      this.#buffer.failed()
      this.#noteFailure('flush failed', error)
      return false
    }
  }

  #versionOf({ partition, code }: DirtyLink): LinkVersion {
    const version = this.#options.source.versionOf(partition, code)
    assert(version !== undefined, `the owner of partition ${partition} lost the dirty link ${code}`)
    return version
  }

  /** Writes to the store, and to the log what the store refused. Returns what it refused. */
  async #write(
    links: readonly DirtyLink[],
    versions: readonly LinkVersion[],
  ): Promise<ReadonlyMap<Code, Refusal>> {
    await this.#letters.load()
    const refusals = await this.#options.store.write(versions)
    const refused = new Map(refusals.map((refusal) => [refusal.code, refusal]))
    for (const [index, version] of versions.entries()) {
      const refusal = refused.get(version.code)
      if (refusal !== undefined) await this.#letters.add(links[index]!.partition, version, refusal)
    }
    await this.#letters.settle(versions.filter(({ code }) => !refused.has(code)))
    return refused
  }

  #settle(
    links: readonly DirtyLink[],
    versions: readonly LinkVersion[],
    refused: ReadonlyMap<Code, Refusal>,
  ): void {
    this.#buffer.flushed(versions)
    this.#counters.linksFlushed += versions.length - refused.size
    const byPartition = Map.groupBy(versions.keys(), (index) => links[index]!.partition)
    for (const [partition, indexes] of byPartition) {
      // The partition may even be back already, with other links in memory and the same codes.
      if (this.#forgotten.has(partition)) continue
      const clean = indexes
        .map((index) => versions[index]!)
        .filter(({ code }) => !refused.has(code))
      this.#options.source.flushed(partition, clean)
    }
    this.#barriers.reach()
  }

  /** Whether it went well, or was not due. */
  async #checkpoint(): Promise<boolean> {
    const now = this.#options.clock.now()
    const isDue = now >= this.#checkpointDue || this.#whenIdle !== undefined
    this.#checkpointer.reviseKept()
    if (!isDue || this.#checkpointer.isDone) return true
    this.#checkpointDue = now + this.#options.checkpointIntervalMs
    try {
      await this.#checkpointer.save()
      if (now >= this.#trimDue || this.#whenIdle !== undefined) {
        this.#trimDue = now + this.#options.trimIntervalMs
        await this.#checkpointer.trim()
      }
      return true
    } catch (error) {
      this.#noteFailure('checkpoint failed', error)
      return false
    }
  }

  #noteFailure(what: string, error: unknown): void {
    const isOfLog = hasCode(error, 'log_full', 'log_unavailable', 'log_uncertain')
    if (isOfLog) this.#counters.logErrors++
    else this.#counters.storeErrors++
    this.#options.onError(what, error)
  }
}
