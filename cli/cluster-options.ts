/** What `npm run cluster` takes on its command line, and its help. */
import { CommandError } from './command-error.ts'
import { readCommandLine } from './command-line.ts'

export const CLUSTER_HELP = `Usage: npm run cluster -- [options]

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

Settings of the nodes (TINYGRID_...) are taken from the environment; npm start -- --help tells them.
TINYGRID_API_KEY is the key if it is set.
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
}

/** undefined: help is wanted. */
export function parseClusterOptions(args: readonly string[]): ClusterOptions | undefined {
  const { values } = readCommandLine(args, CLUSTER_OPTIONS, false)
  if (values.help === true) return undefined
  return {
    nodes: integer('--nodes', values.nodes ?? NODES_DEFAULT, 1, NODES_MAX),
    port: integer('--port', values.port ?? PORT_DEFAULT, 0, 65_535),
    dataDir: values.data,
  }
}

function integer(name: string, text: string, min: number, max: number): number {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : NaN
  if (value >= min && value <= max) return value
  throw new CommandError(`${name} takes a number from ${min} to ${max}, not "${text}"`)
}

/** For the command line and for completions. */
export const CLUSTER_OPTIONS = {
  nodes: { type: 'string' },
  port: { type: 'string' },
  data: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const
