/**
 * All reports: their definitions, their answers, and the clock that sends them.
 *
 * Runs where webhooks run, once for the whole cluster. A period counts as sent when the webhook has taken
 * it (or it is a dead letter), or the file lies in the directory, whole; until then it is tried again each
 * minute. A receiver that fails holds up its own reports alone.
 */
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { pause, type Clock } from '../../links/clock.ts'
import { TinygridError } from '../../links/errors.ts'
import type { Code, EpochMs } from '../../links/ids.ts'
import { writeDurably } from '../../persistence/data-directory/durable-file.ts'
import type { ToldEvent } from '../hooks/hook-message.ts'
import type { SavedValues } from '../hooks/saved-values.ts'
import type { Answer, Question } from '../store/question.ts'
import type { ReportDesk, ReportResult, ReportStatus } from './report-desk.ts'
import { duePeriod, lastPeriod, type Span } from './report-period.ts'
import { csvOf, tableOf, type ReportTable } from './report-table.ts'
import {
  changedReport,
  newReport,
  REPORTS_MAX,
  savedReport,
  type Report,
  type Schedule,
} from './report.ts'

export interface ReportsOptions {
  readonly saved: SavedValues
  readonly ask: (question: Question) => Promise<Answer>
  readonly parquetOf: (table: ReportTable) => Promise<Uint8Array>
  /** The codes that have each of these tags now. */
  readonly codesOfTags: (
    tags: readonly string[] | 'all',
  ) => Promise<ReadonlyMap<string, readonly Code[]>>
  /** Resolves when a webhook was told, or it was given up and noted. @throws TinygridError */
  readonly tell: (webhookId: string, messageId: string, event: ToldEvent) => Promise<void>
  /** Where files of reports go. */
  readonly directory: string
  readonly clock: Clock
  readonly now: () => EpochMs
  readonly onError: (what: string, error: unknown) => void
}

const LOOK_EVERY_MS = 60_000

interface Entry {
  report: Report
  sentTo: EpochMs | undefined
  lastFailure: ReportStatus['lastFailure']
  isSending: boolean
}

export class Reports implements ReportDesk {
  readonly #options: ReportsOptions
  readonly #entries = new Map<string, Entry>()

  constructor(options: ReportsOptions) {
    this.#options = options
  }

  /** Reads the definitions, then sends what is due, until the signal says so. */
  async start(signal: AbortSignal): Promise<void> {
    const { saved, onError } = this.#options
    const sent = await saved.list('report-sent.')
    for (const [name, text] of await saved.list('report.')) {
      const report = savedReport(text)
      if (report === undefined) {
        onError(`what is saved as ${name} is no report`, undefined)
        continue
      }
      const sentTo = Number(sent.get(`report-sent.${report.id}`) ?? Number.NaN)
      this.#enter(report, Number.isSafeInteger(sentTo) ? (sentTo as EpochMs) : undefined)
    }
    void this.#sendInTime(signal)
  }

