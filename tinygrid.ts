/**
 * Tinygrid put together: a node behind a gateway.
 *
 * Used by `main.ts` with the adapters that the settings ask for, and by tests with adapters that
 * fail on purpose. Which adapters they are is all that differs between the ways to run. The caller
 * opens and closes them.
 */
import type { FastifyInstance, FastifyListenOptions } from 'fastify'
import type { Logger } from 'pino'
import { systemClock } from './cluster/clock.ts'
import { toEpochMs, type EpochMs } from './cluster/ids.ts'
import type { NodeStatus } from './cluster/protocol.ts'
import { gatewaySettingsOf, type Config } from './config.ts'
import { ErrorLog } from './error-log.ts'
import { createGateway } from './gateway/gateway.ts'
import { installFastPath } from './gateway/fast-path.ts'
import { createRedirectCounters } from './gateway/redirect-counters.ts'
import type { ClusterSeams } from './node-in-cluster.ts'
import { Node } from './node.ts'
import type { LinkStore } from './persistence/link-store.ts'
import type { Log } from './persistence/log.ts'
import { ConfigError } from './setting.ts'

export interface TinygridOptions {
  readonly config: Config
  readonly log: Log
  readonly store: LinkStore
  /** undefined: one process, which owns everything. */
  readonly cluster?: ClusterSeams
  readonly apiKey: string
  readonly logger: Logger
  readonly now?: () => EpochMs
}

export interface Tinygrid {
  /** Where it listens, `http://localhost:3000`. */
  readonly url: string
  readonly status: () => NodeStatus
  /** Resolves when the store's links are in memory, as far as they fit. */
  readonly loaded: Promise<void>
  /** Stops in order: partitions to others, requests, writes, flush. May be called again. */
  close(): Promise<void>
}

/** An opening of all partitions tells how far it is this often. */
const PROGRESS_EVERY_MS = 1_000

/** Opens every partition or joins the cluster, then listens; the background load goes on behind. */
export async function startTinygrid(options: TinygridOptions): Promise<Tinygrid> {
  const node = nodeOf(options)
  const began = Date.now()
  await node.start()
  logTimed(options.logger, 'opened', Date.now() - began)
  return serve(options, node)
}

function nodeOf({ config, log, store, cluster, logger, now }: TinygridOptions): Node {
  const { nodeId, partitions, memoryBytesMax, dirtyBytesMax } = config
  let toldAt = Date.now()
  return new Node({
    ...{ nodeId, partitions, memoryBytesMax, dirtyBytesMax, log, store },
    ...(cluster === undefined ? {} : { cluster }),
    clock: systemClock,
    now: now ?? (() => toEpochMs(Date.now())),
    defer: (action) => setImmediate(action),
    random: Math.random,
    onError: new ErrorLog(logger).report,
    onProgress: (done, links) => {
      if (Date.now() - toldAt < PROGRESS_EVERY_MS) return
      toldAt = Date.now()
      logger.info(`recovering: ${done} of ${partitions} partitions, ${links} links`)
    },
    onLoaded: (loaded, ms) => logTimed(logger, 'loaded from the store', ms, loaded.length),
  })
}

async function serve(options: TinygridOptions, node: Node): Promise<Tinygrid> {
  const { config, apiKey, logger } = options
  const now = options.now ?? (() => toEpochMs(Date.now()))
  const owner = node.links
  const redirects = createRedirectCounters()
  const status = () => node.status()
  const gateway = await createGateway({
    settings: gatewaySettingsOf(config),
    directory: node.directory,
    ...{ owner, redirects, status, apiKey, logger, now },
    router: options.cluster === undefined ? undefined : node.router.counters,
  })
  const fastPath = config.fastPath
    ? installFastPath(gateway.server, {
        lookup: (code) => owner.lookup(code, now()),
        find: (code) => owner.find(code),
        counters: redirects,
      })
    : undefined
  const url = await listen(gateway, config)
  let closing: Promise<void> | undefined
  const close = () => (closing ??= closeInOrder())
  const closeInOrder = async () => {
    await node.leave(config.stopTimeoutMs)
    await Promise.all([gateway.close(), fastPath?.close()])
    await node.close(config.stopTimeoutMs)
  }
  return { url, status, loaded: node.loaded(), close }
}

/** A line for what took long; otherwise only who debugs wants to know. */
function logTimed(logger: Logger, what: string, ms: number, partitions?: number): void {
  logger[ms < PROGRESS_EVERY_MS ? 'debug' : 'info']({ ms: Math.round(ms), partitions }, what)
}

/** Where a person on this machine finds it. @throws ConfigError if HOST or PORT cannot be used */
async function listen(gateway: FastifyInstance, config: Config): Promise<string> {
  const { host, port, reusePort } = config
  // Fastify hands the options on to Node, which knows one more than Fastify's types.
  const options: FastifyListenOptions & { reusePort: boolean } = { host, port, reusePort }
  try {
    const url = new URL(await gateway.listen(options))
    if (['127.0.0.1', '0.0.0.0', '[::]', '[::1]'].includes(url.hostname)) url.hostname = 'localhost'
    return url.origin
  } catch (error) {
    const { syscall, message } = error as NodeJS.ErrnoException
    if (syscall === undefined) throw error
    throw new ConfigError(`HOST ${host} with PORT ${port} cannot be used: ${message}`)
  }
}
