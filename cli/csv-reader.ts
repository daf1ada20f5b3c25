/**
 * Reads links from CSV, one item per record and in order.
 *
 * Used by link-reader.ts. csv-parse takes the records apart, strictly: RFC 4180, and CRLF, LF and CR
 * each end a record, mixed too. Its own check of the number of cells is off, because it would stop
 * the import or lose the record's place; here a record with more cells than there are columns
 * becomes a failed item, as does one that ends before its url. Fewer cells are otherwise allowed:
 * what is missing is optional. Tags are separated by semicolons.
 *
 * Quotes that do not fit stop the import: where the next record starts is then anybody's guess.
 */
import { pipeline } from 'node:stream'
import { parse, type InfoRecord, type Options } from 'csv-parse'
import { CommandError } from './command-error.ts'
import { splitTags, unguardCell } from './csv-cell.ts'
import { columnsOf, delimiterOf, separatorLine } from './csv-layout.ts'
import type { Columns, ColumnWishes } from './csv-layout.ts'
import { LINE_BYTES_MAX, splitLines } from './lines.ts'
import { LINE_END } from './text-decoding.ts'
import type { OptionName } from '../links/link-options.ts'
import {
  isSent,
  OPTION_CELLS,
  type InputItem,
  type ItemFailure,
  type LinkField,
  type LinkInput,
} from './link-input.ts'

export interface CsvWishes extends ColumnWishes {
  /** What separates cells; undefined: told by the first line. */
  readonly delimiter?: string | undefined
}

export async function* readCsv(
  pieces: AsyncIterable<string>,
  wishes: CsvWishes,
): AsyncGenerator<InputItem> {
  const { first, all } = await readFirstLine(pieces)
  const separator = separatorLine(first)
  const delimiter = wishes.delimiter ?? separator ?? delimiterOf(first, wishes.columns)
  let columns =
    wishes.columns === undefined ? undefined : await columnsOf(wishes.columns, undefined, wishes)
  let isFirst = true
  for await (const { cells, line, endByte } of recordsOf(all, delimiter)) {
    const isSeparatorLine = isFirst && separator !== undefined
    isFirst = false
    if (isSeparatorLine) continue
    if (columns === undefined) columns = await columnsOf(cells, line, wishes)
    else yield { line, endByte, ...itemOf(cells, columns) }
  }
}

/** The first line that is not empty, if it is near, and the input with it. */
async function readFirstLine(pieces: AsyncIterable<string>) {
  const rest = pieces[Symbol.asyncIterator]()
  const read: string[] = []
  async function* recorded() {
    for (let length = 0; length <= LINE_BYTES_MAX; length += read.at(-1)!.length) {
      const next = await rest.next()
      if (next.done === true) return
      read.push(next.value)
      yield next.value
    }
  }
  async function* everything() {
    yield* read
    for (let next = await rest.next(); next.done !== true; next = await rest.next())
      yield next.value
  }
  let first = ''
  // Not `for await`: leaving it would close the input.
  const lines = splitLines(recorded())
  for (let next = await lines.next(); next.done !== true; next = await lines.next()) {
    first = next.value.text ?? ''
    if (first !== '') break
  }
  return { first, all: everything() }
}

interface Row {
  readonly cells: readonly string[]
  /** Where it starts. */
  readonly line: number
  readonly endByte: number
}

type OnRecord = (cells: string[], info: InfoRecord) => Row

async function* recordsOf(pieces: AsyncIterable<string>, delimiter: string): AsyncGenerator<Row> {
  const place = new Place()
  const options: Omit<Options, 'on_record'> & { on_record: OnRecord } = {
    delimiter,
    max_record_size: LINE_BYTES_MAX,
    on_record: (cells, { lines, bytes }) => {
      return { cells, line: place.startOf(cells, lines), endByte: bytes }
    },
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    skip_empty_lines: true,
  }
  // Its types know no records but lists of cells.
  const parser = parse(options as unknown as Options)
  pipeline(pieces, parser, () => {
    // What went wrong is thrown by the loop below; both streams are closed either way.
  })
  try {
    yield* parser as AsyncIterable<Row>
  } catch (error) {
    throw stopped(error as Error, place)
  }
}

/** Lines as an editor counts them: the parser takes a CRLF within quotes for two. */
class Place {
  #overcounted = 0
  #lastLine = 0

