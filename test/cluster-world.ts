/**
 * A whole cluster for scenarios: real servers, and nodes that are processes of the real program.
 *
 * Nodes are started, stopped, killed and frozen here, so the world knows which of them a load
 * balancer would send requests to (`pick`). It reads the table and the controller where the nodes
 * keep them, in NATS. Everything ends with the test.
 */
import type { ExecutionContext } from 'ava'
import type { Code, NodeId, PartitionId } from '../links/ids.ts'
import { Ring } from '../links/ring.ts'
import { Random } from '../simulation/random.ts'
import { ClusterView } from './cluster-view.ts'
import { until } from './deadline.ts'
import { Program, temporaryDirectory } from './program.ts'
import type { OwnNetwork } from './services/own-network.ts'
import { ClusterServices } from './services/cluster-services.ts'

/** A node may be waited for so long until it owns its part, hands it off, or has taken one over. */
const SETTLE_MS_MAX = 60_000
const PARTITIONS_DEFAULT = 256

export interface ClusterWorldOptions {
  readonly nodes: number
  readonly seed?: number
  /** 1 or 3. */
  readonly natsServers?: number
  /** Of the last one of them. */
  readonly network?: OwnNetwork
  /** Settings of all nodes. */
  readonly env?: Readonly<Record<string, string>>
  /** See `ClusterWorld.main`. */
  readonly main?: string
}

/** A test, or what stands in for one. */
export type Surroundings = Pick<ExecutionContext, 'passed' | 'teardown'> & {
  log(...values: readonly unknown[]): void
}

export class ClusterNode {
  readonly id: NodeId
  readonly program: Program
  /** Whether a load balancer sends requests here. */
  takesRequests: boolean

  constructor(id: NodeId, program: Program, takesRequests: boolean) {
    this.id = id
    this.program = program
    this.takesRequests = takesRequests
  }
}

export class ClusterWorld {
  readonly services: ClusterServices
  readonly view: ClusterView
  readonly random: Random
  readonly ring: Ring
  /** Settings of all nodes, and of who else joins. */
  readonly env: Readonly<Record<string, string>>
  /** What nodes run that are started from now on; undefined: today's program. */
  main: string | undefined
  readonly #t: Surroundings
  readonly #dataDir: string
  #nodes: ClusterNode[] = []
  #started = 0
  #codes = 0

  private constructor(
    t: Surroundings,
    options: ClusterWorldOptions,
    services: ClusterServices,
    view: ClusterView,
  ) {
    this.#t = t
    this.services = services
    this.view = view
    this.random = new Random(options.seed ?? 1)
    this.env = { ...services.env, TINYGRID_LOG_LEVEL: 'warn', ...options.env }
    this.main = options.main
    this.ring = new Ring(Number(options.env?.['TINYGRID_PARTITIONS'] ?? PARTITIONS_DEFAULT))
    this.#dataDir = temporaryDirectory(t)
  }

  /** Servers and nodes; returns when every partition is owned and none is to move. */
  static async start(t: Surroundings, options: ClusterWorldOptions): Promise<ClusterWorld> {
    const { natsServers = 1, network } = options
    const services = await ClusterServices.start({
      isGuarded: true,
      natsServers,
      ...(network !== undefined && { network }),
    })
    t.teardown(() => services.close())
    const view = await ClusterView.open(services.natsCluster.url, undefined, natsServers)
    t.teardown(() => view.close())
    const world = new ClusterWorld(t, options, services, view)
    t.teardown(() => world.end())
    await world.addNodes(options.nodes)
    return world
  }

  /** Every node that runs, frozen ones too. */
  get nodes(): readonly ClusterNode[] {
    return this.#nodes
  }

  /** Starts a node; it may still have no partition then. */
  async addNode(takesRequests = true): Promise<ClusterNode> {
    const id = `n${++this.#started}` as NodeId
    const env = { ...this.env, TINYGRID_NODE_ID: id }
    const main = this.main === undefined ? {} : { main: this.main }
    const program = await Program.start({ dataDir: this.#dataDir, env, ...main })
    const node = new ClusterNode(id, program, takesRequests)
    this.#nodes.push(node)
    return node
  }

  async addNodes(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.addNode()))
    await this.settled()
  }

