/**
 * A measured figure beside the goal it is held to; how they are compared, printed and kept.
 */
import { cpus, totalmem } from 'node:os'

type Goal = { readonly atLeast: number } | { readonly atMost: number }

export interface Measure {
  readonly name: string
  /** Left out: measured for its own sake. */
  readonly goal?: Goal
  readonly got: number
  /** What follows the figures: ` ms`, ` %`; empty for a ratio. */
  readonly unit: string
  /** What helps to judge the figure: absolute values, the worst case. */
  readonly note?: string
}

export function isMet({ goal, got }: Measure): boolean | undefined {
  if (goal === undefined) return undefined
  return 'atLeast' in goal ? got >= goal.atLeast : got <= goal.atMost
}

/** The middle value; of an even count the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** The value that so many of a hundred do not exceed. */
export function percentile(values: readonly number[], hundredths: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((sorted.length * hundredths) / 100) - 1)] ?? Number.NaN
}

/** The table that a run ends with. */
export function tableOf(measures: readonly Measure[]): string {
  const rows = measures.map((measure) => [
    measure.name,
    goalText(measure),
    figure(measure.got, measure.unit),
    { true: 'yes', false: 'NO', undefined: '' }[String(isMet(measure))]!,
    measure.note ?? '',
  ])
  const all = [['measure', 'goal', 'got', 'met', 'note'], ...rows]
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)))
  const lines = all.map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)).join('  '))
  const rule = widths.map((width) => '-'.repeat(width)).join('  ')
  return [lines[0]!, rule, ...lines.slice(1)].map((line) => line.trimEnd()).join('\n')
}

function goalText({ goal, unit }: Measure): string {
  if (goal === undefined) return ''
  if ('atLeast' in goal) return `>= ${figure(goal.atLeast, unit)}`
  return `<= ${figure(goal.atMost, unit)}`
}

/** Three significant digits for small figures, none behind the point for large ones. */
export function figure(value: number, unit = ''): string {
  const isNearWhole = unit === ' %' && value > 99 && value < 100
  if (isNearWhole) return `${value.toFixed(4)}${unit}`
  const text = Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en-US') : short(value)
  return `${text}${unit}`
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)))
}

/** Where the figures were taken. */
export function machine() {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  }
}
