/**
 * Reads links from text, CSV or NDJSON, one item per link and in order.
 *
 * Text: one URL per line, and after white space the code it should get, if any; empty lines and
 * lines that start with # are passed over. CSV: a header with at least `url`, in any order and
 * case; tags separated by semicolons. NDJSON: one object per line, with the fields of a create
 * request. What an export writes beside those fields is passed over; an unknown column is told once.
 *
 * A line that is no link becomes a failed item. Only a CSV file whose quotes do not close stops the
 * import: where the next record starts is then anybody's guess.
 */
import { pipeline } from 'node:stream'
import { parse } from 'csv-parse'
import { CommandError } from './command-error.ts'
import { splitTags, unguardCell } from './csv-cell.ts'
import type { LinkFormat } from './link-format.ts'
import { LINE_BYTES_MAX, splitLines, type Line } from './lines.ts'
import { LINK_FIELDS, REPLY_FIELDS } from './link-input.ts'
import type { InputItem, ItemFailure, LinkField, LinkInput } from './link-input.ts'

/** Told once per name: a column or field that no link has. */
export type OnUnknownField = (name: string) => void

export function readLinks(
  format: LinkFormat,
  chunks: AsyncIterable<Buffer>,
  onUnknownField: OnUnknownField,
): AsyncGenerator<InputItem> {
  if (format === 'csv') return readCsv(chunks, onUnknownField)
  const told = new Set<string>()
  const tellOnce: OnUnknownField = (name) => {
    if (!told.has(name)) onUnknownField(name)
    told.add(name)
  }
  const parseLine =
    format === 'text' ? linkFromText : (text: string) => linkFromJson(text, tellOnce)
  return readByLine(chunks, parseLine)
}

type Content = InputItem['content']

async function* readByLine(
  chunks: AsyncIterable<Buffer>,
  parseLine: (text: string) => Content | undefined,
): AsyncGenerator<InputItem> {
  for await (const line of splitLines(chunks)) {
    const content = line.text === undefined ? tooLong(line) : parseLine(line.text.trim())
    if (content !== undefined) yield { line: line.number, endByte: line.endByte, content }
  }
}

function tooLong(line: Line): Content {
  return fail('invalid_field', `Line ${line.number} is longer than ${LINE_BYTES_MAX} bytes`)
}

function linkFromText(text: string): Content | undefined {
  if (text === '' || text.startsWith('#')) return undefined
  const [url, code, ...more] = text.split(/\s+/)
  if (more.length > 0) return fail('invalid_field', 'More than a URL and a code on one line')
  return { link: code === undefined ? { url } : { url, code } }
}

function linkFromJson(text: string, onUnknownField: OnUnknownField): Content | undefined {
  if (text === '') return undefined
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return fail('invalid_json', (error as Error).message)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return fail('invalid_json', 'Not a JSON object')
  }
  const known = Object.entries(value).filter(([name, field]) => {
    if (!isLinkField(name)) tellUnknown(name, onUnknownField)
    return isLinkField(name) && field !== null
  })
  return { link: Object.fromEntries(known) }
}

async function* readCsv(
  chunks: AsyncIterable<Buffer>,
  onUnknownField: OnUnknownField,
): AsyncGenerator<InputItem> {
  const parser = parse({
    bom: true,
    columns: (header: string[]) => columnsOf(header, onUnknownField),
    info: true,
    max_record_size: LINE_BYTES_MAX,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
  })
  pipeline(chunks, parser, () => {
    // What went wrong is thrown by the loop below; both streams are closed either way.
  })
  try {
    for await (const { record, info } of parser as AsyncIterable<CsvRow>) {
      yield { line: info.lines, endByte: info.bytes, content: { link: linkFromCells(record) } }
    }
  } catch (error) {
    throw csvStopped(error)
  }
}

interface CsvRow {
  readonly record: Readonly<Record<string, string>>
  readonly info: { readonly lines: number; readonly bytes: number }
}

function csvStopped(error: unknown): unknown {
  const code = (error as { code?: string }).code
  if (code === undefined || !code.startsWith('CSV_')) return error
  return new CommandError(`The CSV file cannot be read on: ${(error as Error).message}`)
}

/** The parser's columns: a field's own name, or false to leave the column out. */
function columnsOf(header: readonly string[], onUnknownField: OnUnknownField) {
  const columns = header.map((cell) => {
    const name = cell.trim().toLowerCase()
    const field = LINK_FIELDS.find((candidate) => candidate.toLowerCase() === name)
    if (field === undefined) tellUnknown(cell.trim(), onUnknownField)
    return field ?? false
  })
  if (!columns.includes('url')) {
    throw new CommandError(
      `The CSV file needs a header with a url column; it has: ${header.join()}`,
    )
  }
  return columns
}

function tellUnknown(name: string, onUnknownField: OnUnknownField): void {
  const isOfReply = REPLY_FIELDS.some((field) => field.toLowerCase() === name.toLowerCase())
  if (!isOfReply) onUnknownField(name)
}

function linkFromCells(record: Readonly<Record<string, string>>): LinkInput {
  const link: Partial<Record<LinkField, unknown>> = {}
  for (const field of LINK_FIELDS) {
    const cell = unguardCell(record[field] ?? '')
    if (cell.trim() !== '') link[field] = valueOfCell(field, cell)
  }
  return link
}

function valueOfCell(field: LinkField, cell: string): unknown {
  if (field === 'title') return cell
  if (field === 'tags') return splitTags(cell)
  const word = cell.trim()
  return field === 'maxVisits' && /^\d+$/.test(word) ? Number(word) : word
}

function isLinkField(name: string): boolean {
  return (LINK_FIELDS as readonly string[]).includes(name)
}

function fail(code: ItemFailure['code'], detail: string): Content {
  return { failure: { code, detail } }
}
