/**
 * The plain recount: a click store over an array, with every answer counted anew from all clicks.
 *
 * The reference that every adapter's answers are compared with, and the store of tests that need none of
 * their own. Deliberately simple: nothing is indexed, and nothing is fast.
 */
import { Buffer } from 'node:buffer'
import assert from 'node:assert/strict'
import { TinygridError } from '../../links/errors.ts'
import type { Code, EpochMs } from '../../links/ids.ts'
import type { PlacedClick } from '../click.ts'
import { bucketStarts } from '../store/buckets.ts'
import { VISITS_CHUNK_MAX, type ClickStore, type ClickStoreFacts } from '../store/click-store.ts'
import type {
  Answer,
  Counts,
  Group,
  Question,
  SeriesPoint,
  VisitsQuestion,
} from '../store/question.ts'
import { csvLine, linesOf } from '../store/visit-lines.ts'
import { isChosen, valuesOf } from './recounted-fields.ts'
import { rollUp, type CountedClick } from './recounted-hours.ts'

type Deletion = Parameters<ClickStore['delete']>[0]

export class MemoryClickStore implements ClickStore {
  /** Single clicks, each counted as one. */
  #singles: PlacedClick[] = []
  /** Clicks that were rolled up. */
  #hours: CountedClick[] = []
  #position = 0

  async position(): Promise<number> {
    return this.#position
  }

