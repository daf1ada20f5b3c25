/** Answers questions from the tables of a store that speaks SQL, whichever it is. */
import type { EpochMs } from '../../links/ids.ts'
import { bucketStarts } from './buckets.ts'
import {
  countsVisitors,
  type Answer,
  type AnswerPart,
  type Counts,
  type Group,
  type Question,
  type SeriesPoint,
} from './question.ts'
import { QuestionSql } from './question-sql.ts'
import type { SqlDialect } from './sql-dialect.ts'

/** What is known of the tables without asking them. */
export interface TableSpans {
  /** All clicks, single ones and rolled up ones, lie from `from` until `to`. */
  readonly from: number
  readonly to: number
  /** What was rolled up lies before. */
  readonly hoursUntil: number
}

type Row = Record<string, unknown>

export interface AskingStore {
  /** Gives the rows of a statement, which is made with a dialect of its own. */
  readonly askRows: (make: (dialect: SqlDialect) => string) => Promise<Row[]>
  /** Whether a statement of it can keep the rows that it found: `QuestionSql.totalsAndSeries`. */
  readonly keepsRows: boolean
}

type Ask = (make: (sql: QuestionSql) => string) => Promise<Row[]>

const NO_CLICKS: Row = { clicks: 0, humans: 0, visitors: 0 }

/** @throws TinygridError invalid_field: as `bucketStarts` */
export async function answerFrom(
  question: Question,
  spans: TableSpans,
  { askRows, keepsRows }: AskingStore,
): Promise<Answer> {
  const { interval, timezone, from, to } = question
  const starts = interval === undefined ? [] : bucketStarts(interval, timezone, from, to)
  // Wall clocks need not be known where there are no clicks.
  const within = {
    ...question,
    from: Math.max(from, spans.from) as EpochMs,
    to: Math.min(to, spans.to) as EpochMs,
  }
  if (within.from >= within.to) {
    const totals = countsOf(NO_CLICKS, question, 'totals')
    return { totals, series: seriesOf(starts, [], question), groups: [], other: null }
  }
  const hasHours = within.from < spans.hoursUntil
  const ask: Ask = (make) => askRows((dialect) => make(new QuestionSql(within, hasHours, dialect)))
  const isOneScan = keepsRows && question.code !== undefined && starts.length > 0
  const overview = await (isOneScan ? inOneScan : inTwoScans)(starts, to, ask)
  const totals = countsOf(overview.totals, question, 'totals')
  const series = seriesOf(starts, overview.points, question)
  return { totals, series, ...(await groupsOf(question, totals, ask)) }
}

interface Overview {
  readonly totals: Row
  readonly points: readonly Row[]
}

async function inOneScan(starts: readonly EpochMs[], to: EpochMs, ask: Ask): Promise<Overview> {
  const rows = await ask((sql) => sql.totalsAndSeries(starts, to))
  return { totals: rows.find(isTotals)!, points: rows.filter((row) => !isTotals(row)) }
}

/** As `QuestionSql.totalsAndSeries` marks them. */
function isTotals(row: Row): boolean {
  return Number(row['bucket']) === -1
}

async function inTwoScans(starts: readonly EpochMs[], to: EpochMs, ask: Ask): Promise<Overview> {
  const [totals] = await ask((sql) => sql.totals())
  const points = starts.length === 0 ? [] : await ask((sql) => sql.series(starts, to))
  return { totals: totals!, points }
}

async function groupsOf(
  question: Question,
  totals: Counts,
  ask: Ask,
): Promise<Pick<Answer, 'groups' | 'other'>> {
  const { groupBy, limit } = question
  if (groupBy.length === 0) return { groups: [], other: null }
  const rows = await ask((sql) => sql.groups())
  const groups = rows.slice(0, limit).map((row): Group => {
    const values = groupBy.map((_, place) => String(row[`text${place}`]))
    return Object.assign({ values }, countsOf(row, question, 'parts'))
  })
  if (rows.length <= limit) return { groups, other: null }
  // Each click is in one group and nobody is told apart: what is left need not be counted.
  const isLeft = !countsVisitors(question.visitors, 'parts') && !groupBy.includes('tag')
  if (isLeft) return { groups, other: rest(totals, groups) }
  const [other] = await ask((sql) => sql.other(groups.map(({ values }) => values)))
  return { groups, other: countsOf(other!, question, 'parts') }
}

function rest(totals: Counts, groups: readonly Group[]): Counts {
  const left = (name: 'clicks' | 'humans' | 'bots') =>
    groups.reduce((count, group) => count - group[name], totals[name])
  return { clicks: left('clicks'), humans: left('humans'), bots: left('bots') }
}

function seriesOf(
  starts: readonly EpochMs[],
  points: readonly Row[],
  question: Question,
): SeriesPoint[] {
  const rows = new Map(points.map((row) => [Number(row['bucket']), row]))
  return starts.map((start, index) =>
    Object.assign({ start }, countsOf(rows.get(index) ?? NO_CLICKS, question, 'parts')),
  )
}

function countsOf(row: Row, { visitors }: Question, part: AnswerPart): Counts {
  const clicks = Number(row['clicks'])
  const humans = Number(row['humans'])
  const counts = { clicks, humans, bots: clicks - humans }
  return countsVisitors(visitors, part) ? { ...counts, visitors: Number(row['visitors']) } : counts
}
