/**
 * Takes the records of a CSV file apart, and says where each of them starts.
 *
 * Used for our own CSV (`csv-reader.ts`) and for that of other products. csv-parse reads strictly: RFC 4180, and
 * CRLF, LF and CR each end a record, mixed too. Its own check of the number of cells is off, because it
 * would stop the import or lose the record's place.
 *
 * Quotes that do not fit stop the import: where the next record starts is then anybody's guess.
 */
import { pipeline } from 'node:stream'
import { parse, type InfoRecord, type Options } from 'csv-parse'
import { CommandError } from './command-error.ts'
import { LINE_BYTES_MAX, splitLines } from './lines.ts'
import { LINE_END } from './text-decoding.ts'

/** The first line that is not empty, if it is near, and the input with it. */
export async function readFirstLine(pieces: AsyncIterable<string>) {
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

export interface Row {
  readonly cells: readonly string[]
  /** Where it starts. */
  readonly line: number
  readonly endByte: number
}

type OnRecord = (cells: string[], info: InfoRecord) => Row

export async function* recordsOf(
  pieces: AsyncIterable<string>,
  delimiter: string,
): AsyncGenerator<Row> {
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
