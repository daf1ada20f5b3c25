/**
 * A cluster of this machine as a person has it in hand: keys in, lines out.
 *
 * Used by `npm run cluster`. Each key does its work on its own, so that two presses of + start two
 * nodes at once; what goes wrong is a line, and the cluster goes on.
 */
import type { NatsConnection } from 'nats'
import { followEvents } from '../cluster/nats/nats-events.ts'
import { namesOf } from '../cluster/nats/namespace.ts'
import { ClusterNews } from './cluster-news.ts'
import { NODES_MAX } from './cluster-options.ts'
import { KEYS_LINE } from './cluster-summary.ts'
import { NAMESPACE, type LocalCluster } from './local-cluster.ts'
import type { NodeProcess } from './node-process.ts'

export interface ClusterSessionOptions {
  readonly cluster: LocalCluster
  readonly connection: NatsConnection
  readonly say: (line: string) => void
}

interface ToldTable {
  readonly controller: string | null
  readonly nodes: readonly { node: string; state: string; partitions: number }[]
}

const ASK_TIMEOUT_MS = 2_000

export class ClusterSession {
  readonly #options: ClusterSessionOptions
  readonly #news = new ClusterNews()
  readonly #actions: Readonly<Record<string, () => Promise<void> | void>> = {
    '+': () => this.#add(),
    '-': () => this.#stop(),
    k: () => this.#kill(),
    l: () => this.#list(),
    '?': () => this.#options.say(KEYS_LINE),
  }

  constructor(options: ClusterSessionOptions) {
    this.#options = options
  }

  /** Tells what happens from now on, until the connection ends. */
  follow(): void {
    const { connection, say } = this.#options
    followEvents(connection, NAMESPACE, (event) => {
      for (const line of this.#news.linesOf(event)) say(line)
    })
  }

  /** Does what the key stands for; other keys do nothing. */
  async press(key: string): Promise<void> {
    try {
      await this.#actions[key]?.()
    } catch (error) {
      this.#options.say((error as Error).message)
    }
  }

  async #add(): Promise<void> {
    const { cluster, say } = this.#options
    if (cluster.nodes.length >= NODES_MAX) return say(`There are ${NODES_MAX} nodes: enough.`)
    say('Starting another node.')
    const node = await cluster.addNode()
    say(`${node.name} listens on ${node.url} (pid ${node.pid})`)
  }

  async #stop(): Promise<void> {
    const node = this.#spare((all) => all.at(-1))
    if (node === undefined) return
    this.#options.say(`Stopping ${node.name} in order.`)
    await node.stop()
    this.#options.say(`${node.name} has ended: ${await node.ended}`)
  }

  async #kill(): Promise<void> {
    const node = this.#spare((all) => all[0])
    if (node === undefined) return
    this.#options.say(`Killing ${node.name} (pid ${node.pid}).`)
    node.kill()
    await node.ended
  }

  /** One of those that stay, unless it is the last. */
  #spare(choose: (all: readonly NodeProcess[]) => NodeProcess | undefined) {
    const { cluster, say } = this.#options
    if (cluster.staying.length > 1) return choose(cluster.staying)
    say('The last node stays; q stops everything.')
    return undefined
  }

  async #list(): Promise<void> {
    const { connection, cluster, say } = this.#options
    const subject = `${namesOf(NAMESPACE).subjectPrefix}.table`
    const answer = await connection.request(subject, '', { timeout: ASK_TIMEOUT_MS })
    const { controller, nodes } = answer.json<ToldTable>()
    for (const { node, state, partitions } of nodes) {
      const pid = cluster.nodes.find(({ name }) => name === node)?.pid
      const what = [`${partitions} partitions`, state, ...(pid === undefined ? [] : [`pid ${pid}`])]
      if (node === controller) what.push('controller')
      say(`${node}: ${what.join(', ')}`)
    }
  }
}
