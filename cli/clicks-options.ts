/** What `tinygrid clicks` takes on its command line, and its help. */
import { CommandError } from './command-error.ts'
import { readCommandLine } from './command-line.ts'

export const CLICKS_HELP = `Usage: tinygrid clicks --follow [options] | ...

Writes what happens on a server to standard output, one JSON object a line, until it is stopped: clicks, and
changes of links. Each line has the id of its event, and that of a click never changes.

Options
  --follow          goes on for ever; there is no other way yet
  --position FILE   keeps the id up to which lines were written; the same command goes on behind it
  --from-start      without a position: begins with the oldest that the click log has, not with now
  --event EVENT     only clicks (click) or only changes (change)
  --bots CHOICE     include (the default), exclude, only
  --code CODE       only of this link; may be given several times
  --url URL         the server (TINYGRID_URL, or http://localhost:3000)
  --key KEY         its API key (TINYGRID_API_KEY, or the api-key file in TINYGRID_DATA_DIR or ./data)
  --help            this

The position is saved after its lines were written, so nothing is missing after any end. After a kill some
lines may come twice: with the same id. A server that is away is asked again for as long as it takes. What the click log no longer
had when the command came back is told on standard error.

Exit code: 2 it could not run, 3 the key is refused; else it goes on until it is stopped (130), or read no more (141).

Examples
  tinygrid clicks --follow
  tinygrid clicks --follow --event click --bots exclude --position clicks.position >> clicks.ndjson
`

export interface ClicksOptions {
  /** undefined: no position is kept. */
  readonly position: string | undefined
  readonly isFromStart: boolean
  /** For the query string. */
  readonly filters: readonly (readonly [name: string, value: string])[]
  readonly url: string | undefined
  readonly key: string | undefined
}

/** undefined: help is wanted. */
export function parseClicksOptions(args: readonly string[]): ClicksOptions | undefined {
  const { values } = readCommandLine(args, CLICKS_OPTIONS, false)
  if (values.help === true) return undefined
  if (values.follow !== true) throw new CommandError('Give --follow (--help tells more)')
  const filters = (['event', 'bots'] as const).flatMap((name) => {
    const value = values[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return {
    position: values.position,
    isFromStart: values['from-start'] === true,
    filters: [...filters, ...(values.code ?? []).map((code) => ['code', code] as const)],
    url: values.url,
    key: values.key,
  }
}

/** For the command line and for completions. */
export const CLICKS_OPTIONS = {
  follow: { type: 'boolean' },
  position: { type: 'string' },
  'from-start': { type: 'boolean' },
  event: { type: 'string' },
  bots: { type: 'string' },
  code: { type: 'string', multiple: true },
  url: { type: 'string' },
  key: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const
