/**
 * From the click log into the click store: reads behind the position that the store holds, makes
 * clicks of records, and appends groups of them together with the new position.
 *
 * Used by the analytics process, one of it for a store. Whatever ends it, and wherever: the next one
 * asks the store how far it is, so each logged click is in the store once. A failure of the log or the
 * store is waited out; of an append that failed nothing is known, so the store is asked. A batch that
 * cannot be decoded is counted, told once, and passed over: it must not stop what comes behind it. A deletion
 * that the log has is carried out in its place, so it is also when the clicks are stored once more from the log.
 *
 * Rejected: a position of its own (a file beside the store): it would be written before or after the
 * clicks, and a crash between loses or repeats them.
 */
import { pause, type Clock } from '../../links/clock.ts'
import { TinygridError } from '../../links/errors.ts'
import type { EpochMs } from '../../links/ids.ts'
import { BackOff } from '../../persistence/back-off.ts'
import type { Click, PlacedClick } from '../click.ts'
import type { ClickBatch, ClickRecord } from '../log/click-batch.ts'
import type { ClickDeletion } from '../log/click-deletion.ts'
import type { ClickLogReader, LoggedBatch } from '../log/click-log.ts'
import { tracedRoot } from '../../links/tracing.ts'
import type { ClickStore } from '../store/click-store.ts'
import { ClickRetention } from './click-retention.ts'
import { clicksBetween } from './earlier-clicks.ts'
import { LogGaps } from './log-gaps.ts'

/** A group is stored when it has this many clicks, */
const GROUP_CLICKS_MAX = 50_000
/** or its oldest has waited this long: with the log's 100 ms this is most of what a click takes. */
const GROUP_MS_MAX = 500
/** Turn of the event loop: questions are answered in between. */
const TURN_MS_MAX = 10

export interface ClickConsumerOptions {
  readonly log: Pick<ClickLogReader, 'read' | 'more' | 'span'>
  readonly store: Pick<ClickStore, 'position' | 'append' | 'delete' | 'retain'>
  /** Throws on what is no batch. */
  readonly decode: (payload: Uint8Array) => ClickBatch
  readonly parse: (record: ClickRecord, node: string) => Click
  readonly clock: Clock
  readonly now: () => EpochMs
  /** From 0 to below 1. */
  readonly random: () => number
  /** How long single clicks are kept, in milliseconds. */
  readonly retentionMs: number
  /** What lies behind this position and is stored already counts too: an earlier consumer was killed. */
  readonly countedTo?: number | undefined
  /** `position` is known from now on; nothing is stored before this has resolved. */
  readonly onPlaced?: () => Promise<void>
  /** A deletion is carried out, here and now. @param clicks how many there were */
  readonly onDeleted?: (id: string, clicks: number) => void
  readonly onError: (what: string, error: unknown) => void
}

export class ClickConsumer {
  readonly #options: ClickConsumerOptions
  readonly #backOff: BackOff
  readonly #gaps = new LogGaps()
  readonly #retention: ClickRetention
  readonly #end = new AbortController()
  /** Clicks that are parsed and not stored: those of all batches after #stored, up to #read. */
  #group: PlacedClick[] = []
  #groupSince = 0
  /** What the store holds, as it was last known; */
  #stored = 0
  #isPlaced = false
  /** false: it may hold more, so it is asked before anything is stored. */
  #isCertain = false
  /** Position up to which batches are in the group; >= #stored. */
  #read = 0
  /** To be reached before the end; undefined: nobody waits for it. */
  #drainTo: number | undefined
  #isDrained = false
  /** Behind it stored clicks are still to be counted that this consumer did not store. */
  #countedTo: number
  #storedClicks = 0
  #undecodable = 0
  /** Of the last batch that could not be decoded: it may be met again. */
  #undecodableAt = 0
  #isFailing = false
  /** Wakes whoever waits for the log. */
  #wake: () => void = () => {}

  constructor(options: ClickConsumerOptions) {
    this.#options = options
    this.#retention = new ClickRetention(options)
    this.#countedTo = options.countedTo ?? Infinity
    this.#backOff = new BackOff(options.random)
  }

  /** Up to which the store has everything, as far as is known; undefined: it has not told yet. */
  get position(): number | undefined {
    return this.#isPlaced ? this.#stored : undefined
  }

  /** Since this was made: clicks stored, clicks that were logged and cannot be had, batches passed over. */
  get counts(): { readonly stored: number; readonly lost: number; readonly undecodable: number } {
    return {
      stored: this.#storedClicks,
      lost: this.#gaps.lost,
      undecodable: this.#undecodable,
    }
  }

