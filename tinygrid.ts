/**
 * A node put together: actors over a log and a store, behind a gateway.
 *
 * Used by `main.ts` with the adapters that the settings ask for, and by tests with adapters that
 * fail on purpose. Which adapters they are is all that differs between the ways to run. The caller
 * opens and closes log and store.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { BackgroundLoad } from './actors/background-load.ts'
import { LinkTable } from './actors/link-table.ts'
import { MemoryBound } from './actors/memory-bound.ts'
import { PartitionActor } from './actors/partition-actor.ts'
import { PartitionHost } from './actors/partition-host.ts'
import { PartitionMemory } from './actors/partition-memory.ts'
import { recover } from './actors/recovery.ts'
import { toEpochMs, type EpochMs } from './cluster/ids.ts'
import type { LinkDirectory, NodeStatus } from './cluster/protocol.ts'
import { Ring } from './cluster/ring.ts'
import { Table } from './cluster/table.ts'
import { gatewaySettingsOf, type Config } from './config.ts'
import { ErrorLog } from './error-log.ts'
import { createGateway } from './gateway/gateway.ts'
import { installFastPath } from './gateway/fast-path.ts'
import { createRedirectCounters } from './gateway/redirect-counters.ts'
import { Router } from './gateway/router.ts'
import { nodeStatusOf } from './node-status.ts'
import type { LinkStore } from './persistence/link-store.ts'
import type { Log } from './persistence/log.ts'
import { ConfigError } from './setting.ts'
import { WriteBehind } from './persistence/write-behind.ts'

export interface TinygridOptions {
  readonly config: Config
  readonly log: Log
  readonly store: LinkStore
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
  /** Stops in order: requests, writes, flush. May be called again. */
  close(): Promise<void>
}

const LIMITS = { mailboxDepthMax: 10_000, batchRecordsMax: 1_000, batchBytesMax: 512 * 1024 }
/** A list waits this long for the flush of what was acknowledged before it. */
const LIST_BARRIER_MS = 2_000
/** A recovery tells how far it is this often. */
const PROGRESS_EVERY_MS = 1_000

/** Opens every partition, then listens; the background load goes on behind. */
export async function startTinygrid(options: TinygridOptions): Promise<Tinygrid> {
  const node = new Node(options)
  const table = await node.open()
  return node.serve(table)
}

class Node {
  readonly #options: TinygridOptions
  readonly #now: () => EpochMs
  readonly #ring: Ring
  readonly #bound: MemoryBound
  readonly #host: PartitionHost
  readonly #writeBehind: WriteBehind
  readonly #stopping = new AbortController()
  readonly #errors: ErrorLog

