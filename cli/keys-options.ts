/** What `tinygrid keys` takes on its command line, and its help. */
import { KEY_ROLES } from '../cluster/keys/access-key.ts'
import { CommandError } from './command-error.ts'
import { readCommandLine } from './command-line.ts'

export const KEYS_HELP = `Usage: tinygrid keys list [options]
       tinygrid keys make NAME --role ROLE [options]
       tinygrid keys change ID [options]
       tinygrid keys revoke ID [options]

Keys to the HTTP interface: who has one, what it may do, when it was last used. A new key is printed on
standard output, once; the server keeps its hash alone. A revoked one opens nothing within a second, on any node; one
that is changed keeps its secret.

Roles
  read      look at links and figures
  create    make links too
  edit      change and delete them too
  admin     all: exports, webhooks, deletions of clicks, keys

Options
  --role ROLE        ${KEY_ROLES.join(', ')}
  --expires TIME     from then on it opens nothing, such as 2030-01-31T12:00:00Z
  --per-minute N     requests that each node answers it in a minute
                     (what a changed key is to be without: none, of tags and domains too)
  --tags A,B         it makes and changes only links with one of these tags; for create and edit
  --domains A,B      to it there are links on these domains alone; default is the default one
  --name NAME        of a key that is changed
  --json             answers of the interface as they are
  --url URL          the server (http://localhost:3000, or the port that PORT names)
  --key KEY          an admin's key (TINYGRID_API_KEY, or the api-key file in TINYGRID_DATA_DIR or ./data)
  --help             this

Exit code: 0 done, 2 it could not run, or the server does not answer, 3 refused.

Examples
  tinygrid keys make "Newsletter" --role create --per-minute 60
  tinygrid keys change 4k2m9xq0ab1c --domains go.example,s.example --tags none
  tinygrid keys list
`

export type KeysTask =
  | { readonly kind: 'list' }
  | { readonly kind: 'make'; readonly fields: Readonly<Record<string, unknown>> }
  | {
      readonly kind: 'change'
      readonly id: string
      readonly fields: Readonly<Record<string, unknown>>
    }
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
    if (values.role === undefined) throw new CommandError(`--role takes ${KEY_ROLES.join(', ')}`)
    return { ...rest, task: { kind: 'make', fields: { ...fieldsOf(values), name: subject } } }
  }
  if (word === 'change' && subject !== undefined) {
    const fields = fieldsOf(values)
    if (Object.keys(fields).length === 0) {
      throw new CommandError('Say what is to change, such as --role edit (--help tells more)')
    }
    return { ...rest, task: { kind: 'change', id: subject, fields } }
  }
  throw new CommandError(
    'Say list, make NAME --role ROLE, change ID, or revoke ID (--help tells more)',
  )
}

const NONE = 'none'

type Values = ReturnType<typeof readCommandLine<typeof KEYS_OPTIONS>>['values']

function fieldsOf({ name, role, expires, tags, domains, 'per-minute': perMinute }: Values) {
  if (perMinute !== undefined && perMinute !== NONE && !/^\d{1,9}$/.test(perMinute)) {
    throw new CommandError(`--per-minute takes a number, not ${perMinute}`)
  }
  const fields = {
    name,
    role,
    expiresAt: expires === NONE ? null : expires,
    requestsPerMinuteMax: perMinute === NONE ? null : perMinute && Number(perMinute),
    tags: listOf(tags),
    domains: listOf(domains),
  }
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

function listOf(text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined
  return text === NONE ? [] : text.split(',').map((one) => one.trim())
}

/** For the command line and for completions. */
export const KEYS_OPTIONS = {
  name: { type: 'string' },
  role: { type: 'string' },
  domains: { type: 'string' },
  expires: { type: 'string' },
  'per-minute': { type: 'string' },
  tags: { type: 'string' },
  json: { type: 'boolean' },
  url: { type: 'string' },
  key: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const
