/**
 * The audit log as it grows, for one who follows it: the batches that an event stream sends.
 *
 * Used by the audit routes, one for each listener. It keeps nothing: what is next is read from the log, so a slow
 * reader holds nothing up, and is not cut off for being behind.
 */
import { pause, type Clock } from '../../links/clock.ts'
import type { Code } from '../../links/ids.ts'
import type { ClickLogReader } from '../../clicks/log/click-log.ts'
import type { EventStreamOptions } from '../stats/event-stream.ts'
import type { LiveBatch } from '../stats/live-event.ts'
import { viewOfEntry } from './audit-entry.ts'
import { fitsFilter, placedIn, type AuditFilter, type PlacedEntry } from './audit-trail.ts'

/** After a log that could not be read. */
const AGAIN_MS = 500

export class AuditFeed {
  readonly #reader: ClickLogReader
  readonly #filter: AuditFilter
  readonly #clock: Clock

  constructor(reader: ClickLogReader, filter: AuditFilter, clock: Clock) {
    this.#reader = reader
    this.#filter = filter
    this.#clock = clock
  }

  async end(): Promise<number> {
    return (await this.#reader.span()).lastPosition
  }

  isPast(): boolean {
    return false
  }

  async next(after: number, signal: AbortSignal): ReturnType<EventStreamOptions['feed']['next']> {
    while (!signal.aborted) {
      try {
        const found = await this.#reader.read(after)
        if (found.length > 0) {
          const upTo = found.at(-1)!.position
          const { firstPosition } = await this.#reader.span()
          const hasGap = after > 0 && found[0]!.position > after + 1 && firstPosition > after + 1
          return { batches: placedIn(found).map((one) => this.#batchOf(one)), upTo, hasGap }
        }
        await this.#reader.more(after, signal)
      } catch {
        await pause(this.#clock, AGAIN_MS, signal)
      }
    }
    return { batches: [], upTo: after, hasGap: false }
  }

  #batchOf({ position, entry }: PlacedEntry): LiveBatch {
    if (!fitsFilter(this.#filter, entry)) return { position, events: [], length: 0 }
    const data = JSON.stringify(viewOfEntry(position, entry))
    const text = `id: ${position}\nevent: audit\ndata: ${data}\n\n`
    const code = entry.subject as Code
    const event = { index: 0, name: 'change', code, isBot: false, text } as const
    return { position, events: [event], length: text.length }
  }
}
