/**
 * What the service is asked about clicks: questions, single visits as a file, and what happens now.
 *
 * Part of `api.ts`, used by the dashboard and by the list of links.
 */
import { bodyOf, type Call } from '../service-call.ts'
import type { Answer, Field, Metric, TagCount } from './answer.ts'
import { EventReader, type ServerEvent } from './event-stream.ts'
import type { Interval } from './period.ts'
import { filterText, type BotChoice, type Comparison, type Filter } from './stats-view.ts'

/** Which clicks. */
export interface ClickSelection {
  readonly from: number
  readonly to: number
  readonly codes: readonly string[]
  readonly filters: readonly Filter[]
  readonly bots: BotChoice
  readonly zone: string
}

export interface StatsQuestion extends ClickSelection {
  readonly interval?: Interval
  readonly groupBy?: readonly Field[]
  readonly limit?: number
  readonly compare?: Comparison
  /** Where visitors are counted, which takes the service longest. undefined: everywhere. */
  readonly visitors?: 'totals' | 'none'
}

/** Whether the parts of an answer (points, groups) tell a metric. */
export function tellsMetric(question: StatsQuestion | undefined, metric: Metric): boolean {
  return metric !== 'visitors' || (question !== undefined && question.visitors === undefined)
}

export interface ClicksApi {
  ask(question: StatsQuestion, signal?: AbortSignal): Promise<Answer>
  /** The visits of a selection as CSV, however many there are. */
  visitsFile(selection: ClickSelection, signal?: AbortSignal): Promise<Blob>
  /** Every tag with the number of its links. */
  tags(signal?: AbortSignal): Promise<readonly TagCount[]>
  /**
   * Hears of clicks until the signal or the service ends it.
   *
   * @param place of the last event that was heard: what came since comes first
   */
  follow(place: EventPlace, signal: AbortSignal, listener: EventListener): Promise<void>
}

export interface EventPlace {
  /** None: of all links. */
  readonly codes: readonly string[]
  /** Empty: from now on. */
  readonly lastId: string
}

export interface EventListener {
  readonly onOpen: () => void
  /** There may be none, and the place is a later one nevertheless. */
  readonly onEvents: (events: readonly ServerEvent[], lastId: string) => void
}

export function clicksApi(call: Call): ClicksApi {
  return {
    async ask(question, signal) {
      const path = `/api/stats?${parametersOf(question)}`
      return (await bodyOf(await call('GET', path, { signal }))) as Answer
    },
    async visitsFile(selection, signal) {
      const parameters = parametersOf(selection)
      parameters.set('format', 'csv')
      const headers = { Accept: 'text/csv, application/problem+json' }
      const options = { signal, headers, isStream: true }
      return (await call('GET', `/api/visits?${parameters}`, options)).blob()
    },
    async tags(signal) {
      const { tags } = (await bodyOf(await call('GET', '/api/tags', { signal }))) as {
        tags: readonly TagCount[]
      }
      return tags
    },
    async follow({ codes, lastId }, signal, { onOpen, onEvents }) {
      const headers = {
        Accept: 'text/event-stream, application/problem+json',
        ...(lastId === '' ? {} : { 'Last-Event-ID': lastId }),
      }
      const parameters = new URLSearchParams([
        ['event', 'click'],
        ...codes.map((code) => ['code', code]),
      ])
      const options = { signal, headers, isStream: true }
      const response = await call('GET', `/api/events?${parameters}`, options)
      onOpen()
      if (response.body === null) return
      const reader = new EventReader(lastId)
      const text = response.body.pipeThrough(new TextDecoderStream()).getReader()
      for (;;) {
        const { done, value } = await text.read()
        if (done) return
        onEvents(reader.read(value), reader.lastId)
      }
    },
  }
}

function parametersOf(question: StatsQuestion): URLSearchParams {
  const { from, to, codes, filters, bots, zone } = question
  const { interval, groupBy = [], limit, compare, visitors } = question
  const parameters = new URLSearchParams({
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    timezone: zone,
    bots,
  })
  const asked =
    codes.length === 0 ? filters : [...filters, { field: 'code' as const, values: codes }]
  for (const filter of asked) parameters.append('filter', filterText(filter))
  if (groupBy.length > 0) parameters.set('groupBy', groupBy.join(','))
  if (interval !== undefined) parameters.set('interval', interval)
  if (limit !== undefined) parameters.set('limit', String(limit))
  if (visitors !== undefined) parameters.set('visitors', visitors)
  if (compare !== undefined && compare !== 'none') parameters.set('compare', compare)
  return parameters
}
