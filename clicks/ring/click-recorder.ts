/**
 * The recorder: takes what redirects left in the ring and brings it into the click log.
 *
 * One per process, between the gateway, which notes (`notes`), and the click log. It takes the ring
 * TAKE_MS after the first click, or when it holds many, and makes a batch of it in one go; the batch
 * is sent behind (`click-outbox.ts`). Clicks are lost in the ways that are counted, and no other:
 *
 *   ring      more came in one turn of the event loop than the ring holds
 *   orphans   more than so many a second that led to no link
 *   buffer    the log could not be written for so long that what waits is full
 *   stop      the log could not be written until the process had to end
 *
 * Invariant: accepted = logged + waiting + dropped.
 */
import type { Clock } from '../../links/clock.ts'
import { TinygridError } from '../../links/errors.ts'
import { BatchWriter, type BatchName } from '../log/batch-writer.ts'
import { batchId, type LinkChange } from '../log/click-batch.ts'
import type { ClickDeletion } from '../log/click-deletion.ts'
import type { ClickLogWriter } from '../log/click-log.ts'
import { encodeDeletion } from '../log/deletion-codec.ts'
import { ClickOrigins, type OriginOptions } from './click-origins.ts'
import { ClickOutbox } from './click-outbox.ts'
import { ClickRing, type ClickNotes } from './click-ring.ts'

export interface ClickRecorderOptions extends OriginOptions {
  readonly node: string
  /** Names this process from its start to its end. */
  readonly run: string
  readonly writer: Pick<ClickLogWriter, 'append'>
  /** Bytes of batches that may wait for the log. */
  readonly bufferBytesMax: number
  readonly clock: Clock
  /** From 0 to below 1. */
  readonly random: () => number
  /** Runs an action when all input of this event-loop turn is in. */
  readonly defer: (action: () => void) => void
  readonly onError: (what: string, error: unknown) => void
}

export interface ClickNumbers {
  readonly accepted: number
  readonly logged: number
  readonly dropped: Readonly<Record<DropReason, number>>
  /** Clicks in the ring, and in batches that the log does not have. */
  readonly waiting: number
  readonly waitingBytes: number
  /** Changes of links that were not logged. */
  readonly changesDropped: number
}

export type DropReason = 'ring' | 'orphans' | 'buffer' | 'stop'

const TAKE_MS = 100
/**
 * Clicks that make a batch before its time, if the log keeps up. Each batch is a commit of the log: with
 * 1,000, at 40,000 redirects/s, its threads took 0.3 µs a click, more than the batch itself.
 */
const BATCH_CLICKS = 4_000
const RING = { clicksMax: 16_384, bytesMax: 16 * 2 ** 20 }
/** A batch with more is ended; one click more fits in any case. */
const BATCH_BYTES = 512 * 1024
const BATCH_ENTRIES = 8_000
/** Batches on their way to the log, with which the next one is made only when its time comes. */
const BATCHES_AHEAD = 2
const CHANGES_MAX = 20_000
/** How long somebody waits for the log to have a deletion. */
const DELETION_MS_MAX = 10_000

export class ClickRecorder {
  readonly #options: ClickRecorderOptions
  readonly #ring: ClickRing
  readonly #origins: ClickOrigins
  readonly #outbox: ClickOutbox
  readonly #batch = new BatchWriter()
  #changes: LinkChange[] = []
  #number = 0
  /** Clicks and changes of all batches so far. */
  #before = 0
  /** Clicks that were taken from the ring. */
  #taken = 0
  readonly #dropped = { buffer: 0, stop: 0 }
  #changesDropped = 0
  #cancelTake: (() => void) | undefined
  #isClosed = false

