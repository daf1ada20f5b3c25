/**
 * The feed: tells every click of the log as a row on a stream, once and in order, for whoever keeps clicks elsewhere.
 *
 * Run by the analytics process that has the lead. It goes on behind the rows that the stream has last, and adds
 * only behind the message that it knows as the last one. So each row is told once:
 *
 *   1. rows are added, and the acknowledgement is lost, or the process killed    2. the end is asked for: they are there
 *   1. two processes take themselves for the lead    2. one adds; the other's message is refused, and it asks anew
 *
 * What the log dropped before it was told is missing, and said. Nothing waits for the feed, and it waits for no store.
 * Rejected: a position saved beside the stream, which would be written before or after the rows; message ids alone,
 * which a server forgets after minutes.
 */
import { pause, type Clock } from '../../links/clock.ts'
import { BackOff } from '../../persistence/back-off.ts'
import type { Click } from '../click.ts'
import type { ClickBatch, ClickRecord } from '../log/click-batch.ts'
import type { ClickLogReader } from '../log/click-log.ts'
import { rowsOf, type RowsPlace } from './click-row.ts'
import type { FeedStream } from './feed-stream.ts'

export interface ClickFeedOptions {
  readonly log: Pick<ClickLogReader, 'read' | 'more'>
  /** undefined: it cannot be understood, and is passed over. */
  readonly decode: (payload: Uint8Array) => ClickBatch | undefined
  readonly parse: (record: ClickRecord, node: string) => Click
  readonly stream: FeedStream
  readonly clock: Clock
  /** From 0 to below 1. */
  readonly random: () => number
  readonly onError: (what: string, error: unknown) => void
}

export class ClickFeed {
  readonly #options: ClickFeedOptions
  readonly #backOff: BackOff
  /** Of the stream's last message; undefined: it is not known. */
  #sequence: number | undefined
  /** Of the last rows in the stream, while the sequence is known. */
  #told: RowsPlace | undefined
  /** Position up to which all clicks are in the stream. */
  #read = 0
  #isFailing = false

  constructor(options: ClickFeedOptions) {
    this.#options = options
    this.#backOff = new BackOff(options.random)
  }

  /** Until the signal says so. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, onError } = this.#options
    while (!signal.aborted) {
      try {
        await this.#turn(signal)
        this.#isFailing = false
        this.#backOff.reset()
      } catch (error) {
        this.#sequence = undefined
        if (!this.#isFailing) onError('clicks wait for their feed', error)
        this.#isFailing = true
        await pause(clock, this.#backOff.next(), signal)
      }
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const { log, decode } = this.#options
    if (this.#sequence === undefined) await this.#askStream()
    const batches = await log.read(this.#read)
    this.#noteGap(batches[0]?.position)
    for (const { position, payload } of batches) {
      const batch = decode(payload)
      if (batch !== undefined) await this.#tell(batch, position, signal)
      if (signal.aborted) return
      this.#read = position
    }
    if (batches.length === 0) await log.more(this.#read, signal)
  }

  async #askStream(): Promise<void> {
    const { sequence, told } = await this.#options.stream.end()
    this.#sequence = sequence
    this.#told = told
    // Of its batch there may be rows left.
    this.#read = told === undefined ? 0 : told.position - 1
  }

  async #tell(batch: ClickBatch, position: number, signal: AbortSignal): Promise<void> {
    const { stream, parse } = this.#options
    for (const rows of rowsOf(batch, position, parse)) {
      if (signal.aborted) return
      if (this.#isTold(rows.place)) continue
      this.#sequence = await stream.add(rows, this.#sequence!)
      this.#told = rows.place
    }
  }

  #isTold({ position, index }: RowsPlace): boolean {
    const told = this.#told
    return told?.position === position && index <= told.index
  }

  /** A log may begin anywhere: before the first rows nothing is missing. */
  #noteGap(next: number | undefined): void {
    if (this.#told === undefined || next === undefined) return
    const first = Math.max(this.#read, this.#told.position) + 1
    if (next <= first) return
    const missing = `positions ${first} to ${next - 1} of the click log were dropped`
    this.#options.onError(`${missing} before the feed had told them`, undefined)
  }
}
