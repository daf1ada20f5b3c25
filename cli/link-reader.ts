/**
 * Reads links from text, CSV or NDJSON, one item per link and in order.
 *
 * Text: one URL per line, and after white space the code it should get, if any; empty lines and
 * lines that start with # are passed over. CSV: see csv-reader.ts. NDJSON: one object per line, with
 * the fields of a create request.
 *
 * A line that is no link becomes a failed item, and so does one with a field that no link has:
 * nothing of the input is left out in silence.
 */
import { readCsv, type CsvWishes } from './csv-reader.ts'
import type { LinkFormat } from './link-format.ts'
import { LINE_BYTES_MAX, splitLines, type Line } from './lines.ts'
import { FIELDS, isSent, type InputItem, type ItemFailure, type LinkField } from './link-input.ts'

export function readLinks(
  format: LinkFormat,
  pieces: AsyncIterable<string>,
  wishes: CsvWishes,
): AsyncGenerator<InputItem> {
  if (format === 'csv') return readCsv(pieces, wishes)
  const parseLine =
    format === 'text' ? linkFromText : (text: string) => linkFromJson(text, wishes.ignored)
  return readByLine(pieces, parseLine)
}

type Parsed = Pick<InputItem, 'content' | 'columnOf'>

async function* readByLine(
  pieces: AsyncIterable<string>,
  parseLine: (text: string) => Parsed | undefined,
): AsyncGenerator<InputItem> {
  for await (const line of splitLines(pieces)) {
    const parsed = line.text === undefined ? tooLong(line) : parseLine(line.text)
    if (parsed !== undefined) yield { line: line.number, endByte: line.endByte, ...parsed }
  }
}

function tooLong(line: Line): Parsed {
  const detail = `Line ${line.number} is longer than ${LINE_BYTES_MAX} bytes`
  return failed({ code: 'invalid_field', detail })
}

function linkFromText(text: string): Parsed | undefined {
  if (text.trim() === '' || text.trimStart().startsWith('#')) return undefined
  const [url, code, more] = text.matchAll(/\S+/g)
  if (more !== undefined) {
    const detail = 'More than a URL and a code on one line'
    return failed({ code: 'invalid_field', detail, column: more.index + 1 })
  }
  const places = { url: url!.index + 1, code: code?.index }
  const link = { url: url![0], ...(code === undefined ? {} : { code: code[0] }) }
  return {
    content: { link },
    columnOf: (field) =>
      field === 'url' || places.code === undefined ? places.url : places.code + 1,
  }
}

function linkFromJson(text: string, ignored: ReadonlySet<string>): Parsed | undefined {
  if (text.trim() === '') return undefined
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    const { message } = error as Error
    const position = / position (\d+)/.exec(message)?.[1]
    const column = Number(position ?? text.length) + 1
    return failed({ code: 'invalid_json', detail: message, column })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return failed({ code: 'invalid_json', detail: 'Not a JSON object', column: 1 })
  }
  const given = Object.entries(value).filter(([name]) => !ignored.has(name.toLowerCase()))
  const unknown = given.find(([name]) => !isField(name))
  if (unknown !== undefined) {
    const [name] = unknown
    const detail = `No link has a ${JSON.stringify(name)}. --ignore-columns ${name} leaves it out`
    return failed({ code: 'unknown_field', detail, field: name, column: placeOf(name, text) ?? 1 })
  }
  const link = Object.fromEntries(
    given.filter(([name, field]) => isSent(name as LinkField) && field !== null),
  )
  return { content: { link }, columnOf: (field) => placeOf(field, text) }
}

/** Where a member of an object starts, as it is usually written. */
function placeOf(name: string, text: string): number | undefined {
  const at = text.indexOf(`${JSON.stringify(name)}:`)
  return at === -1 ? undefined : at + 1
}

function isField(name: string): boolean {
  return (FIELDS as readonly string[]).includes(name)
}

function failed(failure: ItemFailure): Parsed {
  return { content: { failure }, columnOf: () => undefined }
}