  constructor(options: TinygridOptions) {
    const { config, log, store } = options
    this.#options = options
    this.#errors = new ErrorLog(options.logger)
    this.#now = options.now ?? (() => toEpochMs(Date.now()))
    this.#ring = new Ring(config.partitions)
    this.#bound = new MemoryBound(config.memoryBytesMax, config.partitions)
    const [ring, bound, now] = [this.#ring, this.#bound, this.#now]
    this.#host = new PartitionHost({ ring, log, store, bound, now, onError: this.#errors.report })
    const source = this.#host
    const { dirtyBytesMax } = config
    this.#writeBehind = new WriteBehind({
      log,
      store,
      source,
      dirtyBytesMax,
      onError: this.#errors.report,
    })
    this.#host.connect(this.#writeBehind)
  }

  async open(): Promise<Table> {
    const { log, store, config, logger } = this.#options
    const began = Date.now()
    let told = began
    let links = 0
    const epoch = await recover({
      log,
      store,
      nodeId: config.nodeId,
      partitions: this.#ring.all(),
      sink: this.#writeBehind,
      newMemory: () => new PartitionMemory(new LinkTable()),
      onOpen: (partition) => {
        const nextBatchId = batchIds(config.nodeId)
        this.#host.adopt(
          partition.id,
          new PartitionActor({ ...partition, nextBatchId, limits: LIMITS }),
        )
      },
      onProgress: (partitions, linksReplayed) => {
        links = linksReplayed
        if (Date.now() - told < PROGRESS_EVERY_MS) return
        told = Date.now()
        logger.info(`recovering: ${partitions} of ${config.partitions} partitions, ${links} links`)
      },
    })
    this.#logTimed('recovered from the log', began, { links, epoch })
    return Table.ofOneNode(config.nodeId, this.#ring.partitions, epoch)
  }

  async serve(table: Table): Promise<Tinygrid> {
    const { config, apiKey, logger } = this.#options
    const startedAt = this.#now()
    const [host, bound, writeBehind] = [this.#host, this.#bound, this.#writeBehind]
    const status = () =>
      nodeStatusOf({ nodeId: config.nodeId, startedAt, host, bound, writeBehind })
    const redirects = createRedirectCounters()
    const owner = new Router(this.#ring, table, new Map([[config.nodeId, host]]))
    const gateway = await createGateway({
      settings: gatewaySettingsOf(config),
      directory: this.#directory(),
      owner,
      redirects,
      status,
      apiKey,
      logger,
      now: this.#now,
    })
    const fastPath = config.fastPath
      ? installFastPath(gateway.server, {
          lookup: (code) => owner.lookup(code, this.#now()),
          counters: redirects,
        })
      : undefined
    const url = await listen(gateway, config)
    const loaded = this.#load()
    let closing: Promise<void> | undefined
    const close = () => (closing ??= closeInOrder())
    const closeInOrder = async () => {
      await Promise.all([gateway.close(), fastPath?.close()])
      await host.stop()
      this.#stopping.abort()
      await loaded
      await writeBehind.close(config.stopTimeoutMs)
    }
    return { url, status, loaded, close }
  }

  /** Lists from the store, once it has what was acknowledged before or the wait gets too long. */
  #directory(): LinkDirectory {
    return {
      list: async (query) => {
        await this.#writeBehind.barrier(LIST_BARRIER_MS).catch(notInTime)
        return this.#options.store.list(query)
      },
    }
  }

  async #load(): Promise<void> {
    const { store } = this.#options
    const { signal } = this.#stopping
    const began = Date.now()
    const load = new BackgroundLoad({
      ring: this.#ring,
      store,
      bound: this.#bound,
      signal,
      memoryOf: (partition) => this.#host.actors.get(partition)!.memory,
      pause: (ms) => sleep(ms, undefined, { signal }).catch(() => undefined),
      onError: (error) => this.#errors.report('links could not be loaded from the store', error),
    })
    await load.run(this.#ring.all())
    const actors = [...this.#host.actors.values()]
    const complete = actors.filter(({ memory }) => memory.isComplete).length
    this.#logTimed('loaded from the store', began, { complete, of: actors.length })
  }

  /** A line for what took long; otherwise only who debugs wants to know. */
  #logTimed(what: string, began: number, details: Record<string, unknown>): void {
    const ms = Date.now() - began
    this.#options.logger[ms < PROGRESS_EVERY_MS ? 'debug' : 'info']({ ms, ...details }, what)
  }
}

/** Where a person on this machine finds it. @throws ConfigError if HOST or PORT cannot be used */
async function listen(gateway: FastifyInstance, { host, port }: Config): Promise<string> {
  try {
    const url = new URL(await gateway.listen({ host, port }))
    if (['127.0.0.1', '0.0.0.0', '[::]', '[::1]'].includes(url.hostname)) url.hostname = 'localhost'
    return url.origin
  } catch (error) {
    const { syscall, message } = error as NodeJS.ErrnoException
    if (syscall === undefined) throw error
    throw new ConfigError(`HOST ${host} with PORT ${port} cannot be used: ${message}`)
  }
}

/** A long queue to the store: a list without the newest links is better than none. */
function notInTime(): void {}

/** Names for the batches of one partition actor, unique over all nodes and times. */
function batchIds(nodeId: string): () => string {
  const start = randomBytes(6).toString('base64url')
  let count = 0
  return () => `${nodeId.slice(0, 32)}.${start}.${(count++).toString(36)}`
}
