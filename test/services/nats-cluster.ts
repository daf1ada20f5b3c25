/**
 * Several `nats-server`s that are one cluster, or one that is alone: with a leader for each stream, which a
 * test can find and kill, and each of which can be restarted on its port and data.
 *
 * Under the shipped permissions its nodes may call elections as well, by the shipped user for it.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { connect } from 'nats'
import { parseNatsUrl } from '../../cluster/nats/nats-url.ts'
import { freePort } from './free-port.ts'
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
}

const ELECTIONS = path.resolve(import.meta.dirname, '../../deploy/nats-elections.conf')
const ELECTIONS_USER = 'tinygrid-elections:elections-secret'
/** Another process may take a port of a route between its choice and the start. */
const ATTEMPTS_MAX = 3
const ASK_TIMEOUT_MS = 1_000

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
    return this.servers.map(({ port }) => `nats://${ELECTIONS_USER}@127.0.0.1:${port}`).join(',')
  }

  /** undefined: it has none just now, or there is no such stream. */
  async leaderOf(stream: string): Promise<NatsService | undefined> {
    const leader = (await this.#clusterOf(stream))?.leader
    return leader === undefined ? undefined : this.servers[Number(leader.slice(1))]
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
    const running = this.servers.filter(({ isRunning }) => isRunning)
    const { options } = parseNatsUrl(running.map((server) => server.administratorUrl).join(','))
    try {
      const connection = await connect({ ...options, timeout: ASK_TIMEOUT_MS })
      try {
        const api = { checkAPI: false, timeout: ASK_TIMEOUT_MS }
        const { streams } = await connection.jetstreamManager(api)
        return (await streams.info(stream)).cluster
      } finally {
        await connection.close()
      }
    } catch {
      return undefined
    }
  }
}

async function startAll(options: NatsClusterOptions): Promise<Promise<NatsService>[]> {
  const { size, server = {}, directory, port } = options
  const place = (name: string): Partial<NatsOptions> => {
    return directory === undefined ? {} : { directory: path.join(directory, name) }
  }
  if (size === 1) {
    return [NatsService.start({ ...server, ...place(''), ...(port !== undefined && { port }) })]
  }
  const ports = await Promise.all(Array.from({ length: size }, () => freePort()))
  const routes = ports.map((routePort) => `nats://127.0.0.1:${routePort}`).join(', ')
  const common = `${server.isGuarded === true ? elections() : ''}\n${server.config ?? ''}`
  return ports.map((routePort, index) => {
    const cluster = `cluster { name: tests, listen: "127.0.0.1:${routePort}", routes: [${routes}] }`
    const config = `server_name: n${index}\n${cluster}\n${common}`
    return NatsService.start({ ...server, ...place(`n${index}`), config })
  })
}

/** As an operator includes the file, but for the environment that the password is from. */
function elections(): string {
  const password = ELECTIONS_USER.slice(ELECTIONS_USER.indexOf(':') + 1)
  return readFileSync(ELECTIONS, 'utf8').replace('$TINYGRID_NATS_ELECTIONS_PASSWORD', password)
}
