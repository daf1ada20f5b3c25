/** What `tinygrid restore` takes on its command line, and its help. */
import { CommandError } from './command-error.ts'
import { readCommandLine } from './command-line.ts'

export const RESTORE_HELP = `Usage: tinygrid restore FILE [options]
       tinygrid restore s3://BUCKET/KEY [options]
       tinygrid restore --from-mongodb

Restores a backup, of one process or of a cluster, into the empty data directory that TINYGRID_DATA_DIR names, or
into the new cluster that NATS_URL, MONGO_URL and TINYGRID_NAMESPACE name; take the environment of the server
(or its tinygrid.toml) that is to be started then. The backup is read whole and checked before anything is written; where there is data
already, nothing is.

Options
  --check           reads the backup, says what it is of and whether it is whole, writes nothing
  --to TIME         of a backup that goes on (backup --follow): nothing that was changed after it, as
                    2030-01-31T12:00:00Z
  --move-aside      data in the data directory is moved into a directory within it (removed-TIME), not lost
  --from-mongodb    NATS has lost its data: makes new streams and buckets for the links that are in MongoDB.
                    What MongoDB did not have yet is lost (docs/backup.md)
  --help            this

Examples
  TINYGRID_DATA_DIR=/var/lib/tinygrid tinygrid restore links.tgb
  TINYGRID_DATA_DIR=/var/lib/tinygrid tinygrid restore links.tgb --to 2030-01-31T12:00:00Z
  NATS_URL=nats://n1 MONGO_URL=mongodb://m1 TINYGRID_API_KEY=... tinygrid restore links.tgb
`

export type RestoreOptions =
  | { readonly kind: 'check'; readonly place: string; readonly to: Date | undefined }
  | {
      readonly kind: 'restore'
      readonly place: string
      readonly to: Date | undefined
      readonly movesAside: boolean
    }
  | { readonly kind: 'adopt' }

/** undefined: help is wanted. */
export function parseRestoreOptions(args: readonly string[]): RestoreOptions | undefined {
  const { values, positionals } = readCommandLine(args, RESTORE_OPTIONS)
  if (values.help === true) return undefined
  const [place, ...more] = positionals
  const movesAside = values['move-aside'] === true
  if (values['from-mongodb'] === true) {
    const isAlone = place === undefined && values.to === undefined
    if (isAlone && !movesAside && values.check !== true) return { kind: 'adopt' }
    throw new CommandError('--from-mongodb stands alone (--help tells more)')
  }
  if (place === undefined || place === '-' || more.length > 0) {
    throw new CommandError(
      'Name one backup, a file or s3://bucket/key; it is read twice, so it cannot be a pipe (--help tells more)',
    )
  }
  const to = values.to === undefined ? undefined : timeIn(values.to)
  if (values.check !== true) return { kind: 'restore', place, to, movesAside }
  if (movesAside) throw new CommandError('--check writes nothing: it goes without --move-aside')
  return { kind: 'check', place, to }
}

/** With its zone: a time of the wall clock would be another one on another machine. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/

function timeIn(text: string): Date {
  const time = new Date(text)
  if (TIME.test(text) && !Number.isNaN(time.getTime())) return time
  throw new CommandError(`--to ${text} is no time with its zone, as 2030-01-31T12:00:00Z`)
}

/** For the command line and for completions. */
export const RESTORE_OPTIONS = {
  check: { type: 'boolean' },
  to: { type: 'string' },
  'move-aside': { type: 'boolean' },
  'from-mongodb': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const
