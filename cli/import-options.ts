/** What `tinygrid import` takes on its command line, and its help. */
import { CommandError } from './command-error.ts'
import { readCommandLine } from './command-line.ts'
import { isLinkFormat, LINK_FORMATS, type LinkFormat } from './link-format.ts'
import { SOURCE_NAMES } from './foreign/foreign-input.ts'
import { STANDARD_INPUT } from './input.ts'
import { ENCODINGS, isEncoding, type TextEncoding } from './text-decoding.ts'

const SHOWN_DEFAULT = 10

export const IMPORT_HELP = `Usage: tinygrid import FILE [options]
       ... | tinygrid import - [options]

Shortens every link of FILE, or of standard input (-), by bulk requests.

Formats
  text     one URL per line; after white space the code it should get, if any; # starts a comment
  csv      a header with url and any of code, title, tags (a;b), expiresAt, maxVisits, validFrom,
           redirectStatus, expiredUrl, forwardQuery, password, rules (as JSON);
           cells are separated by commas, semicolons or tabs, whichever the header shows (or sep=; before it)
  ndjson   one object per line with the same fields

Exports of other shorteners (Shlink, YOURLS, Kutt, Dub, Bitly, Rebrandly, Short.io, TinyURL, Chhoto URL) are
known by their columns, in CSV, JSON, SQL or SQLite, and taken in with their codes and times; docs/moving-in.md
tells how to get them.

What tinygrid export wrote is taken in as it was: a row with any of createdAt, updatedAt, visits, isAlias
and state (live or deleted) needs a code and a createdAt, and may be expired or used up. It is there
already if the same link is, as it was or as it became since; a code with another link is a failure.

Options
  --url URL         the server (TINYGRID_URL, or http://localhost:3000)
  --key KEY         its API key (TINYGRID_API_KEY, or the api-key file in TINYGRID_DATA_DIR or ./data)
  --from NAME       what the file comes from, where it should not be told by its columns:
                    ${SOURCE_NAMES.join(', ')} (a plain list)
  --domain A=B      links that were on the domain A go to B, one of the server's, or default; as often as needed.
                    Without it a domain goes to the server's of the same name, one alone to the default
                    one, and an export with others is refused
  --adapt-codes     change codes that cannot be kept (reserved words, other characters, too long) rather
                    than refuse their links; the dry run tells how, --output what became of each
  --format FORMAT   text, csv or ndjson; otherwise told by the file's ending, then by its first lines
  --columns A,B     the columns of a CSV file without a header, in order
  --delimiter C     what separates the cells of a CSV file: one character, or tab
  --encoding NAME   utf-8 (or what the byte order mark says), utf-16le, windows-1252 or latin1
  --ignore-columns A,B
                    columns (of ndjson: fields) to leave out; others that no link has are asked about
                    on a terminal and otherwise refused
  --dry-run         read the file and report what would be made, reused and refused, and why, and which
                    codes must change; send nothing
  --show N          how many lines of each kind the report shows (${SHOWN_DEFAULT})
  --output FILE     write url, shortUrl, code and status of every link as CSV
  --errors FILE     where to list what failed, as CSV (FILE.errors.csv; for - standard error)
  --progress FILE   where to keep how far it came (FILE.tinygrid-progress; for - nowhere)
  --json            how it ended, or what a dry run reports, as JSON on standard output
  --restart         start afresh, whatever the progress file says
  --help            this

A file is read to its end before anything is sent, so that one in the wrong encoding, or with a
column that is not known, changes nothing. Standard input is checked as it comes.
An import that was interrupted, in whatever way, continues when the same command is given again.
Cells that a spreadsheet would run as a formula are written with a leading apostrophe, and read
without it.

Exit code: 0 all done, 1 some links failed, 2 stopped, 3 the key is refused, 130 interrupted.

Examples
  tinygrid import urls.txt
  tinygrid import shlink.csv --dry-run --adapt-codes
  tinygrid import links.csv --json | jq .failed
`

