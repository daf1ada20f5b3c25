/**
 * Reads links from CSV, one item per record and in order.
 *
 * Used by link-reader.ts; csv-records.ts takes the file apart. A record with more cells than there are columns
 * becomes a failed item, as does one that ends before its url. Fewer cells are otherwise allowed:
 * what is missing is optional. Tags are separated by semicolons.
 */
import { splitTags, unguardCell } from './csv-cell.ts'
import { columnsOf, delimiterOf, separatorLine } from './csv-layout.ts'
import type { Columns, ColumnWishes } from './csv-layout.ts'
import { readFirstLine, recordsOf } from './csv-records.ts'
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
