/** What `tinygrid backup` takes on its command line, and its help. */
import { CommandError } from './command-error.ts'
import { readCommandLine } from './command-line.ts'
import { isS3Place } from './s3-object.ts'

export const BACKUP_HELP = `Usage: tinygrid backup FILE [options]
       tinygrid backup - [options] | ...
       tinygrid backup s3://BUCKET/KEY [options]

Backs up a running server, or the cluster that it is a node of, while it serves: links in every state, keys as
hashes, webhooks and reports, blocked hosts, audited changes, as they are at one moment, the end of the backup; and
clicks. FILE appears under its name only when it is whole. docs/backup.md tells what is not in it, and how to restore.

Options
  --follow          goes on until it is interrupted: all that changes is added to FILE, from which any time in between
                    can be restored (tinygrid restore FILE --to TIME)
  --url URL         the server (TINYGRID_URL, or http://localhost:3000)
  --key KEY         its API key, of an admin (TINYGRID_API_KEY, or the api-key file in TINYGRID_DATA_DIR or ./data)
  --help            this

S3 and what speaks like it: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION, and
AWS_ENDPOINT_URL for servers that are not Amazon's.

Examples
  tinygrid backup links.tgb
  tinygrid backup --follow links.tgb
  tinygrid backup - | ssh elsewhere 'cat > links.tgb'
  AWS_ENDPOINT_URL=https://minio.example.org tinygrid backup s3://backups/links.tgb
`

export interface BackupOptions {
  /** A file, `-` for standard output, or `s3://bucket/key`. */
  readonly place: string
  readonly follows: boolean
  readonly url: string | undefined
  readonly key: string | undefined
}

/** undefined: help is wanted. */
export function parseBackupOptions(args: readonly string[]): BackupOptions | undefined {
  const { values, positionals } = readCommandLine(args, BACKUP_OPTIONS)
  if (values.help === true) return undefined
  const [place, ...more] = positionals
  if (place === undefined || more.length > 0) {
    throw new CommandError(
      'Name one file to write, s3://bucket/key, or - for standard output (--help tells more)',
    )
  }
  const follows = values.follow === true
  if (follows && isS3Place(place)) {
    throw new CommandError(
      '--follow writes a file or standard output: what S3 is given counts only at its end',
    )
  }
  return { place, follows, url: values.url, key: values.key }
}

/** For the command line and for completions. */
export const BACKUP_OPTIONS = {
  follow: { type: 'boolean' },
  url: { type: 'string' },
  key: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const
