/**
 * Analytics over a store in this process: what the analytics process answers with.
 *
 * What is exported comes in pieces that fit a message, with turns of the event loop in between; so an export of any
 * length holds one chunk of the store and one piece.
 */
import type { Code } from '../../links/ids.ts'
import type { ClickLogReader, ClickLogSpan } from '../log/click-log.ts'
import type { ClickStore } from '../store/click-store.ts'
import type { Answer, Question, VisitsQuestion } from '../store/question.ts'
import { CSV_HEADER, jsonLine, linesOf } from '../store/visit-lines.ts'
import type { Analytics, AnalyticsStatus, StreamFormat } from './analytics.ts'
import type { AppliedDeletions } from './applied-deletions.ts'
import type { ClickConsumer } from './click-consumer.ts'

const PIECE_BYTES_MAX = 256 * 1024

export interface StoreAnalyticsParts {
  readonly store: ClickStore
  readonly log: Pick<ClickLogReader, 'span'>
  readonly consumer: Pick<ClickConsumer, 'position' | 'counts'>
  readonly deletions: Pick<AppliedDeletions, 'of'>
}

export class StoreAnalytics implements Analytics {
  readonly #parts: StoreAnalyticsParts

  constructor(parts: StoreAnalyticsParts) {
    this.#parts = parts
  }

  ask(question: Question, signal?: AbortSignal): Promise<Answer> {
    return this.#parts.store.ask(question, signal)
  }

  visits(
    question: VisitsQuestion,
    format: StreamFormat,
    limit: number,
    signal?: AbortSignal,
  ): AsyncIterable<Uint8Array> {
    const { store } = this.#parts
    if (format === 'copy') return piecesOf(store.copy(signal))
    const bounded = { ...question, visitsMax: limit }
    if (format === 'parquet') return piecesOf(store.visitsParquet(bounded, signal))
    if (format === 'csv') return withHeader(piecesOf(store.visitsCsv(bounded, signal)))
    return linesOf(store.visits(bounded, signal), jsonLine)
  }

  clicksOf(codes: readonly Code[]): Promise<ReadonlyMap<Code, number>> {
    return this.#parts.store.clicksOf(codes)
  }

  mostClicked(offset: number, limit: number): Promise<readonly { code: Code; clicks: number }[]> {
    return this.#parts.store.mostClicked(offset, limit)
  }

  deleted(id: string): Promise<number> {
    return this.#parts.deletions.of(id)
  }

  async status(): Promise<AnalyticsStatus> {
    const { store, log, consumer } = this.#parts
    const [{ clicks, bytes }, span] = await Promise.all([store.facts(), log.span()])
    const { position = 0 } = consumer
    const { stored, lost } = consumer.counts
    return { position, lag: lagBehind(position, span), stored, lost, clicks, bytes }
  }
}

/** Batches that the log has behind a position, at most. */
export function lagBehind(
  position: number,
  { firstPosition, lastPosition }: Pick<ClickLogSpan, 'firstPosition' | 'lastPosition'>,
): number {
  return Math.max(0, lastPosition - Math.max(position, firstPosition - 1))
}

/** In front of the first piece, so that an export that fails at once is an error. */
async function* withHeader(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const header = new TextEncoder().encode(CSV_HEADER)
  let isFirst = true
  for await (const piece of pieces) {
    yield isFirst ? Buffer.concat([header, piece]) : piece
    isFirst = false
  }
  if (isFirst) yield header
}

async function* piecesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    // An empty one says that there is more to come.
    if (chunk.length === 0) yield chunk
    for (let start = 0; start < chunk.length; start += PIECE_BYTES_MAX) {
      yield chunk.subarray(start, start + PIECE_BYTES_MAX)
    }
  }
}