  /** @param parsedLines what the parser has counted at the end of the record */
  startOf(cells: readonly string[], parsedLines: number): number {
    let breaks = 0
    for (const cell of cells) {
      if (!/[\r\n]/.test(cell)) continue
      for (const [end] of cell.matchAll(LINE_END)) {
        breaks++
        if (end.length === 2) this.#overcounted++
      }
    }
    this.#lastLine = this.lineOf(parsedLines)
    return this.#lastLine - breaks
  }

  lineOf(parsedLines: number): number {
    return parsedLines - this.#overcounted
  }

  /** Where the next record starts, or an empty line before it. */
  get next(): number {
    return this.#lastLine + 1
  }
}

const STOPPED: Readonly<Record<string, string>> = {
  INVALID_OPENING_QUOTE: 'a quote within a cell that does not start with one',
  CSV_INVALID_CLOSING_QUOTE: 'text after the quote that ends a cell',
  CSV_QUOTE_NOT_CLOSED: 'a quote that never closes',
  CSV_MAX_RECORD_SIZE: `a record of more than ${LINE_BYTES_MAX} bytes: is there a quote that never closes?`,
}

function stopped(error: Error & { code?: string; index?: number; lines?: number }, place: Place) {
  const what = STOPPED[error.code ?? '']
  if (what === undefined) return error
  const isAtPlace = error.code?.includes('ING_QUOTE') === true && error.lines !== undefined
  const line = isAtPlace ? place.lineOf(error.lines!) : place.next
  return new CommandError(`Line ${line}, column ${(error.index ?? 0) + 1}: ${what}`)
}

function itemOf(
  cells: readonly string[],
  columns: Columns,
): Pick<InputItem, 'content' | 'columnOf'> {
  const columnOf = (field: LinkField) => {
    const at = columns.findIndex((column) => column?.field === field)
    return at === -1 ? undefined : at + 1
  }
  const failure = faultOf(cells, columns, columnOf)
  if (failure !== undefined) return { content: { failure }, columnOf }
  return { content: { link: linkFromCells(cells, columns) }, columnOf }
}

/** If there is a column for them. A row without its state is one of an export that was cut off. */
const REQUIRED = ['url', 'state'] as const

function faultOf(
  cells: readonly string[],
  columns: Columns,
  columnOf: InputItem['columnOf'],
): ItemFailure | undefined {
  if (cells.length > columns.length) {
    const detail = `${cells.length} cells in a table of ${columns.length} columns: is it to be quoted?`
    return invalid(columns.length + 1, detail)
  }
  for (const field of REQUIRED) {
    if (cells.length >= (columnOf(field) ?? 0)) continue
    const detail = `The row ends after ${cells.length} cells, before its ${field}`
    return { code: 'missing_field', detail, column: cells.length }
  }
  const stray = cells.findIndex(
    (cell, at) => columns[at]?.field === 'unnamed' && cell.trim() !== '',
  )
  return stray === -1 ? undefined : invalid(stray + 1, 'A cell in a column without a name')
}

function invalid(column: number, detail: string): ItemFailure {
  return { code: 'invalid_field', detail, column }
}

function linkFromCells(cells: readonly string[], columns: Columns): LinkInput {
  const link: Partial<Record<LinkField, unknown>> = {}
  for (const [at, written] of cells.entries()) {
    const field = columns[at]?.field
    const cell = unguardCell(written)
    if (field === undefined || field === 'unnamed' || !isSent(field) || cell.trim() === '') continue
    link[field] = valueOfCell(field, cell)
  }
  return link
}

function kindOf(field: LinkField): 'text' | 'number' | 'flag' | 'json' {
  if (field === 'isAlias') return 'flag'
  if (field === 'maxVisits' || field === 'visits') return 'number'
  return Object.hasOwn(OPTION_CELLS, field) ? OPTION_CELLS[field as OptionName] : 'text'
}

function valueOfCell(field: LinkField, cell: string): unknown {
  if (field === 'title' || field === 'password') return cell
  if (field === 'tags') return splitTags(cell)
  const word = cell.trim()
  const kind = kindOf(field)
  if (kind === 'flag') return { true: true, false: false }[word.toLowerCase()] ?? word
  if (kind === 'json') return jsonOfCell(word)
  return kind === 'number' && /^\d+$/.test(word) ? Number(word) : word
}

/** What is no JSON stays text, which the server refuses by its field. */
function jsonOfCell(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}