  async list(): Promise<readonly ReportStatus[]> {
    return [...this.#entries.values()].map(statusOf)
  }

  async add(given: unknown): Promise<ReportStatus> {
    if (this.#entries.size >= REPORTS_MAX) {
      throw new TinygridError('bad_request', { detail: `There are ${REPORTS_MAX} reports already` })
    }
    const report = newReport(given, this.#options.now())
    await this.#save(report)
    return statusOf(this.#enter(report, undefined))
  }

  async change(id: string, given: unknown): Promise<ReportStatus> {
    const entry = this.#entryOf(id)
    const report = changedReport(entry.report, given)
    await this.#save(report)
    entry.report = report
    return statusOf(entry)
  }

  async remove(id: string): Promise<void> {
    this.#entryOf(id)
    const { saved } = this.#options
    await saved.remove(`report.${id}`)
    await saved.remove(`report-sent.${id}`)
    this.#entries.delete(id)
  }

  async result(id: string, at: EpochMs): Promise<ReportResult> {
    const { report } = this.#entryOf(id)
    return this.#resultOf(report, lastPeriod(report, at))
  }

  async parquet(id: string, at: EpochMs): Promise<Uint8Array> {
    const { report, answer } = await this.result(id, at)
    return this.#options.parquetOf(tableOf(report, answer))
  }

  async #resultOf(report: Report, span: Span): Promise<ReportResult> {
    const { ask, codesOfTags } = this.#options
    const { filters, groupBy, interval, code, bots, limit, timezone } = report
    const tags = tagsOf(report)
    const answer = await ask({
      ...span,
      ...(code === null ? {} : { code }),
      ...(interval === null ? {} : { interval }),
      ...(tags.length === 0 ? {} : { tags: await codesOfTags(tags) }),
      filters,
      groupBy,
      bots,
      limit,
      timezone,
      orphans: false,
    })
    return { report, ...span, answer }
  }

  async #sendInTime(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      for (const entry of this.#entries.values()) void this.#sendIfDue(entry)
      await pause(this.#options.clock, LOOK_EVERY_MS, signal)
    }
  }

  async #sendIfDue(entry: Entry): Promise<void> {
    const { report } = entry
    const { now, saved, onError } = this.#options
    if (report.schedule === null || entry.isSending) return
    const span = duePeriod(report, report.schedule, entry.sentTo, now())
    if (span === undefined) return
    entry.isSending = true
    try {
      await this.#send(report.schedule, await this.#resultOf(report, span))
      await saved.put(`report-sent.${report.id}`, String(span.to))
      entry.sentTo = span.to
      entry.lastFailure = null
    } catch (error) {
      entry.lastFailure = { at: now(), reason: (error as Error).message }
      onError(`report ${report.id} could not be sent`, error)
    } finally {
      entry.isSending = false
    }
  }

  async #send({ to }: Schedule, result: ReportResult): Promise<void> {
    const { report, from, answer } = result
    const { tell, directory, now } = this.#options
    if (to !== 'directory') {
      const at = new Date(now()).toISOString()
      const period = { from: new Date(from).toISOString(), to: new Date(result.to).toISOString() }
      const named = { report: report.id, name: report.name, groupBy: report.groupBy }
      const event: ToldEvent = { type: 'report', at, ...named, ...period, answer }
      return tell(to.webhook, `report-${report.id}-${result.to}`, event)
    }
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const file = `${fileNameOf(report.name)}-${report.id}-${dateOf(from)}.csv`
    await writeDurably(path.join(directory, file), csvOf(tableOf(report, answer)))
  }

  #enter(report: Report, sentTo: EpochMs | undefined): Entry {
    const entry = { report, sentTo, lastFailure: null, isSending: false }
    this.#entries.set(report.id, entry)
    return entry
  }

  #entryOf(id: string): Entry {
    const entry = this.#entries.get(id)
    if (entry !== undefined) return entry
    throw new TinygridError('not_found', { detail: 'There is no such report' })
  }

  async #save(report: Report): Promise<void> {
    await this.#options.saved.put(`report.${report.id}`, JSON.stringify(report))
  }
}

/** Those that its question is about. */
function tagsOf({ filters, groupBy }: Report): readonly string[] | 'all' {
  if (groupBy.includes('tag')) return 'all'
  return filters.flatMap(({ field, values }) => (field === 'tag' ? values : []))
}

function statusOf({ report, sentTo, lastFailure }: Entry): ReportStatus {
  return { ...report, sentTo: sentTo ?? null, lastFailure }
}

/** A name for people, safe in any file system. */
function fileNameOf(name: string): string {
  const letters = name.normalize('NFKD').replaceAll(/\p{M}/gu, '')
  const plain = letters.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
  return plain.replaceAll(/^-+|-+$/g, '').slice(0, 40) || 'report'
}

function dateOf(at: EpochMs): string {
  return new Date(at).toISOString().slice(0, 10)
}