  /** Resolves after `stop`, or once `drain` has reached its end. Never rejects. */
  async run(): Promise<void> {
    while (!this.#isOver()) {
      try {
        await this.#turn()
      } catch (error) {
        if (this.#end.signal.aborted) return
        if (!this.#isFailing) this.#options.onError('clicks wait in their log', error)
        this.#isFailing = true
        await this.#rest(this.#backOff.next())
      }
    }
  }

  /** Ends `run` as soon as what is under way is done; what is not stored stays in the log. */
  stop(): void {
    this.#end.abort()
    this.#wake()
  }

  /** Lets `run` end once everything is stored that is in the log now. @throws click_log_unavailable */
  async drain(): Promise<void> {
    this.#drainTo = (await this.#options.log.span()).lastPosition
    this.#wake()
  }

  #isOver(): boolean {
    return this.#end.signal.aborted || this.#isDrained
  }

  /** One step: store what is due, or read on, or wait. */
  async #turn(): Promise<void> {
    if (!this.#isCertain) await this.#askStore()
    await this.#retention.whenDue()
    if (this.#isDue()) return this.#store()
    const drainTo = this.#drainTo ?? Infinity
    const batches = this.#read >= drainTo ? [] : await this.#options.log.read(this.#read)
    if (batches.length > 0) return this.#takeAll(batches)
    if (!this.#hasGroup()) this.#noteWorking()
    if (this.#drainTo === undefined) return this.#wait()
    if (this.#hasGroup()) return this.#store()
    this.#isDrained = true
  }

  /** What is behind the position that it tells is read again. */
  async #askStore(): Promise<void> {
    const { log, store, decode } = this.#options
    const position = await store.position()
    if ((await log.span()).lastPosition < position) {
      const detail = `The click store ends at ${position}, behind the end of the click log: they do not belong together`
      throw new TinygridError('click_store_unavailable', { detail })
    }
    // An append that was given up may have come late, and hold less than this group.
    if (position <= this.#read) this.#storedClicks += clicksUpTo(position, this.#group)
    // Others may write to the same store: then runs go on where this consumer has not read.
    else this.#gaps.forget()
    // At once with the position: whoever is told of one is told of both.
    this.#storedClicks += await clicksBetween(this.#countedTo, position, log, decode)
    this.#countedTo = Infinity
    this.#stored = position
    this.#isCertain = true
    this.#read = position
    this.#group = []
    if (this.#isPlaced) return
    this.#isPlaced = true
    await this.#options.onPlaced?.()
  }

  #hasGroup(): boolean {
    return this.#read > this.#stored
  }

  #isDue(): boolean {
    if (!this.#hasGroup()) return false
    const age = this.#options.clock.now() - this.#groupSince
    return this.#group.length >= GROUP_CLICKS_MAX || age >= GROUP_MS_MAX
  }

  async #store(): Promise<void> {
    const clicks = this.#group
    const position = this.#read
    this.#isCertain = false // until it is known to have worked
    const append = () => this.#options.store.append(clicks, position)
    await tracedRoot('analytics.batch', { 'tinygrid.clicks': clicks.length }, append)
    this.#isCertain = true
    this.#stored = position
    this.#storedClicks += clicks.length
    this.#group = []
    this.#noteWorking()
  }

  /** Everything is stored that was read: neither log nor store is away. */
  #noteWorking(): void {
    this.#isFailing = false
    this.#backOff.reset()
  }

  async #takeAll(batches: readonly LoggedBatch[]): Promise<void> {
    const { clock } = this.#options
    let missing = await this.#missingBefore(batches[0]!.position)
    let began = clock.now()
    for (const batch of batches) {
      if (!this.#hasGroup()) this.#groupSince = clock.now()
      const deletion = this.#take(batch, missing)
      if (deletion !== undefined) await this.#delete(deletion, batch.position)
      missing = 0
      if (this.#isDue()) await this.#store()
      if (clock.now() - began < TURN_MS_MAX) continue
      await new Promise((resolve) => setImmediate(resolve))
      began = clock.now()
      if (this.#end.signal.aborted) return
    }
  }

  /** Positions that the log has dropped before they were read. */
  async #missingBefore(position: number): Promise<number> {
    if (position === this.#read + 1) return 0
    const { firstPosition } = await this.#options.log.span()
    return Math.max(0, Math.min(firstPosition, position) - this.#read - 1)
  }

  /** Gives the deletion that the batch is, which is not carried out yet. */
  #take({ position, payload }: LoggedBatch, missing: number): ClickDeletion | undefined {
    const { parse } = this.#options
    const batch = this.#decoded(position, payload)
    if (batch !== undefined) this.#gaps.note(batch, missing)
    if (batch?.deletion !== undefined) return batch.deletion
    let index = 0
    for (const record of batch?.clicks ?? []) {
      this.#group.push({ ...parse(record, batch!.node), position, index: index++ })
    }
    this.#read = position
    return undefined
  }

  /** In its place: behind the clicks before it, which are stored first, and with its position. */
  async #delete(deletion: ClickDeletion, position: number): Promise<void> {
    if (this.#hasGroup()) await this.#store()
    this.#isCertain = false // until it is known to have worked
    const clicks = await this.#options.store.delete(deletion, position)
    this.#isCertain = true
    this.#stored = position
    this.#read = position
    this.#options.onDeleted?.(deletion.id, clicks)
    this.#noteWorking()
  }

  #decoded(position: number, payload: Uint8Array): ClickBatch | undefined {
    try {
      return this.#options.decode(payload)
    } catch (error) {
      if (position <= this.#undecodableAt) return undefined
      this.#undecodableAt = position
      if (this.#undecodable++ > 0) return undefined
      const what = `batch ${position} of the click log cannot be read, and is passed over`
      this.#options.onError(what, error)
      return undefined
    }
  }

  /** Until there may be more, the group is due, or somebody wants an end. */
  async #wait(): Promise<void> {
    const { clock, log } = this.#options
    const until = new AbortController()
    this.#wake = () => until.abort()
    if (this.#isOver() || this.#drainTo !== undefined) return
    const due = GROUP_MS_MAX - (clock.now() - this.#groupSince)
    const cancel = this.#hasGroup() ? clock.after(Math.max(0, due), this.#wake) : undefined
    try {
      await log.more(this.#read, until.signal)
    } finally {
      cancel?.()
      this.#wake = () => {}
    }
  }

  async #rest(ms: number): Promise<void> {
    const woken = new AbortController()
    this.#wake = () => woken.abort()
    await pause(this.#options.clock, ms, woken.signal)
    this.#wake = () => {}
  }
}

function clicksUpTo(position: number, clicks: readonly PlacedClick[]): number {
  return clicks.reduce((count, click) => count + (click.position <= position ? 1 : 0), 0)
}
