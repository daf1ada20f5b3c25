/**
 * What differs between the SQL of the stores, and how values get into it.
 *
 * Every text that comes from outside is bound, never written into a statement; numbers are written by
 * `whole`, which takes nothing else. One dialect object belongs to one statement: it collects what is bound.
 */
import assert from 'node:assert/strict'

export interface SqlDialect {
  /** What stands for a list of texts on the right of IN. */
  texts(values: readonly string[]): string
  /** A table of two columns of texts, to be put behind FROM; both lists have the same length. */
  pairs(
    names: readonly [string, string],
    lists: readonly [readonly string[], readonly string[]],
  ): string
  /** The quotient of whole numbers that are not negative, rounded down. */
  quotient(dividend: string, divisor: number): string
  /** The text before the first slash; the empty text where there is none. */
  beforeSlash(text: string): string
  /** A whole number as decimal text. */
  asText(number: string): string
}

export function whole(value: number): string {
  assert(Number.isSafeInteger(value))
  return String(value)
}

/** One expression for each stretch of time, of which each goes until the next begins. */
export interface Step {
  readonly from: number
  readonly sql: string
}

/** The expression of the stretch in which `time` lies, found by halves; times before the first take the first. */
export function stepwise(time: string, steps: readonly Step[]): string {
  assert(steps.length > 0)
  if (steps.length === 1) return steps[0]!.sql
  const middle = steps.length >> 1
  const [early, late] = [steps.slice(0, middle), steps.slice(middle)]
  const condition = `${time} < ${whole(late[0]!.from)}`
  return `CASE WHEN ${condition} THEN ${stepwise(time, early)} ELSE ${stepwise(time, late)} END`
}
