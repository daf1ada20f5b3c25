/** What `npm run import` takes on its command line, and its help. */
import { parseArgs } from 'node:util'
import { CommandError } from './command-error.ts'
import { isLinkFormat, LINK_FORMATS, type LinkFormat } from './link-format.ts'
import { STANDARD_INPUT } from './input.ts'

export const IMPORT_HELP = `Usage: npm run import -- FILE [options]
       ... | npm run --silent import -- - [options]

Shortens every link of FILE, or of standard input (-), by bulk requests.

Formats
  text     one URL per line; after white space the code it should get, if any; # starts a comment
  csv      a header with url and any of code, title, tags (a;b), expiresAt, maxVisits
  ndjson   one object per line with the same fields

Options
  --url URL         the server (http://localhost:3000, or the port that PORT names)
  --key KEY         its API key (TINYGRID_API_KEY, or the api-key file in TINYGRID_DATA_DIR or ./data)
  --format FORMAT   text, csv or ndjson; otherwise told by the file's ending, then by its first lines
  --output FILE     write url, shortUrl, code and status of every link as CSV
  --errors FILE     where to list what failed, as CSV (FILE.errors.csv; for - standard error)
  --progress FILE   where to keep how far it came (FILE.tinygrid-progress; for - nowhere)
  --restart         start afresh, whatever the progress file says
  --help            this

An import that was interrupted, in whatever way, continues when the same command is given again.
Cells that a spreadsheet would run as a formula are written with a leading apostrophe, and read
without it.

Exit code: 0 all done, 1 some links failed, 2 stopped, 130 interrupted.
`

export interface ImportOptions {
  readonly path: string
  readonly url: string | undefined
  readonly key: string | undefined
  readonly format: LinkFormat | undefined
  readonly outputPath: string | undefined
  readonly errorsPath: string | undefined
  readonly progressPath: string | undefined
  readonly isRestart: boolean
}

/** undefined: help is wanted. */
export function parseImportOptions(args: readonly string[]): ImportOptions | undefined {
  const { values, positionals } = parse(args)
  if (values.help === true) return undefined
  const [path, ...more] = positionals
  if (path === undefined || more.length > 0) {
    throw new CommandError('Name one file to import, or - for standard input (--help tells more)')
  }
  const isFile = path !== STANDARD_INPUT
  return {
    path,
    url: values.url,
    key: values.key,
    format: parseFormat(values.format),
    outputPath: values.output,
    errorsPath: values.errors ?? (isFile ? `${path}.errors.csv` : undefined),
    progressPath: values.progress ?? (isFile ? `${path}.tinygrid-progress` : undefined),
    isRestart: values.restart === true,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        url: { type: 'string' },
        key: { type: 'string' },
        format: { type: 'string' },
        output: { type: 'string' },
        errors: { type: 'string' },
        progress: { type: 'string' },
        restart: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    throw new CommandError(`${(error as Error).message} (--help tells more)`)
  }
}

function parseFormat(text: string | undefined): LinkFormat | undefined {
  if (text === undefined || isLinkFormat(text)) return text
  throw new CommandError(`--format takes ${LINK_FORMATS.join(', ')}, not ${text}`)
}