  constructor(options: ClickRecorderOptions) {
    const { defer } = options
    this.#options = options
    this.#origins = new ClickOrigins(options)
    this.#outbox = new ClickOutbox({ ...options, bytesMax: options.bufferBytesMax })
    this.#ring = new ClickRing({
      ...RING,
      many: BATCH_CLICKS,
      onFirst: () => this.#planTake(),
      onMany: () => defer(() => this.#takeEarly()),
    })
  }

  /** Where the gateway leaves its clicks. */
  get notes(): ClickNotes {
    return this.#ring
  }

  /** A change of a link that is durable by now. */
  noteChange(change: LinkChange): void {
    if (this.#isClosed || this.#changes.length === CHANGES_MAX) return void this.#changesDropped++
    this.#changes.push(change)
    this.#planTake()
  }

  /**
   * Logs a deletion, behind every click that was noted here before. Resolves once the log has it.
   *
   * @throws TinygridError click_log_unavailable: not in time; it may be logged all the same
   */
  async noteDeletion(deletion: ClickDeletion): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    if (this.#isClosed || this.#outbox.isFull) throw new TinygridError('click_log_unavailable')
    this.#take()
    const name = this.#nextName()
    const payload = encodeDeletion(name, deletion)
    this.#outbox.add({ id: batchId(name), payload, clicks: 0, onEnd: resolve })
    const cancel = this.#options.clock.after(DELETION_MS_MAX, () => resolve(false))
    const isLogged = await promise
    cancel()
    if (!isLogged) throw new TinygridError('click_log_unavailable')
  }

  numbers(): ClickNumbers {
    const { count, dropped, orphansDropped } = this.#ring
    return {
      accepted: this.#taken + count + dropped + orphansDropped,
      logged: this.#outbox.logged,
      dropped: { ring: dropped, orphans: orphansDropped, ...this.#dropped },
      waiting: count + this.#outbox.clicks,
      waitingBytes: this.#outbox.bytes,
      changesDropped: this.#changesDropped,
    }
  }

  /** Call it when the gateway has ended. Logs everything, as far as the log takes it in this time. */
  async close(timeoutMs: number): Promise<void> {
    this.#isClosed = true
    this.#take()
    this.#dropped.stop += await this.#outbox.close(timeoutMs)
  }

  #planTake(): void {
    if (this.#isClosed) return this.#dropLate()
    this.#cancelTake ??= this.#options.clock.after(TAKE_MS, () => this.#take())
  }

  #takeEarly(): void {
    if (this.#outbox.batches < BATCHES_AHEAD) this.#take()
  }

  #take(): void {
    this.#cancelTake?.()
    this.#cancelTake = undefined
    const { count } = this.#ring
    this.#taken += count
    if (this.#outbox.isFull) {
      this.#dropped.buffer += count
      this.#changesDropped += this.#changes.length
    } else {
      for (let place = 0; place < count; place++) this.#add(place)
      for (const change of this.#changes) this.#addChange(change)
      this.#endBatch()
    }
    this.#changes = []
    this.#ring.clear()
  }

  #add(place: number): void {
    const ring = this.#ring
    const batch = this.#batch
    const at = ring.times[place]!
    const origin = this.#origins.place(batch, at, ring.addresses[place]!, ring.heads[place]!)
    const path = ring.paths[place]!
    const query = path === '' ? '' : queryOf(path)
    const target = ring.targets[place]!
    const targetQuery = target !== '' && target.includes('utm_') ? queryOf(target) : ''
    batch.click(ring.codes[place]!, at, ring.statuses[place]!, origin, query, targetQuery)
    const rule = ring.rules.size === 0 ? undefined : ring.rules.get(place)
    if (rule !== undefined) batch.rule(rule)
    if (batch.bytes > BATCH_BYTES || batch.entries >= BATCH_ENTRIES) this.#endBatch()
  }

  #addChange(change: LinkChange): void {
    this.#batch.change(change)
    if (this.#batch.bytes > BATCH_BYTES || this.#batch.entries >= BATCH_ENTRIES) this.#endBatch()
  }

  #endBatch(): void {
    const batch = this.#batch
    if (batch.entries === 0) return
    const name = this.#nextName()
    const { clicks } = batch
    this.#before += batch.entries
    this.#outbox.add({ id: batchId(name), payload: batch.finish(name), clicks })
    this.#origins.beginBatch()
  }

  #nextName(): BatchName {
    const { node, run } = this.#options
    return { node, run, number: this.#number++, before: this.#before }
  }

  /** What comes after the stop is in the ring, and nobody takes it. */
  #dropLate(): void {
    this.#dropped.stop += this.#ring.count
    this.#taken += this.#ring.count
    this.#ring.clear()
  }
}

/** What stands behind the question mark, without a fragment. */
function queryOf(address: string): string {
  const start = address.indexOf('?')
  if (start < 0) return ''
  const end = address.indexOf('#', start)
  return end < 0 ? address.slice(start + 1) : address.slice(start + 1, end)
}
