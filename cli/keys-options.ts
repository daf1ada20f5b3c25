/** What `tinygrid keys` takes on its command line, and its help. */
import { KEY_ROLES } from '../cluster/keys/access-key.ts'
import { CommandError } from './command-error.ts'
import { readCommandLine } from './command-line.ts'

export const KEYS_HELP = `Usage: tinygrid keys list [options]
       tinygrid keys make NAME --role ROLE [options]
       tinygrid keys revoke ID [options]

Keys to the HTTP interface: who has one, what it may do, when it was last used. A new key is printed on
standard output, once; the server keeps its hash alone. A revoked one opens nothing within a second, on any node.

Roles
  read      look at links and figures
  create    make links too
  edit      change and delete them too
  admin     all: exports, webhooks, deletions of clicks, keys

Options
  --role ROLE        ${KEY_ROLES.join(', ')}
  --expires TIME     from then on it opens nothing, such as 2030-01-31T12:00:00Z
  --per-minute N     requests that each node answers it in a minute
  --tags A,B         it makes and changes only links with one of these tags; for create and edit
  --json             answers of the interface as they are
  --url URL          the server (http://localhost:3000, or the port that PORT names)
  --key KEY          an admin's key (TINYGRID_API_KEY, or the api-key file in TINYGRID_DATA_DIR or ./data)
  --help             this

Exit code: 0 done, 2 it could not run, or the server does not answer, 3 refused.

Examples
  tinygrid keys make "Newsletter" --role create --per-minute 60
  tinygrid keys list
`

export type KeysTask =
  | { readonly kind: 'list' }
  | { readonly kind: 'make'; readonly fields: Readonly<Record<string, unknown>> }
  | { readonly kind: 'revoke'; readonly id: string }

export interface KeysOptions {
  readonly task: KeysTask
  readonly isJson: boolean
  readonly url: string | undefined
  readonly key: string | undefined
}

/** undefined: help is wanted. */
export function parseKeysOptions(args: readonly string[]): KeysOptions | undefined {
  const { values, positionals } = readCommandLine(args, KEYS_OPTIONS)
  if (values.help === true) return undefined
  const [word, subject, ...more] = positionals
  const { url, key } = values
  const rest = { isJson: values.json === true, url, key }
  if (more.length > 0)
    throw new CommandError('One name at a time; put quotes around one with spaces')
  if (word === 'list' && subject === undefined) return { ...rest, task: { kind: 'list' } }
  if (word === 'revoke' && subject !== undefined) {
    return { ...rest, task: { kind: 'revoke', id: subject } }
  }
  if (word === 'make' && subject !== undefined) {
    return { ...rest, task: { kind: 'make', fields: fieldsOf(subject, values) } }
  }
  throw new CommandError('Say list, make NAME --role ROLE, or revoke ID (--help tells more)')
}

function fieldsOf(
  name: string,
  values: ReturnType<typeof readCommandLine<typeof KEYS_OPTIONS>>['values'],
) {
  const { role, expires, tags, 'per-minute': perMinute } = values
  if (role === undefined) throw new CommandError(`--role takes ${KEY_ROLES.join(', ')}`)
  if (perMinute !== undefined && !/^\d{1,9}$/.test(perMinute)) {
    throw new CommandError(`--per-minute takes a number, not ${perMinute}`)
  }
  return {
    name,
    role,
    ...(expires === undefined ? {} : { expiresAt: expires }),
    ...(perMinute === undefined ? {} : { requestsPerMinuteMax: Number(perMinute) }),
    ...(tags === undefined ? {} : { tags: tags.split(',').map((tag) => tag.trim()) }),
  }
}

/** For the command line and for completions. */
export const KEYS_OPTIONS = {
  role: { type: 'string' },
  expires: { type: 'string' },
  'per-minute': { type: 'string' },
  tags: { type: 'string' },
  json: { type: 'boolean' },
  url: { type: 'string' },
  key: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const
