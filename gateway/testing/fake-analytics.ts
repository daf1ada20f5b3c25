/**
 * Analytics over the plain recount, for the gateway's tests: can be told to fail, to hang, and to go on for ever.
 */
import type { Analytics, AnalyticsStatus, StreamFormat } from '../../clicks/analytics/analytics.ts'
import type { PlacedClick } from '../../clicks/click.ts'
import type { ClickDeletion } from '../../clicks/log/click-deletion.ts'
import type { Answer, Question, VisitsQuestion } from '../../clicks/store/question.ts'
import { MemoryClickStore } from '../../clicks/testing/memory-click-store.ts'
import { sampleClick } from '../../clicks/testing/sample-clicks.ts'
import type { Code } from '../../links/ids.ts'

export class FakeAnalytics implements Analytics {
  readonly store = new MemoryClickStore()
  /** Thrown by everything, if set. */
  failure: Error | undefined
  /** Awaited by everything before it begins. */
  waiting: Promise<void> = Promise.resolve()
  readonly questions: Question[] = []
  /** Of all that was asked: aborted when nobody waits any more. */
  readonly signals: (AbortSignal | undefined)[] = []
  readonly visitsQuestions: { question: VisitsQuestion; format: StreamFormat; limit: number }[] = []
  /** Of visits: chunks that were taken, and iterations that have ended. */
  chunks = 0
  ended = 0
  /** Given by `visits` again and again, instead of what the store has. */
  endless: Uint8Array | undefined
  /** Thrown where a deletion is noted, if set. */
  logFailure: Error | undefined
  readonly #deleted = new Map<string, number>()
  #position = 0

  /** One click each, in a batch of their own. */
  async add(...clicks: readonly Partial<PlacedClick>[]): Promise<void> {
    const position = ++this.#position
    await this.store.append(
      clicks.map((click, index) => sampleClick({ ...click, position, index })),
      position,
    )
  }

  async ask(question: Question, signal?: AbortSignal): Promise<Answer> {
    this.signals.push(signal)
    await this.#begin()
    this.questions.push(question)
    return this.store.ask(question)
  }

  async *visits(
    question: VisitsQuestion,
    format: StreamFormat,
    limit: number,
    signal?: AbortSignal,
  ) {
    this.signals.push(signal)
    this.visitsQuestions.push({ question, format, limit })
    try {
      await this.#begin()
      while (this.endless !== undefined) {
        this.chunks++
        yield this.endless
      }
      const bounded = { ...question, visitsMax: limit }
      for await (const visits of this.store.visits(bounded)) {
        this.chunks++
        yield Buffer.from(visits.map((visit) => textOf(visit, format)).join(''))
      }
    } finally {
      this.ended++
    }
  }

  async clicksOf(codes: readonly Code[]): Promise<ReadonlyMap<Code, number>> {
    await this.#begin()
    return this.store.clicksOf(codes)
  }

  async mostClicked(offset: number, limit: number) {
    await this.#begin()
    return this.store.mostClicked(offset, limit)
  }

  /** As the log would have it, and the store be told of it at once. */
  async noteDeletion(deletion: ClickDeletion): Promise<void> {
    if (this.logFailure !== undefined) throw this.logFailure
    this.#deleted.set(deletion.id, await this.store.delete(deletion, ++this.#position))
  }

  /** Deletions that the log has. */
  get noted(): number {
    return this.#deleted.size
  }

  async deleted(id: string): Promise<number> {
    await this.#begin()
    return this.#deleted.get(id)!
  }

  async status(): Promise<AnalyticsStatus> {
    const { clicks, bytes } = await this.store.facts()
    return { position: this.#position, lag: 0, stored: clicks, lost: 0, clicks, bytes }
  }

  async #begin(): Promise<void> {
    if (this.failure !== undefined) throw this.failure
    await this.waiting
  }
}

function textOf(visit: PlacedClick, format: StreamFormat): string {
  const shown = { ...visit, at: new Date(visit.at).toISOString() }
  return format === 'csv' ? `${shown.at},${visit.code}\r\n` : `${JSON.stringify(shown)}\n`
}
