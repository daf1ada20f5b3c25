/**
 * Where rows go, as the feed sees it: messages in one order, each with the place that its rows have in the log.
 *
 * A seam, implemented over JetStream (`jetstream-feed.ts`). What has been told is known by the stream itself:
 * there is no other note of it that could say something else. Every method rejects with click_log_unavailable
 * while the stream cannot be reached; whether a message was added is not known then, and `end` tells.
 */
import type { Rows, RowsPlace } from './click-row.ts'

export interface FeedEnd {
  /** Of the last message in the stream, whoever wrote it. */
  readonly sequence: number
  /** Of the last rows; undefined: none were ever told, or all were dropped. */
  readonly told: RowsPlace | undefined
}

export interface FeedStream {
  end(): Promise<FeedEnd>
  /** Adds rows behind the message with this sequence, or rejects if that is not the last one. Gives theirs. */
  add(rows: Rows, after: number): Promise<number>
}
