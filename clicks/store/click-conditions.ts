/** Which clicks a question is about, as conditions of SQL over one of the tables. Used by every store. */
import { ORPHAN_STATUSES } from '../click.ts'
import { CLICK_COLUMNS, fieldExpression, numbersOf, type ClickTable } from './click-columns.ts'
import type { ClickSelection, Filter } from './question.ts'
import { whole, type SqlDialect } from './sql-dialect.ts'

const ORPHANS = `status IN (${ORPHAN_STATUSES.join(', ')})`
/** One by one: so DuckDB compares while it scans. */
const NO_ORPHANS = ORPHAN_STATUSES.map((status) => `status <> ${status}`)

const NOTHING = '1 = 0'
const EVERYTHING = '1 = 1'

/** All must hold. Those that leave out most come first. */
export function conditionsOf(
  selection: ClickSelection,
  table: ClickTable,
  dialect: SqlDialect,
): string[] {
  const { from, to, code, filters, bots, orphans } = selection
  const at = CLICK_COLUMNS.at
  const conditions = [`${at} >= ${whole(from)}`, `${at} < ${whole(to)}`]
  if (code !== undefined) conditions.push(`code IN ${dialect.texts([code])}`)
  for (const filter of filters) conditions.push(filterCondition(filter, selection, table, dialect))
  if (bots === 'exclude') conditions.push("kind = 'human'")
  if (bots === 'only') conditions.push("kind <> 'human'")
  conditions.push(...(orphans ? [ORPHANS] : NO_ORPHANS))
  return conditions
}

function filterCondition(
  { field, values }: Filter,
  selection: ClickSelection,
  table: ClickTable,
  dialect: SqlDialect,
): string {
  if (field === 'tag') return tagCondition(values, selection, dialect)
  const { sql, isNumber } = fieldExpression(field, table, selection, dialect)
  if (!isNumber) return `${sql} IN ${dialect.texts(values)}`
  const numbers = numbersOf(field, values)
  return numbers.length === 0 ? NOTHING : `${sql} IN (${numbers.map(whole).join(', ')})`
}

function tagCondition(
  values: readonly string[],
  { tags = new Map() }: ClickSelection,
  dialect: SqlDialect,
): string {
  const tagged = values.flatMap((value) => tags.get(value) ?? [])
  const all = [...tags.values()].flat()
  const conditions = []
  if (tagged.length > 0) conditions.push(`code IN ${dialect.texts(tagged)}`)
  if (values.includes('')) {
    conditions.push(all.length === 0 ? EVERYTHING : `code NOT IN ${dialect.texts(all)}`)
  }
  return conditions.length === 0 ? NOTHING : `(${conditions.join(' OR ')})`
}
