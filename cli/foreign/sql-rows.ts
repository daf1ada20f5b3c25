/**
 * The rows that a dump of YOURLS inserts into its table of links.
 *
 * The columns are those that the INSERT names, else those of the CREATE TABLE before it, else those of
 * YOURLS itself: mysqldump names none. The table is the one whose name ends in `url` (`yourls_url`, with
 * whatever prefix); all others are passed over, the clicks among them.
 */
import { SqlTokens, type SqlToken } from './sql-tokens.ts'

export interface SqlRow {
  /** Where it starts, from 1. */
  readonly line: number
  readonly endByte: number
  readonly columns: readonly string[]
  readonly cells: readonly string[]
}

const TABLE = /url$/i
const YOURLS_COLUMNS = ['keyword', 'url', 'title', 'timestamp', 'ip', 'clicks']

export async function* sqlRows(pieces: AsyncIterable<string>): AsyncGenerator<SqlRow> {
  const tokens = new SqlTokens()
  const statements = new Statements()
  let line = 1
  let endByte = 0
  for await (const piece of pieces) {
    let counted = 0
    for (let at = 0; at < piece.length; at++) {
      const character = piece[at]!
      if (character === '\n') line++
      for (const token of tokens.add(character)) {
        const row = statements.add(token, line)
        if (row === undefined) continue
        endByte += Buffer.byteLength(piece.slice(counted, at + 1))
        counted = at + 1
        yield { ...row, endByte }
      }
    }
    endByte += Buffer.byteLength(piece.slice(counted))
  }
}

type Row = Omit<SqlRow, 'endByte'>

/** start: of a statement. definition: the columns of a CREATE TABLE. skip: to the end of the statement. */
type Place = 'start' | 'insert' | 'columns' | 'values' | 'create' | 'definition' | 'skip'

class Statements {
  #place: Place = 'start'
  #table = ''
  #known: readonly string[] = YOURLS_COLUMNS
  #columns: string[] = []
  #depth = 0
  #cells: string[] | undefined
  #line = 0
  #isColumnNext = false

  /** The row that ends with this token. */
  add(token: SqlToken, line: number): Row | undefined {
    const { kind, value } = token
    if (kind === 'mark' && value === ';' && this.#cells === undefined) {
      this.#place = 'start'
      return undefined
    }
    switch (this.#place) {
      case 'start':
        this.#start(token)
        return undefined
      case 'insert':
      case 'create':
        this.#head(token)
        return undefined
      case 'columns':
        if (kind === 'mark' && value === ')') this.#place = 'insert'
        else if (kind !== 'mark') this.#columns.push(value)
        return undefined
      case 'definition':
        this.#define(token)
        return undefined
      case 'values':
        return this.#value(token, line)
      case 'skip':
        return undefined
    }
  }

  #start({ value }: SqlToken): void {
    const word = value.toUpperCase()
    this.#table = ''
    this.#columns = []
    this.#depth = 0
    if (word === 'INSERT' || word === 'REPLACE') this.#place = 'insert'
    else this.#place = word === 'CREATE' ? 'create' : 'skip'
  }

  /** What stands before the first bracket, or before VALUES. */
  #head({ kind, value }: SqlToken): void {
    const isValues = kind === 'word' && /^VALUES?$/i.test(value)
    const opens = kind === 'mark' && value === '('
    if (!isValues && !opens) {
      if (kind !== 'mark') this.#table = value
    } else if (!TABLE.test(this.#table)) this.#place = 'skip'
    else if (isValues) this.#place = 'values'
    else if (this.#place === 'insert') this.#place = 'columns'
    else {
      this.#place = 'definition'
      this.#isColumnNext = true
    }
  }

  #define({ kind, value }: SqlToken): void {
    if (kind === 'mark' && value === '(') this.#depth++
    else if (kind === 'mark' && value === ')') this.#depth--
    if (this.#depth < 0) {
      this.#known = this.#columns
      this.#place = 'skip'
      return
    }
    if (this.#isColumnNext && kind === 'name') this.#columns.push(value)
    this.#isColumnNext = this.#depth === 0 && kind === 'mark' && value === ','
  }

  #value({ kind, value }: SqlToken, line: number): Row | undefined {
    const mark = kind === 'mark' ? value : undefined
    if (this.#cells === undefined) {
      if (mark === '(') {
        this.#cells = ['']
        this.#line = line
      }
      return undefined
    }
    if (mark === ',') this.#cells.push('')
    else if (mark !== ')') {
      const isNull = kind === 'word' && value.toUpperCase() === 'NULL'
      // After a word such as `_binary` the text counts.
      if (mark === undefined) this.#cells[this.#cells.length - 1] = isNull ? '' : value
    } else {
      const cells = this.#cells
      this.#cells = undefined
      const columns = this.#columns.length > 0 ? this.#columns : this.#known
      return { line: this.#line, columns, cells }
    }
    return undefined
  }
}
