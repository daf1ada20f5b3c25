/**
 * `npm run cluster`: a cluster on this machine in one command, to look at, to try and to break.
 *
 * Starts the servers and the nodes, says what is where, tells what happens, and does what the keys
 * ask for. The first Ctrl-C (or q, or SIGTERM) stops everything in order, the second one at once.
 * Without a terminal there are no keys, and the rest is the same.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { connectNats } from '../cluster/nats/nats-connection.ts'
import { supplyPrograms } from '../test/services/program-supply.ts'
import { PROGRAM_NAMES } from '../test/services/service-program.ts'
import { ClusterDirectory } from './cluster-directory.ts'
import { CLUSTER_HELP, parseClusterOptions, type ClusterOptions } from './cluster-options.ts'
import { portOfNodes, portsOfServers } from './cluster-ports.ts'
import { ClusterSession } from './cluster-session.ts'
import { KEYS_LINE, summaryOf } from './cluster-summary.ts'
import { CommandError, EXIT_CODES, runCommand } from './command-error.ts'
import { CTRL_C, onKeyPress } from './key-presses.ts'
import { LocalCluster } from './local-cluster.ts'
import type { NodeProcess } from './node-process.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const QUIT_KEYS = new Set(['q', CTRL_C, '\u0004'])
const READY_TIMEOUT_MS = 60_000
const READY_POLL_MS = 50

const say = (line: string) => console.log(line)

/** Becomes true when the end is wanted; what ends everything at once is then a second wish. */
const stop = new AbortController()
let endAtOnce: () => Promise<void> = async () => {}

await runCommand(async () => {
  const options = parseClusterOptions(process.argv.slice(2))
  if (options === undefined) {
    process.stdout.write(CLUSTER_HELP)
    return EXIT_CODES.done
  }
  for (const signal of SIGNALS) process.on(signal, wishToStop)
  await supply()
  const kept = await run(options)
  say(kept === undefined ? 'Stopped.' : `Stopped. The data is kept in ${kept}`)
  return EXIT_CODES.done
})
process.exit()

function wishToStop(): void {
  if (!stop.signal.aborted) {
    say('Stopping in order; Ctrl-C again ends everything at once.')
    stop.abort()
    return
  }
  void endAtOnce().finally(() => process.exit(EXIT_CODES.interrupted))
}

async function supply(): Promise<void> {
  const missing = await supplyPrograms(PROGRAM_NAMES, (name, line) => say(`${name}: ${line}`))
  // The command line of NATS is for people; the cluster does without it.
  const lacking = [...missing].filter(([name]) => name !== 'nats-cli')
  if (lacking.length === 0) return
  const lines = lacking.map(([name, reason]) => `The server for ${name} is missing: ${reason}`)
  throw new CommandError(lines.join('\n'))
}

/** @returns where the data is kept, if it is */
async function run(options: ClusterOptions): Promise<string | undefined> {
  const port = await portOfNodes(options.port)
  const serverPorts = await portsOfServers(options.port)
  for (const warning of options.warnings) say(warning)
  const apiKey = options.env['TINYGRID_API_KEY'] || undefined
  const directory = await ClusterDirectory.open(options.dataDir, apiKey)
  endAtOnce = async () => directory.removeUnkept()
  try {
    say('Starting NATS, Redis and MongoDB.')
    const cluster = await LocalCluster.start({
      directory,
      port,
      serverPorts,
      env: options.env,
      onLost: (node, how) => say(`${node.name} has ended by itself: ${how}${lastWordsOf(node)}`),
    })
    endAtOnce = async () => {
      await cluster.kill()
      directory.removeUnkept()
    }
    try {
      await attend(cluster, directory, options.nodes)
    } finally {
      await cluster.close()
    }
    return directory.isKept ? directory.path : undefined
  } finally {
    await directory.close()
  }
}

function lastWordsOf({ lastLine }: NodeProcess): string {
  return lastLine === '' ? '' : `; it last said: ${lastLine}`
}

/** From the start of the nodes until the end is wanted. */
async function attend(cluster: LocalCluster, directory: ClusterDirectory, nodes: number) {
  const connection = await connectNats({ url: cluster.services.nats.url, name: 'npm run cluster' })
  const session = new ClusterSession({ cluster, connection, say })
  session.follow()
  say(`Starting ${nodes === 1 ? 'a node' : `${nodes} nodes`}.`)
  const leaveKeys = onKeyPress(process.stdin, (key) => {
    if (QUIT_KEYS.has(key)) wishToStop()
    else void session.press(key)
  })
  try {
    await Promise.all(Array.from({ length: nodes }, () => cluster.addNode()))
    await ready(cluster.nodes[0]!.url!)
    say(summaryOf(cluster, directory))
    say(process.stdin.isTTY ? KEYS_LINE : 'Stop it with SIGTERM.')
    await stopWanted()
    await Promise.all(cluster.nodes.map((node) => node.stop()))
    say('The nodes have ended; stopping the servers.')
  } finally {
    await connection.close()
    leaveKeys()
  }
}

/** Until every partition has an owner. */
async function ready(url: string): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS
  while (!stop.signal.aborted) {
    const answer = await fetch(`${url}/health/ready`).catch(() => undefined)
    if (answer?.ok === true) return
    if (performance.now() > deadline) throw new CommandError('The cluster did not become ready.')
    await sleep(READY_POLL_MS)
  }
}

function stopWanted(): Promise<void> {
  return new Promise((resolve) => {
    if (stop.signal.aborted) resolve()
    else stop.signal.addEventListener('abort', () => resolve())
  })
}
