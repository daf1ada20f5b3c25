/**
 * A question as statements of SQL: totals, series, groups, and what is in no group that is told.
 *
 * Used by every store that speaks SQL; each statement takes a dialect of its own. All return the columns
 * clicks and humans, and visitors where the question wants them: to tell those apart is most of the work,
 * 88 ms of processor time of 96 among a million clicks. Single clicks and those that were rolled up are put together first; where
 * there are none of the latter (`hasHours`), they are left out, because counting is faster than adding.
 */
import type { EpochMs } from '../../links/ids.ts'
import { bucketRuns, type BucketRun } from './buckets.ts'
import { CLICK_COLUMNS, fieldExpression, fieldText, type ClickTable } from './click-columns.ts'
import { conditionsOf } from './click-conditions.ts'
import { countsVisitors, type AnswerPart, type Question } from './question.ts'
import { stepwise, whole, type SqlDialect } from './sql-dialect.ts'

export class QuestionSql {
  readonly #question: Question
  readonly #hasHours: boolean
  readonly #dialect: SqlDialect

  constructor(question: Question, hasHours: boolean, dialect: SqlDialect) {
    this.#question = question
    this.#hasHours = hasHours
    this.#dialect = dialect
  }

  totals(): string {
    return `SELECT ${this.#totals()} FROM ${this.#chosen([])}`
  }

  /**
   * With the column bucket, the number of the bucket; those without clicks are left out.
   *
   * @param starts as `bucketStarts` gives them for `from` and `to`, within which the question's times lie
   */
  series(starts: readonly EpochMs[], to: EpochMs): string {
    const chosen = this.#chosen([this.#bucket(starts, to)])
    return `SELECT bucket, ${this.#counts()} FROM ${chosen} GROUP BY bucket`
  }

  /**
   * Totals and series by one way through the clicks: the totals have the bucket -1. Pays where few clicks are
   * chosen of many; many would have to be kept meanwhile.
   */
  totalsAndSeries(starts: readonly EpochMs[], to: EpochMs): string {
    const rows = this.#rows([this.#bucket(starts, to)])
    const visitors = this.#question.visitors === 'totals' ? ', NULL AS visitors' : ''
    return (
      `WITH chosen AS MATERIALIZED (${rows}) SELECT -1 AS bucket, ${this.#totals()} FROM chosen ` +
      `UNION ALL SELECT bucket, ${this.#counts()}${visitors} FROM chosen GROUP BY bucket`
    )
  }

  /** With a column text0 (text1) for each field: the groups with most clicks first, one more than `limit` if any. */
  groups(): string {
    const { groupBy, limit, visitors } = this.#question
    const keys = groupBy.map((_, place) => `key${place}`).join(', ')
    const counted = `SELECT ${keys}, ${this.#counts()} FROM ${this.#chosen(this.#keys())} GROUP BY ${keys}`
    const shown = this.#keyTexts().map((text, place) => `${text} AS text${place}`)
    const texts = groupBy.map((_, place) => `text${place}`)
    const names = ['clicks', 'humans', ...(countsVisitors(visitors, 'parts') ? ['visitors'] : [])]
    return (
      `SELECT ${[...shown, ...names].join(', ')} FROM (${counted}) AS counted ` +
      `ORDER BY ${['clicks DESC', ...texts].join(', ')} LIMIT ${whole(limit + 1)}`
    )
  }

  /** All that is not in the groups with these values, one or two of each. */
  other(told: readonly (readonly string[])[]): string {
    const texts = this.#keyTexts()
    const lists = texts.map((_, place) => told.map((values) => values[place]!))
    const among =
      lists.length === 1
        ? this.#dialect.texts(lists[0]!)
        : `(SELECT told0, told1 FROM ${this.#dialect.pairs(['told0', 'told1'], [lists[0]!, lists[1]!])})`
    const isTold = `${lists.length === 1 ? texts[0] : `(${texts.join(', ')})`} IN ${among}`
    return `SELECT ${this.#counts()} FROM ${this.#chosen(this.#keys())} WHERE NOT (${isTold})`
  }

