/**
 * A cluster under measurement: the real servers, and nodes as `npm start` runs them.
 *
 * Servers and nodes share the machine with the load. Where a partition is, and what a move cost, is
 * what a node answers on `GET /api/cluster`. The nodes are killed at the end, as nobody needs their
 * links any more.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClusterStatus } from '../cluster/observer/cluster-status.ts'
import type { Code, NodeId } from '../links/ids.ts'
import { Ring } from '../links/ring.ts'
import { ClusterServices, type ClusterServicesOptions } from '../test/services/cluster-services.ts'
import { createLinks } from './link-creation.ts'
import type { VisitedLink } from './link-set.ts'
import type { CpuUser } from './load.ts'
import type { Bench } from './scenario.ts'
import { API_KEY, cpuMsOf, type ServerProcess } from './server-process.ts'
import { untilComplete, untilFlushed } from './server-metrics.ts'

export interface BenchNode {
  readonly id: NodeId
  readonly server: ServerProcess
}

export interface BenchNodeOptions {
  readonly isFastPathOn?: boolean
  readonly hasClickSwitch?: boolean
  readonly env?: Readonly<Record<string, string>>
}

/** That another node has ended is no news here. */
const QUIET = { TINYGRID_LOG_LEVEL: 'error' }
const SETTLE_TIMEOUT_MS = 120_000
const ASK_EVERY_MS = 50
const FLUSH_TIMEOUT_MS = 1_800_000

export class BenchCluster {
  readonly services: ClusterServices
  readonly #bench: Bench
  #nodes: BenchNode[] = []
  #started = 0

  private constructor(bench: Bench, services: ClusterServices) {
    this.#bench = bench
    this.services = services
  }

  /** Settled. Ends with the scenario. */
  static async start(
    bench: Bench,
    nodes: readonly BenchNodeOptions[],
    services: ClusterServicesOptions = {},
  ): Promise<BenchCluster> {
    const cluster = new BenchCluster(bench, await ClusterServices.start(services))
    bench.atEnd(() => cluster.#end())
    await Promise.all(nodes.map((options) => cluster.addNode(options)))
    await cluster.settled()
    return cluster
  }

  get nodes(): readonly BenchNode[] {
    return this.#nodes
  }

  get servers(): readonly ServerProcess[] {
    return this.#nodes.map(({ server }) => server)
  }

  /** The links whose owner a node is, and those whose it is not. */
  async linksOf(
    { id }: BenchNode,
    links: readonly VisitedLink[],
  ): Promise<{ own: VisitedLink[]; others: VisitedLink[] }> {
    const { table } = await this.status()
    const ring = new Ring(table.partitions)
    const isOwn = ({ code }: VisitedLink) => {
      const [owner] = table.rows[ring.partitionOf(code as Code)]!
      return table.nodes[owner] === id
    }
    return { own: links.filter(isOwn), others: links.filter((link) => !isOwn(link)) }
  }

  get ports(): readonly number[] {
    return this.servers.map(({ port }) => port)
  }

  /** NATS, for the sums of CPU time. */
  get nats(): CpuUser {
    return { cpuMs: () => cpuMsOf(this.services.nats.pid) }
  }

  /** Spawned, not waited for. */
  async addNode(options: BenchNodeOptions = {}): Promise<BenchNode> {
    const id = `bench-${++this.#started}` as NodeId
    const env = { ...this.services.env, TINYGRID_NODE_ID: id, ...QUIET, ...options.env }
    const dataDir = this.#bench.emptyDataDir()
    const server = await this.#bench.spawn({ ...options, dataDir, env })
    const node = { id, server }
    this.#nodes.push(node)
    return node
  }

  async kill(node: BenchNode): Promise<void> {
    this.#nodes = this.#nodes.filter((other) => other !== node)
    await node.server.kill()
  }

  /** As SIGTERM does it: returns when it has handed over everything and ended. */
  async stop(node: BenchNode): Promise<void> {
    this.#nodes = this.#nodes.filter((other) => other !== node)
    await node.server.stop()
  }

  /** Creates links through all nodes; the codes are in the order of the links' numbers. */
  async load(links: number): Promise<string[]> {
    this.#bench.say(`  loading ${links} links ...`)
    const startedAt = performance.now()
    const codes = await createLinks(this.servers, links)
    const createdAt = performance.now()
    await this.flushed()
    const flushedAt = performance.now()
    const seconds = [createdAt - startedAt, flushedAt - startedAt].map((ms) => ms / 1000)
    const [created, flushed] = seconds.map((time) => Math.round(time))
    this.#bench.say(`  acknowledged within ${created} s, in the store after ${flushed} s`)
    return codes
  }

  /** Until the store has every write. */
  async flushed(): Promise<void> {
    for (const server of this.servers) await untilFlushed(server, FLUSH_TIMEOUT_MS)
  }

  /** Until every link is in memory. */
  async complete(): Promise<void> {
    for (const server of this.servers) await untilComplete(server)
  }

  /** Until the nodes that run own every partition in equal parts and none is to move. */
  async settled(): Promise<void> {
    const deadline = performance.now() + SETTLE_TIMEOUT_MS
    while (!(await this.#isSettled())) {
      if (this.servers.some((server) => server.hasEnded)) throw new Error('a node has ended')
      if (performance.now() > deadline) throw new Error('the cluster does not settle')
      await sleep(ASK_EVERY_MS)
    }
  }

  /** What the first node sees. */
  async status(): Promise<ClusterStatus> {
    const url = `${this.#nodes[0]!.server.url}/api/cluster`
    const response = await fetch(url, { headers: { 'x-api-key': API_KEY } })
    if (response.status !== 200) throw new Error(`/api/cluster: ${await response.text()}`)
    return (await response.json()) as ClusterStatus
  }

  async #isSettled(): Promise<boolean> {
    const status = await this.status().catch(() => undefined)
    if (status === undefined) return false
    const { nodes, rows } = status.table
    const owned = new Map(this.#nodes.map(({ id }) => [id, 0]))
    for (const [owner, , target] of rows) {
      const count = owned.get(nodes[owner] ?? ('' as NodeId))
      if (count === undefined || target >= 0) return false
      owned.set(nodes[owner]!, count + 1)
    }
    return Math.max(...owned.values()) - Math.min(...owned.values()) <= 1
  }

  async #end(): Promise<void> {
    // A profile is written by a process that ends by itself.
    const isProfiled = this.#bench.options.profileFolder !== undefined
    const end = (server: ServerProcess) => (isProfiled ? server.stop() : server.kill())
    await Promise.all(this.servers.map(end))
    await this.services.close()
  }
}
