/**
 * A cluster on this machine: three servers and some nodes that share a port.
 *
 * Used by `npm run cluster`. Starts, stops and kills; what the nodes then do is their business, and
 * is told by their events. Nodes end before the servers do, so that they can hand over and flush.
 */
import path from 'node:path'
import { ROLES } from '../cluster/membership/lease.ts'
import { ClusterServices } from '../test/services/cluster-services.ts'
import type { ClusterServicesOptions } from '../test/services/cluster-services.ts'
import type { ClusterDirectory } from './cluster-directory.ts'
import { CommandError } from './command-error.ts'
import { NodeProcess } from './node-process.ts'

export interface LocalClusterOptions {
  readonly directory: ClusterDirectory
  readonly port: number
  /** undefined: free ones. */
  readonly serverPorts: ClusterServicesOptions['ports'] | undefined
  /** Settings for all nodes. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** A node ended that nobody had ended. */
  readonly onLost: (node: NodeProcess, how: string) => void
}

export const NAMESPACE = 'tinygrid'
/** Where the system does not spread connections over processes, each node has a port of its own. */
const SHARES_PORT = !['darwin', 'win32'].includes(process.platform)

export class LocalCluster {
  readonly #options: LocalClusterOptions
  readonly services: ClusterServices
  /** Every one that was started and has not ended, the oldest first. */
  #nodes: NodeProcess[] = []
  #started = 0
  /** Numbers of the data directories that nodes have; invariant: one each. */
  readonly #places = new Set<number>()

  private constructor(options: LocalClusterOptions, services: ClusterServices) {
    this.#options = options
    this.services = services
  }

  /** The servers, without a node yet. @throws CommandError */
  static async start(options: LocalClusterOptions): Promise<LocalCluster> {
    const { directory, serverPorts } = options
    try {
      const services = await ClusterServices.start({
        directory: directory.path,
        ...(serverPorts === undefined ? {} : { ports: serverPorts }),
      })
      return new LocalCluster(options, services)
    } catch (error) {
      throw new CommandError((error as Error).message.trim())
    }
  }

  get nodes(): readonly NodeProcess[] {
    return this.#nodes
  }

  /** Those that nobody is stopping. */
  get staying(): readonly NodeProcess[] {
    return this.#nodes.filter((node) => !node.isEnding)
  }

  /** Starts one more and waits until it listens. @throws CommandError */
  async addNode(): Promise<NodeProcess> {
    const { directory, onLost } = this.#options
    const name = directory.nextNode()
    const place = this.#takePlace()
    const env = this.#env(place)
    const node = new NodeProcess({ name, env, logFile: directory.logFileOf(name) })
    this.#nodes.push(node)
    let hasStarted = false
    void node.ended.then((how) => {
      this.#nodes = this.#nodes.filter((other) => other !== node)
      this.#places.delete(place)
      if (hasStarted && !node.isEnding) onLost(node, how)
    })
    hasStarted = await node.listens()
    if (!hasStarted) throw new CommandError(`${name} did not start: ${node.lastLine}`)
    return node
  }

  /** Nodes in order, all at once, then the servers. */
  async close(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.stop()))
    await this.services.close()
  }

  /** Everything at once. */
  async kill(): Promise<void> {
    const nodes = this.#nodes
    for (const node of nodes) node.kill()
    const { nats, redis, mongo } = this.services
    await Promise.all([nats, redis, mongo].map((service) => service.kill()))
    await Promise.all(nodes.map((node) => node.ended))
  }

  /** The first free one: what a node has stored of clicks, the next one there goes on with. */
  #takePlace(): number {
    let place = 1
    while (this.#places.has(place)) place++
    this.#places.add(place)
    return place
  }

  #env(place: number): Readonly<Record<string, string | undefined>> {
    const { directory, port, env } = this.#options
    return {
      ...env,
      ...this.services.env,
      TINYGRID_API_KEY: directory.apiKey,
      TINYGRID_NAMESPACE: NAMESPACE,
      TINYGRID_DATA_DIR: path.join(directory.path, 'nodes', String(place)),
      TINYGRID_ROLES: ROLES.join(','),
      TINYGRID_REUSE_PORT: String(SHARES_PORT),
      PORT: String(SHARES_PORT ? port : port + this.#started++),
    }
  }
}
