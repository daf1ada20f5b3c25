/**
 * Several `nats-server`s that are one cluster, or one that is alone: with a leader for each stream, which a
 * test can find and kill, and each of which can be restarted on its port and data.
 *
 * Under the shipped permissions its nodes may call elections as well, by the shipped user for it.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { connect, type JetStreamManager, type NatsConnection } from 'nats'
import { parseNatsUrl } from '../../cluster/nats/nats-url.ts'
import { until } from '../deadline.ts'
import { freePort } from './free-port.ts'
import type { OwnNetwork } from './own-network.ts'
import { NatsService, type NatsOptions } from './nats-service.ts'

export interface NatsClusterOptions {
  /** 1, 3 or 5. */
  readonly size: number
  /** Of all servers; `config` too. */
  readonly server?: Omit<NatsOptions, 'port' | 'directory'>
  /** Holds a directory for each server; without it they are removed at the end. */
  readonly directory?: string
  /** Of a server alone. */
  readonly port?: number
  /** Of the last server. */
  readonly network?: OwnNetwork
}

const ELECTIONS = path.resolve(import.meta.dirname, '../../deploy/nats-elections.conf')
const ELECTIONS_USER = 'tinygrid-elections:elections-secret'
/** Another process may take a port of a route between its choice and the start. */
const ATTEMPTS_MAX = 3
const ASK_TIMEOUT_MS = 1_000
const LEADER_MS_MAX = 60_000
/** The shortest times that a server takes. */
const RETIRE_SOON = 'lame_duck_grace_period: "1ms"\nlame_duck_duration: "30s"'

export class NatsCluster {
  readonly servers: readonly NatsService[]
  readonly #options: NatsClusterOptions

  private constructor(servers: readonly NatsService[], options: NatsClusterOptions) {
    this.servers = servers
    this.#options = options
  }

  /** Servers named n0, n1 and so on. Returns when they run; they may still elect. */
  static async start(options: NatsClusterOptions): Promise<NatsCluster> {
    for (let attempt = 1; ; attempt++) {
      const settled = await Promise.allSettled(await startAll(options))
      const servers = settled.flatMap((start) => (start.status === 'fulfilled' ? start.value : []))
      const failed = settled.find((start) => start.status === 'rejected')
      if (failed === undefined) return new NatsCluster(servers, options)
      await Promise.all(servers.map((server) => server.close()))
      const isWorthTrying = options.port === undefined && attempt < ATTEMPTS_MAX
      if (!isWorthTrying || !/in use/.test(String(failed.reason))) throw failed.reason
    }
  }

  /** As a node connects to any of them. */
  get url(): string {
    return this.servers.map(({ url }) => url).join(',')
  }

  /** As a node connects that calls elections; undefined where none are held, or nobody may. */
  get systemUrl(): string | undefined {
    if (this.servers.length === 1 || this.#options.server?.isGuarded !== true) return undefined
    return this.servers
      .map(({ host, port }) => `nats://${ELECTIONS_USER}@${host}:${port}`)
      .join(',')
  }

  /** undefined: it has none just now, or there is no such stream. */
  async leaderOf(stream: string): Promise<NatsService | undefined> {
    const leader = (await this.#clusterOf(stream))?.leader
    return leader === undefined ? undefined : this.servers[Number(leader.slice(1))]
  }

  /** The same, once it has one and a busy machine lets it be told. */
  async ledBy(stream: string): Promise<NatsService> {
    let leader: NatsService | undefined
    await until(`${stream} has a leader`, LEADER_MS_MAX, async () => {
      leader = await this.leaderOf(stream)
      return leader !== undefined
    })
    return leader!
  }

  /** Has that server lead the stream, if it can; whether it does. */
  async lead(stream: string, server: NatsService): Promise<boolean> {
    if ((await this.leaderOf(stream)) === server) return true
    const preferred = `n${this.servers.indexOf(server)}`
    const request = JSON.stringify({ placement: { preferred } })
    await this.#ask(({ connection }) => {
      return connection.request(`$JS.API.STREAM.LEADER.STEPDOWN.${stream}`, request)
    })
    return (await this.leaderOf(stream)) === server
  }

  /** Whether the stream has a leader, and all others have what it has. */
  async isWhole(stream: string): Promise<boolean> {
    const told = await this.#clusterOf(stream)
    const followers = told?.replicas ?? []
    if (told?.leader === undefined || followers.length < this.servers.length - 1) return false
    return followers.every(({ current, offline }) => current && !offline)
  }

  async close(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.close()))
  }

  async #clusterOf(stream: string) {
    return (await this.#ask(({ manager }) => manager.streams.info(stream)))?.cluster
  }

  /** undefined: there was no answer. */
  async #ask<T>(
    question: (to: { connection: NatsConnection; manager: JetStreamManager }) => Promise<T>,
  ): Promise<T | undefined> {
    const running = this.servers.filter(({ isRunning }) => isRunning)
    const { options } = parseNatsUrl(running.map((server) => server.administratorUrl).join(','))
    try {
      const connection = await connect({ ...options, timeout: ASK_TIMEOUT_MS })
      try {
        const api = { checkAPI: false, timeout: ASK_TIMEOUT_MS }
        return await question({ connection, manager: await connection.jetstreamManager(api) })
      } finally {
        await connection.close()
      }
    } catch {
      return undefined
    }
  }
}

async function startAll(options: NatsClusterOptions): Promise<Promise<NatsService>[]> {
  const { size, server = {}, directory, port, network } = options
  const place = (name: string): Partial<NatsOptions> => {
    return directory === undefined ? {} : { directory: path.join(directory, name) }
  }
  if (size === 1) {
    return [NatsService.start({ ...server, ...place(''), ...(port !== undefined && { port }) })]
  }
  const ports = await Promise.all(Array.from({ length: size }, () => freePort()))
  const addresses = ports.map((routePort, index) => {
    const host = index === size - 1 ? network?.inside : network?.outside
    return `${host ?? '127.0.0.1'}:${routePort}`
  })
  const routes = addresses.map((address) => `nats://${address}`).join(', ')
  const common = `${server.isGuarded === true ? elections() : ''}\n${RETIRE_SOON}\n${server.config ?? ''}`
  return addresses.map((address, index) => {
    const cluster = `cluster { name: tests, listen: "${address}", routes: [${routes}] }`
    const config = `server_name: n${index}\n${cluster}\n${common}`
    const own = index === size - 1 && network !== undefined ? { network } : {}
    return NatsService.start({ ...server, ...place(`n${index}`), ...own, config })
  })
}

/** As an operator includes the file, but for the environment that the password is from. */
function elections(): string {
  const password = ELECTIONS_USER.slice(ELECTIONS_USER.indexOf(':') + 1)
  return readFileSync(ELECTIONS, 'utf8').replace('$TINYGRID_NATS_ELECTIONS_PASSWORD', password)
}