  async append(clicks: readonly PlacedClick[], position: number): Promise<void> {
    if (position <= this.#position) return
    for (const click of clicks) {
      assert(click.position > this.#position && click.position <= position)
      this.#singles.push(click)
    }
    this.#position = position
  }

  async ask(question: Question): Promise<Answer> {
    const chosen = this.#all().filter((click) => isChosen(click, question))
    const groups = groupsOf(chosen, question)
    const rest = groups.slice(question.limit).flatMap(({ clicks }) => clicks)
    const part = (clicks: readonly CountedClick[]) => toldOf(clicks, question, 'parts')
    return {
      totals: toldOf(chosen, question, 'totals'),
      series: question.interval === undefined ? [] : seriesOf(chosen, question),
      groups: groups
        .slice(0, question.limit)
        .map(({ values, clicks }) => Object.assign({ values }, part(clicks))),
      other: rest.length === 0 ? null : part(rest),
    }
  }

  async *visits(question: VisitsQuestion): AsyncIterable<readonly PlacedClick[]> {
    const { after, visitsMax } = question
    const visits = this.#singles
      .filter((click) => isChosen(click, question))
      .filter((click) => after === undefined || byNewest(after, click) < 0)
      .sort(byNewest)
      .slice(0, visitsMax)
    for (let first = 0; first < visits.length; first += VISITS_CHUNK_MAX) {
      yield visits.slice(first, first + VISITS_CHUNK_MAX)
    }
  }

  copy(): AsyncIterable<Uint8Array> {
    throw new TinygridError('click_store_unavailable', { detail: 'It is no file' })
  }

  visitsCsv(question: VisitsQuestion): AsyncIterable<Uint8Array> {
    return linesOf(this.visits(question), csvLine)
  }

  visitsParquet(): AsyncIterable<Uint8Array> {
    throw new Error('the recount writes no Parquet')
  }

  async clicksOf(codes: readonly Code[]): Promise<ReadonlyMap<Code, number>> {
    const all = this.#clicksByCode()
    return new Map([...all].filter(([code]) => codes.includes(code)))
  }

  async mostClicked(offset: number, limit: number): Promise<{ code: Code; clicks: number }[]> {
    return [...this.#clicksByCode()]
      .map(([code, clicks]) => ({ code, clicks }))
      .sort((a, b) => b.clicks - a.clicks || byBytes(a.code, b.code))
      .slice(offset, offset + limit)
  }

  async delete({ kind, value }: Deletion, position: number): Promise<number> {
    if (position <= this.#position) return 0
    this.#position = position
    const before = countsOf(this.#all()).clicks
    const means = kind === 'link' ? 'code' : 'address'
    this.#singles = this.#singles.filter((click) => click[means] !== value)
    if (kind === 'link') this.#hours = this.#hours.filter(({ code }) => code !== value)
    return before - countsOf(this.#all()).clicks
  }

  async retain(from: EpochMs): Promise<void> {
    const { kept, hours } = rollUp(this.#singles, from)
    this.#singles = kept
    this.#hours.push(...hours)
  }

  async facts(): Promise<ClickStoreFacts> {
    return { clicks: this.#singles.length, bytes: 0 }
  }

  async close(): Promise<void> {}

  #all(): CountedClick[] {
    return [...this.#singles.map((click) => ({ ...click, clicks: 1, visitors: 0 })), ...this.#hours]
  }

  #clicksByCode(): Map<Code, number> {
    const sums = new Map<Code, number>()
    for (const { code, status, clicks } of this.#all()) {
      if (status !== 404 && status !== 410) sums.set(code, (sums.get(code) ?? 0) + clicks)
    }
    return sums
  }
}

function toldOf(
  clicks: readonly CountedClick[],
  { visitors: scope = 'all' }: Question,
  part: 'totals' | 'parts',
): Counts {
  const { visitors, ...counts } = countsOf(clicks)
  const isTold = scope === 'all' || (scope === 'totals' && part === 'totals')
  return isTold ? { ...counts, visitors } : counts
}

function countsOf(clicks: readonly CountedClick[]): Required<Counts> {
  const visitors = new Set(clicks.map(({ visitor }) => visitor).filter((visitor) => visitor !== ''))
  return {
    clicks: sumOf(clicks),
    humans: sumOf(clicks.filter(({ kind }) => kind === 'human')),
    bots: sumOf(clicks.filter(({ kind }) => kind !== 'human')),
    visitors: visitors.size + clicks.reduce((total, click) => total + click.visitors, 0),
  }
}

function sumOf(clicks: readonly CountedClick[]): number {
  return clicks.reduce((total, click) => total + click.clicks, 0)
}

function seriesOf(clicks: readonly CountedClick[], question: Question): SeriesPoint[] {
  const { interval, timezone, from, to } = question
  const starts = bucketStarts(interval!, timezone, from, to)
  return starts.map((start, index) => {
    const end = starts[index + 1] ?? to
    const within = clicks.filter(({ at }) => at >= start && at < end)
    return Object.assign({ start }, toldOf(within, question, 'parts'))
  })
}

/** All groups, the one with most clicks first. */
function groupsOf(
  clicks: readonly CountedClick[],
  question: Question,
): { values: Group['values']; clicks: CountedClick[] }[] {
  if (question.groupBy.length === 0) return []
  const groups = new Map<string, CountedClick[]>()
  for (const click of clicks) {
    for (const values of combined(
      question.groupBy.map((field) => valuesOf(click, field, question)),
    )) {
      const key = JSON.stringify(values)
      groups.set(key, [...(groups.get(key) ?? []), click])
    }
  }
  return [...groups]
    .map(([key, members]) => ({ values: JSON.parse(key) as string[], clicks: members }))
    .sort(
      (a, b) =>
        countsOf(b.clicks).clicks - countsOf(a.clicks).clicks || byValues(a.values, b.values),
    )
}

/** Every way to take one value of each list. */
function combined(lists: readonly (readonly string[])[]): string[][] {
  return lists.reduce<string[][]>(
    (ways, values) => ways.flatMap((way) => values.map((value) => [...way, value])),
    [[]],
  )
}

function byValues(a: readonly string[], b: readonly string[]): number {
  const index = a.findIndex((value, place) => value !== b[place])
  return index === -1 ? 0 : byBytes(a[index]!, b[index]!)
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

type Place = Pick<PlacedClick, 'at' | 'position' | 'index'>

function byNewest(a: Place, b: Place): number {
  return b.at - a.at || b.position - a.position || b.index - a.index
}
