/** What `tinygrid export` takes on its command line, and its help. */
import { CommandError } from './command-error.ts'
import { readCommandLine } from './command-line.ts'
import { formatOfName } from './link-format.ts'

export const EXPORT_HELP = `Usage: tinygrid export FILE [options]
       tinygrid export - [options] | ...

Writes every link to FILE, or to standard output (-), in no order: live, expired, used up and deleted
ones. Those that were purged are gone, and their codes are free.

Options
  --url URL         the server (TINYGRID_URL, or http://localhost:3000)
  --key KEY         its API key (TINYGRID_API_KEY, or the api-key file in TINYGRID_DATA_DIR or ./data)
  --format FORMAT   csv or ndjson; otherwise told by the file's ending, otherwise csv
  --json            how it ended, as JSON on standard output: {links, damaged}; not with -
  --help            this

What it writes, tinygrid import takes in as it was: links keep their codes, titles, tags, times, expiry,
visits and states, and to import it twice changes nothing. Cells that a spreadsheet would run as a formula get a leading apostrophe,
which the import takes off.

Exit code: 0 all is written, 1 some links are damaged and left out, 2 stopped, 3 the key is refused, 130 interrupted.

Examples
  tinygrid export links.csv
  tinygrid export - --format ndjson | gzip > links.ndjson.gz
`

export type ExportFormat = 'csv' | 'ndjson'

export interface ExportOptions {
  /** A file, or `-` for standard output. */
  readonly path: string
  readonly url: string | undefined
  readonly key: string | undefined
  readonly format: ExportFormat
  readonly isJson: boolean
}

/** undefined: help is wanted. */
export function parseExportOptions(args: readonly string[]): ExportOptions | undefined {
  const { values, positionals } = readCommandLine(args, EXPORT_OPTIONS)
  if (values.help === true) return undefined
  const [path, ...more] = positionals
  if (path === undefined || more.length > 0) {
    throw new CommandError('Name one file to write, or - for standard output (--help tells more)')
  }
  const format = values.format ?? formatOfName(path) ?? 'csv'
  if (format !== 'csv' && format !== 'ndjson') {
    throw new CommandError(`Links are exported as csv or ndjson, not as ${format}`)
  }
  const isJson = values.json === true
  if (isJson && path === '-') throw new CommandError('--json and - both want standard output')
  return { path, url: values.url, key: values.key, format, isJson }
}

/** For the command line and for completions. */
export const EXPORT_OPTIONS = {
  url: { type: 'string' },
  key: { type: 'string' },
  format: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const
