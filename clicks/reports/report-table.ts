/**
 * A report's answer as a table: for CSV files and for people.
 *
 * Cells come from visitors (a referrer, a campaign), so none is a formula.
 */
import { stringify } from 'csv-stringify/sync'
import { guardFormula } from '../formula-guard.ts'
import type { Answer, Counts } from '../store/question.ts'
import type { Report } from './report.ts'

export interface ReportTable {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | number)[])[]
}

const COUNTS = ['clicks', 'humans', 'bots', 'visitors'] as const
const OTHER = 'other'
const TOTAL = 'total'

/** The series if it has an interval, then the groups, then what they leave, then the totals. */
export function tableOf(report: Pick<Report, 'groupBy' | 'interval'>, answer: Answer): ReportTable {
  const hasGroups = report.groupBy.length > 0
  const names = hasGroups ? report.groupBy : ['start']
  const blank = names.slice(1).map(() => '')
  const rows = hasGroups
    ? answer.groups.map((group) => [...group.values, ...cellsOf(group)])
    : answer.series.map((point) => [new Date(point.start).toISOString(), ...cellsOf(point)])
  if (hasGroups && answer.other !== null) rows.push([OTHER, ...blank, ...cellsOf(answer.other)])
  rows.push([TOTAL, ...blank, ...cellsOf(answer.totals)])
  return { columns: [...names, ...COUNTS], rows }
}

export function csvOf({ columns, rows }: ReportTable): string {
  return stringify([columns, ...rows.map((row) => row.map(safeCell))], { record_delimiter: '\r\n' })
}

function safeCell(cell: string | number): string | number {
  return typeof cell === 'string' ? guardFormula(cell) : cell
}

function cellsOf(counts: Counts): (number | string)[] {
  return COUNTS.map((name) => counts[name] ?? '')
}
