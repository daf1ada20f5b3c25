/** How ClickHouse says what the shared SQL of questions leaves open; collects what is bound to one statement. */
import type { SqlDialect } from './sql-dialect.ts'

export class ClickHouseDialect implements SqlDialect {
  readonly values: Record<string, unknown> = {}

  texts(values: readonly string[]): string {
    return this.#bind([...values], 'Array(String)')
  }

  pairs(
    [first, second]: readonly [string, string],
    [firsts, seconds]: readonly [readonly string[], readonly string[]],
  ): string {
    const zipped = `arrayZip(${this.texts(firsts)}, ${this.texts(seconds)})`
    const columns = `tupleElement(pair, 1) AS ${first}, tupleElement(pair, 2) AS ${second}`
    return `(SELECT ${columns} FROM (SELECT arrayJoin(${zipped}) AS pair)) AS pairs`
  }

  quotient(dividend: string, divisor: number): string {
    return `intDiv(${dividend}, ${divisor})`
  }

  beforeSlash(text: string): string {
    return `extract(${text}, '^([^/]*)/')`
  }

  asText(number: string): string {
    return `toString(${number})`
  }

  text(value: string): string {
    return this.#bind(value, 'String')
  }

  #bind(value: unknown, type: string): string {
    const name = `p${Object.keys(this.values).length}`
    this.values[name] = value
    return `{${name}:${type}}`
  }
}