  /** Whether any node takes requests. */
  get isUp(): boolean {
    return this.#nodes.some((node) => node.takesRequests)
  }

  /** A node that a load balancer would send the next request to. */
  pick(): ClusterNode {
    return this.random.pick(this.#nodes.filter((node) => node.takesRequests))
  }

  /** Any node that runs; chosen by the seed. */
  pickVictims(count: number): ClusterNode[] {
    const rest = [...this.#nodes]
    return Array.from({ length: count }, () => {
      return rest.splice(this.random.int(0, rest.length - 1), 1)[0]!
    })
  }

  nodeOf(id: NodeId): ClusterNode | undefined {
    return this.#nodes.find((node) => node.id === id)
  }

  /** As a crash would. The requests that it has are cut off. */
  async kill(node: ClusterNode): Promise<void> {
    node.takesRequests = false
    this.#nodes = this.#nodes.filter((other) => other !== node)
    await node.program.kill()
  }

  /**
   * As an operator would. Requests go elsewhere as soon as it says that it is not ready.
   * @param ask does it in another way than by SIGTERM
   */
  async stop(node: ClusterNode, ask?: () => Promise<void>): Promise<number | null> {
    const stopped = ask === undefined ? this.terminate(node) : this.#askedToEnd(node, ask)
    await until('a stopping node is not ready', SETTLE_MS_MAX, async () => {
      return !(await isReady(node.program))
    })
    node.takesRequests = false
    return stopped
  }

  async #askedToEnd(node: ClusterNode, ask: () => Promise<void>): Promise<number | null> {
    await ask()
    const code = await node.program.ended()
    this.#nodes = this.#nodes.filter((other) => other !== node)
    return code
  }

  /** SIGTERM, and its exit code; where requests go is the caller's business. */
  async terminate(node: ClusterNode, timeoutMs?: number): Promise<number | null> {
    const code = await node.program.stop(timeoutMs)
    this.#nodes = this.#nodes.filter((other) => other !== node)
    return code
  }

  /** As a power cut of everything would. */
  async killAll(): Promise<void> {
    const { natsCluster, redis, mongo } = this.services
    const nodes = [...this.#nodes]
    await Promise.all([
      ...nodes.map((node) => this.kill(node)),
      ...[...natsCluster.servers, redis, mongo].map((service) => service.kill()),
    ])
  }

  freeze(node: ClusterNode): void {
    node.takesRequests = false
    node.program.freeze()
  }

  thaw(node: ClusterNode): void {
    node.program.thaw()
    node.takesRequests = true
  }

  /** Waits until the running nodes own every partition in equal parts and none is to move. */
  async settled(): Promise<void> {
    try {
      await until('every partition has its owner', SETTLE_MS_MAX, () => this.#isSettled())
    } catch (cause) {
      throw new Error(await this.view.summary(), { cause })
    }
  }

  async #isSettled(): Promise<boolean> {
    const counts = new Map(this.#nodes.map(({ id }) => [id, 0]))
    const rows = (await this.view.table())?.rows ?? []
    for (const { owner, target } of rows) {
      const count = owner === null || target !== null ? undefined : counts.get(owner)
      if (count === undefined) return false
      counts.set(owner!, count + 1)
    }
    return rows.length > 0 && Math.max(...counts.values()) - Math.min(...counts.values()) <= 1
  }

  /** One free code for each partition. */
  newCodes(): Code[] {
    const codes = new Map<PartitionId, Code>()
    while (codes.size < this.ring.partitions) {
      const code = this.newCode()
      const partition = this.ring.partitionOf(code)
      if (!codes.has(partition)) codes.set(partition, code)
    }
    return [...codes.values()]
  }

  newCode(): Code {
    return `k${(this.#codes++).toString(36)}` as Code
  }

  /** Kills what is left, and shows what the nodes said if the test has failed. */
  async end(): Promise<void> {
    const nodes = this.#nodes
    this.#nodes = []
    await Promise.all(nodes.map(({ program }) => program.kill()))
    if (!this.#t.passed)
      for (const { id, program } of nodes) this.#t.log(id, program.output.slice(-4000))
  }
}

async function isReady(program: Program): Promise<boolean> {
  try {
    const response = await fetch(`${program.url}/health/ready`)
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}
