/** What `npm run cluster` takes on its command line, and its help. */
import { readConfig, SETTINGS_LIST } from '../config.ts'
import { withOrigins, type Env } from '../node/given-settings.ts'
import { collectSettings } from '../node/program-options.ts'
import { withSecretFiles } from '../node/secret-files.ts'
import { flagLayer, flagOptions, withFlagValues } from '../node/setting-flags.ts'
import { ConfigError } from '../node/setting.ts'
import { FILE_VARIABLE, NO_FILE } from '../node/settings-file.ts'
import { CommandError } from './command-error.ts'
import { readCommandLine } from './command-line.ts'

export const CLUSTER_HELP = `Usage: tinygrid cluster [options]
       npm run cluster -- [options]

Starts NATS, Redis and MongoDB on this machine and a cluster of nodes that share one port. Gets the
servers first where they are missing (npm run services does the same).

Options
  --nodes N     how many nodes to start with (3)
  --port PORT   where the web page and the links are (3000); 0 picks free ports for everything
  --data DIR    keeps all data and the API key there; without it they are gone at the end
  --help        this

Keys while it runs
  +  add a node
  -  stop the newest one in order: it hands its partitions over first
  k  kill the oldest one, as a power cut would
  l  list the nodes
  ?  tell the keys
  q  stop everything in order, as Ctrl-C does; a second Ctrl-C ends everything at once

Settings of the nodes are flags too, or environment variables, or keys of tinygrid.toml (--config FILE names
another one, none none); tinygrid serve --help tells them. Where the servers are, where data are kept and what else
the nodes of one machine must have alike or not is for the command to say: such settings are passed over.

Examples
  tinygrid cluster
  tinygrid cluster --nodes 5 --port 8080 --data ./cluster-data --memory-max 512MB
`

export const NODES_MAX = 16
const PORT_DEFAULT = '3000'
const NODES_DEFAULT = '3'

export interface ClusterOptions {
  readonly nodes: number
  /** 0: free ports for the nodes and for the servers. */
  readonly port: number
  /** undefined: nothing is kept. */
  readonly dataDir: string | undefined
  /** Settings for all nodes, secrets read from their files. */
  readonly env: Env
  /** What is no mistake, but should be mended. */
  readonly warnings: readonly string[]
}

/** undefined: help is wanted. @throws CommandError */
export function parseClusterOptions(
  args: readonly string[],
  env: Env = process.env,
): ClusterOptions | undefined {
  const all = withFlagValues(args, NODE_SETTINGS)
  const { values } = readCommandLine(all, CLUSTER_OPTIONS, false)
  if (values.help === true) return undefined
  const nodes = integer('--nodes', values.nodes ?? NODES_DEFAULT, 1, NODES_MAX)
  const given = settingsOf(values, env)
  const port = values.port ?? (given.env['PORT'] || PORT_DEFAULT)
  return { ...given, nodes, port: integer('--port', port, 0, 65_535), dataDir: values.data }
}

/** For all nodes: checked before a server is started. @throws CommandError */
function settingsOf(values: { readonly config?: string | undefined }, env: Env) {
  try {
    const { config } = values
    const given = collectSettings({ config, flags: flagLayer(NODE_SETTINGS, values) }, env)
    const owned = new Set([...OWNED].flatMap((name) => [name, `${name}_FILE`]))
    const kept = Object.entries(given.env).filter(([name]) => !owned.has(name))
    const nodes = withOrigins(given, () => {
      const resolved = withSecretFiles(SETTINGS_LIST, Object.fromEntries(kept))
      const key = resolved['TINYGRID_API_KEY'] || ANY_KEY
      readConfig({ ...resolved, ...ANY_SERVERS, TINYGRID_API_KEY: key })
      return resolved
    })
    const port = given.env['PORT']
    const more = port === undefined ? {} : { PORT: port }
    return { env: { ...nodes, ...more, [FILE_VARIABLE]: NO_FILE }, warnings: given.warnings }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new CommandError(error.message)
  }
}

function integer(name: string, text: string, min: number, max: number): number {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : NaN
  if (value >= min && value <= max) return value
  throw new CommandError(`${name} takes a number from ${min} to ${max}, not "${text}"`)
}

/** What the command itself says to each node. */
const OWNED = new Set([
  'PORT',
  'NATS_URL',
  'NATS_SYSTEM_URL',
  'MONGO_URL',
  'REDIS_URL',
  'TINYGRID_NAMESPACE',
  'TINYGRID_DATA_DIR',
  'TINYGRID_ROLES',
  'TINYGRID_REUSE_PORT',
  'TINYGRID_NODE_ID',
])
const NODE_SETTINGS = SETTINGS_LIST.filter(({ name }) => !OWNED.has(name))
/** In the place of what is known only later. */
const ANY_SERVERS = { NATS_URL: 'nats://127.0.0.1', MONGO_URL: 'mongodb://127.0.0.1' }
const ANY_KEY = 'in-the-place-of-the-key'

/** For the command line and for completions. */
export const CLUSTER_OPTIONS = {
  ...flagOptions(NODE_SETTINGS),
  nodes: { type: 'string' },
  port: { type: 'string' },
  data: { type: 'string' },
  config: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const
