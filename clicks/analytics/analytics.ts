/**
 * Analytics as a gateway sees it: questions in, answers out, wherever the process is.
 *
 * Implemented by the supervisor of this node's own analytics process, and for other nodes over NATS.
 * Every method rejects with TinygridError analytics_unavailable (503) when no analytics process can
 * answer: redirects, clicks and live events go on without it. A signal is aborted when nobody waits for an
 * answer any more: the work for it is broken off, in the store too, and the call rejects.
 */
import type { Code } from '../../links/ids.ts'
import type { Answer, Question, VisitsQuestion } from '../store/question.ts'

export const VISIT_FORMATS = ['json', 'ndjson', 'csv', 'parquet'] as const
export type VisitFormat = (typeof VISIT_FORMATS)[number]

/** And the whole store as it is, for a backup: the question and the limit say nothing then. */
export const STREAM_FORMATS = [...VISIT_FORMATS, 'copy'] as const
export type StreamFormat = (typeof STREAM_FORMATS)[number]

export interface Analytics {
  ask(question: Question, signal?: AbortSignal): Promise<Answer>
  /**
   * The visits as text or bytes in a format, chunk by chunk, made by the analytics process so that the
   * gateway only passes them on: at most `limit` of them. `json` gives the visits as lines of JSON, like
   * ndjson; the gateway frames them. Ended by breaking off the iteration.
   */
  visits(
    question: VisitsQuestion,
    format: StreamFormat,
    limit: number,
    signal?: AbortSignal,
  ): AsyncIterable<Uint8Array>
  clicksOf(codes: readonly Code[]): Promise<ReadonlyMap<Code, number>>
  mostClicked(offset: number, limit: number): Promise<readonly { code: Code; clicks: number }[]>
  /**
   * How many clicks a deletion of the click log removed, once every living copy has carried it out; those that are
   * away come to it when they are back.
   *
   * @param id of the deletion
   */
  deleted(id: string): Promise<number>
  status(): Promise<AnalyticsStatus>
}

export interface AnalyticsStatus {
  /** Position of the click log up to which the store has everything. */
  readonly position: number
  /** Batches in the log behind it. */
  readonly lag: number
  /** Since the process started: clicks stored, and clicks that the log dropped before they were read. */
  readonly stored: number
  readonly lost: number
  /** Single clicks in the store, and its bytes. */
  readonly clicks: number
  readonly bytes: number
}
