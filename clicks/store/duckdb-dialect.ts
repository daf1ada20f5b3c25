/** How DuckDB says what the shared SQL of questions leaves open; collects what is bound to one statement. */
import { LIST, VARCHAR, listValue, type DuckDBType, type DuckDBValue } from '@duckdb/node-api'
import type { SqlDialect } from './sql-dialect.ts'

/** Few values are compared with one by one while a table is scanned; more are put into a hash table. */
const LISTED_MAX = 100

export class DuckDbDialect implements SqlDialect {
  readonly values: DuckDBValue[] = []
  readonly types: DuckDBType[] = []

  texts(values: readonly string[]): string {
    if (values.length === 0) return "(SELECT '' WHERE 1 = 0)"
    if (values.length > LISTED_MAX) return `(SELECT unnest(${this.#list(values)}))`
    return `(${values.map((value) => this.text(value)).join(', ')})`
  }

  pairs(
    [first, second]: readonly [string, string],
    [firsts, seconds]: readonly [readonly string[], readonly string[]],
  ): string {
    const columns = `unnest(${this.#list(firsts)}) AS ${first}, unnest(${this.#list(seconds)}) AS ${second}`
    return `(SELECT ${columns}) AS pairs`
  }

  quotient(dividend: string, divisor: number): string {
    return `${dividend} // ${divisor}`
  }

  beforeSlash(text: string): string {
    return `regexp_extract(${text}, '^([^/]*)/', 1)`
  }

  asText(number: string): string {
    return `CAST(${number} AS VARCHAR)`
  }

  text(value: string): string {
    return this.#bind(value, VARCHAR)
  }

  #list(values: readonly string[]): string {
    return this.#bind(listValue([...values]), LIST(VARCHAR))
  }

  #bind(value: DuckDBValue, type: DuckDBType): string {
    this.values.push(value)
    this.types.push(type)
    return `$${this.values.length}`
  }
}