  #bucket(starts: readonly EpochMs[], to: EpochMs): Column {
    const { from, to: end } = this.#question
    const runs = bucketRuns(starts, to)
    const first = Math.max(
      0,
      runs.findLastIndex((run) => run.from <= from),
    )
    const within = runs.slice(first).filter((run) => run.from < end)
    const steps = within.map((run) => ({ from: run.from, sql: this.#bucketOf(run) }))
    const bucket = stepwise(CLICK_COLUMNS.at, steps)
    return { name: 'bucket', of: () => bucket }
  }

  #totals(): string {
    return this.#countsOf('totals')
  }

  /** Of each bucket, of each group, of what is in none. */
  #counts(): string {
    return this.#countsOf('parts')
  }

  #countsOf(part: AnswerPart): string {
    const humans = 'WHERE is_human'
    const isAsked = countsVisitors(this.#question.visitors, part)
    const visitors = 'count(DISTINCT visitor)'
    if (!this.#hasHours) {
      const clicks = `count(*) AS clicks, count(*) FILTER (${humans}) AS humans`
      return isAsked ? `${clicks}, ${visitors} AS visitors` : clicks
    }
    const clicks =
      'coalesce(sum(weight), 0) AS clicks, ' +
      `coalesce(sum(weight) FILTER (${humans}), 0) AS humans`
    return isAsked ? `${clicks}, ${visitors} + coalesce(sum(first_visits), 0) AS visitors` : clicks
  }

  #chosen(columns: readonly Column[]): string {
    return `(${this.#rows(columns)}) AS chosen`
  }

  /** The clicks of the question with some more columns. */
  #rows(columns: readonly Column[]): string {
    const singles = this.#rowsOf('clicks', columns, ['visitor', '1 AS weight', '0 AS first_visits'])
    if (!this.#hasHours) return singles
    const counted = ['NULL AS visitor', 'clicks AS weight', 'visitors AS first_visits']
    return `${singles} UNION ALL ${this.#rowsOf('click_hours', columns, counted)}`
  }

  #rowsOf(table: ClickTable, columns: readonly Column[], counting: readonly string[]): string {
    const added = columns.map(({ name, of }) => `${of(table)} AS ${name}`)
    const selected = [...added, "kind = 'human' AS is_human", ...counting].join(', ')
    const conditions = conditionsOf(this.#question, table, this.#dialect).join(' AND ')
    const join = columns.some(({ isTag }) => isTag === true) ? this.#tagJoin() : ''
    return `SELECT ${selected} FROM ${table}${join} WHERE ${conditions}`
  }

  /** A row for each tag of a click. */
  #tagJoin(): string {
    const { tags = new Map<string, readonly string[]>() } = this.#question
    const pairs = [...tags].flatMap(([tag, codes]) => codes.map((code) => [code, tag] as const))
    const lists = [pairs.map(([code]) => code), pairs.map(([, tag]) => tag)] as const
    return ` LEFT JOIN ${this.#dialect.pairs(['tagged', 'tag'], lists)} ON code = tagged`
  }

  #keys(): Column[] {
    return this.#question.groupBy.map((field, place) => ({
      name: `key${place}`,
      isTag: field === 'tag',
      of: (table) =>
        field === 'tag'
          ? "coalesce(tag, '')"
          : fieldExpression(field, table, this.#question, this.#dialect).sql,
    }))
  }

  #keyTexts(): string[] {
    return this.#question.groupBy.map((field, place) =>
      fieldText(field, `key${place}`, this.#dialect),
    )
  }

  #bucketOf({ from, lengthMs, index, count }: BucketRun): string {
    if (count === 1) return whole(index)
    const since = `(${CLICK_COLUMNS.at} - ${whole(from)})`
    return `${this.#dialect.quotient(since, lengthMs)} + ${whole(index)}`
  }
}

interface Column {
  readonly name: string
  readonly of: (table: ClickTable) => string
  /** It comes from the tags, of which a click may have several: a row for each. */
  readonly isTag?: boolean
}