export interface ImportOptions {
  readonly path: string
  readonly url: string | undefined
  readonly key: string | undefined
  /** A name of SOURCE_NAMES. */
  readonly from: string | undefined
  readonly adaptsCodes: boolean
  /** `from=to` each. */
  readonly domains: readonly string[]
  readonly format: LinkFormat | undefined
  readonly encoding: TextEncoding | undefined
  readonly columns: readonly string[] | undefined
  readonly delimiter: string | undefined
  /** Names in lower case. */
  readonly ignoredColumns: readonly string[]
  readonly isDryRun: boolean
  readonly isJson: boolean
  /** Lines of each kind in the report of a dry run. */
  readonly shown: number
  readonly outputPath: string | undefined
  readonly errorsPath: string | undefined
  readonly progressPath: string | undefined
  readonly isRestart: boolean
}

/** undefined: help is wanted. */
export function parseImportOptions(args: readonly string[]): ImportOptions | undefined {
  const { values, positionals } = readCommandLine(args, IMPORT_OPTIONS)
  if (values.help === true) return undefined
  const [path, ...more] = positionals
  if (path === undefined || more.length > 0) {
    throw new CommandError('Name one file to import, or - for standard input (--help tells more)')
  }
  const isFile = path !== STANDARD_INPUT
  const isOfCsv = values.columns !== undefined || values.delimiter !== undefined
  return {
    path,
    url: values.url,
    key: values.key,
    from: parseSource(values.from),
    adaptsCodes: values['adapt-codes'] === true,
    domains: values.domain ?? [],
    isJson: values.json === true,
    format: parseFormat(values.format ?? (isOfCsv ? 'csv' : undefined)),
    encoding: parseEncoding(values.encoding),
    columns: values.columns?.split(','),
    delimiter: parseDelimiter(values.delimiter),
    ignoredColumns: namesIn(values['ignore-columns']),
    isDryRun: values['dry-run'] === true,
    shown: parseShown(values.show),
    outputPath: values.output,
    errorsPath: values.errors ?? (isFile ? `${path}.errors.csv` : undefined),
    progressPath: values.progress ?? (isFile ? `${path}.tinygrid-progress` : undefined),
    isRestart: values.restart === true,
  }
}

/** For the command line and for completions. */
export const IMPORT_OPTIONS = {
  url: { type: 'string' },
  key: { type: 'string' },
  from: { type: 'string' },
  'adapt-codes': { type: 'boolean' },
  domain: { type: 'string', multiple: true },
  show: { type: 'string' },
  format: { type: 'string' },
  encoding: { type: 'string' },
  columns: { type: 'string' },
  delimiter: { type: 'string' },
  'ignore-columns': { type: 'string', multiple: true },
  'dry-run': { type: 'boolean' },
  output: { type: 'string' },
  errors: { type: 'string' },
  progress: { type: 'string' },
  restart: { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

function parseFormat(text: string | undefined): LinkFormat | undefined {
  if (text === undefined || isLinkFormat(text)) return text
  throw new CommandError(`--format takes ${LINK_FORMATS.join(', ')}, not ${text}`)
}

function parseSource(text: string | undefined): string | undefined {
  const name = text?.toLowerCase()
  if (name === undefined || SOURCE_NAMES.includes(name)) return name
  throw new CommandError(`--from takes ${SOURCE_NAMES.join(', ')}, not ${text}`)
}

function parseShown(text: string | undefined): number {
  if (text === undefined) return SHOWN_DEFAULT
  if (/^\d{1,6}$/.test(text)) return Number(text)
  throw new CommandError(`--show takes a number, not ${text}`)
}

function parseEncoding(text: string | undefined): TextEncoding | undefined {
  const name = text?.toLowerCase()
  if (name === undefined || isEncoding(name)) return name
  throw new CommandError(`--encoding takes ${ENCODINGS.join(', ')}, not ${text}`)
}

function parseDelimiter(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  if (text === 'tab' || text === '\\t') return '\t'
  if (/^[^"\r\n]$/.test(text)) return text
  throw new CommandError(`--delimiter takes one character or tab, not ${text}`)
}

function namesIn(lists: readonly string[] = []): string[] {
  return lists.flatMap((list) => list.split(',').map((name) => name.trim().toLowerCase()))
}
