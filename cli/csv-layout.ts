/**
 * How a CSV file is laid out: what separates its cells, and what each of its columns is.
 *
 * The separator is the one named, else what a `sep=;` in the first line says (as spreadsheets write
 * it), else the one of comma, semicolon and tab that makes sense of the first line. Columns come from
 * the header, or by name for a file without one. A column that is not known is left out only where
 * someone said so. What cannot be told is asked for, not guessed.
 */
import { parse } from 'csv-parse/sync'
import { CommandError } from './command-error.ts'
import { fieldNamed, type LinkField } from './link-input.ts'

const DELIMITERS = [',', ';', '\t'] as const

/** A column of the file, from the left; undefined: its cells are left out. */
export type Columns = readonly (Column | undefined)[]

interface Column {
  /** 'unnamed': a header cell is empty, as spreadsheets make them; then so must its cells be. */
  readonly field: LinkField | 'unnamed'
}

/** What the person at the command line said of the columns. */
export interface ColumnWishes {
  /** Names of the columns of a file without a header. */
  readonly columns?: readonly string[] | undefined
  /** Names, in lower case, of columns to leave out. May grow by what is asked. */
  readonly ignored: Set<string>
  /** Asks whether the column may be left out. Without it the answer is no. */
  readonly ask?: ((name: string) => Promise<boolean>) | undefined
}

/** The delimiter that a line such as `sep=;` names. */
export function separatorLine(line: string): string | undefined {
  return /^"?sep=([^"\r\n])"?$/i.exec(line)?.[1]
}

/** The delimiter by which a line is a header that has a url. */
export function delimiterOfHeader(line: string): string | undefined {
  return DELIMITERS.find((delimiter) => {
    return cellsOf(line, delimiter).some((cell) => fieldNamed(cell) === 'url')
  })
}

/** The cells of a first line, and what separates them, where they are the names that are looked for. */
export function delimiterOfNames(
  line: string,
  isIt: (cells: readonly string[]) => boolean,
): { readonly delimiter: string; readonly cells: readonly string[] } | undefined {
  return DELIMITERS.map((delimiter) => ({ delimiter, cells: cellsOf(line, delimiter) })).find(
    ({ cells }) => isIt(cells),
  )
}

/**
 * @param line the first line of the file that is not empty
 * @throws CommandError if it cannot be told
 */
export function delimiterOf(line: string, columns?: readonly string[]): string {
  if (columns === undefined) return delimiterOfHeader(line) ?? ','
  const fitting = DELIMITERS.filter((one) => cellsOf(line, one).length === columns.length)
  if (fitting.length === 1 || (columns.length === 1 && fitting.length > 0)) return fitting[0]!
  throw new CommandError(
    `Line 1: what separates its ${columns.length} columns cannot be told; name it by --delimiter`,
  )
}

/** A first line that is no CSV, or goes on in the next, has no cells here; the reader will say. */
function cellsOf(line: string, delimiter: string): string[] {
  try {
    return parse(line, { delimiter })[0] ?? []
  } catch {
    return []
  }
}

/**
 * @param names of the header, or as given
 * @param line where they are; undefined: on the command line
 * @throws CommandError for columns that are not known, come twice, or have no url among them
 */
export async function columnsOf(
  names: readonly string[],
  line: number | undefined,
  wishes: ColumnWishes,
): Promise<Columns> {
  // First, so that a file without a header is not asked about its first cell.
  if (names.every((name) => fieldNamed(name) !== 'url')) throw withoutUrl(names)
  const columns: (Column | undefined)[] = []
  for (const [at, name] of names.entries()) {
    const place = line === undefined ? '--columns' : `Line ${line}, column ${at + 1}`
    const column = await columnNamed(name.trim(), place, wishes)
    const isTwice = columns.some((other) => isSameField(other, column))
    if (isTwice) throw new CommandError(`${place}: there is a second ${name.trim()}`)
    columns.push(column)
  }
  if (columns.every((column) => column?.field !== 'url')) throw withoutUrl(names)
  return columns
}

function withoutUrl(names: readonly string[]): CommandError {
  return new CommandError(
    `The CSV file needs a header with a url column; it has: ${names.join()}. ` +
      'For a file without a header name its columns: --columns url,code,title',
  )
}

async function columnNamed(
  name: string,
  place: string,
  { ignored, ask }: ColumnWishes,
): Promise<Column | undefined> {
  const key = name.toLowerCase()
  if (ignored.has(key)) return undefined
  if (name === '') return { field: 'unnamed' }
  const field = fieldNamed(name)
  if (field !== undefined) return { field }
  if ((await ask?.(name)) !== true) {
    throw new CommandError(
      `${place}: no link has a ${JSON.stringify(name)}. --ignore-columns ${name} leaves it out`,
    )
  }
  ignored.add(key)
  return undefined
}

function isSameField(one: Column | undefined, other: Column | undefined): boolean {
  return one !== undefined && one.field !== 'unnamed' && one.field === other?.field
}
