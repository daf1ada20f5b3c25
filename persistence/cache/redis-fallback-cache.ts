/**
 * The fallback cache in Redis, shared by all nodes of a cluster.
 *
 * Keeps the contract of `fallback-cache.ts`. A version stands under `<namespace>:<generation>:<code>`
 * as u48 position, big-endian, and record. A script keeps the newer of two versions, so the order in
 * which nodes send them does not matter.
 *
 * `clear` changes the generation, which has a key of its own. Every call compares it in the same
 * step in which it reads or writes, so from the moment a clear resolves no node reads what was there
 * before, and none puts where nobody reads. Old generations end by their time to live.
 *
 * Redis may evict that key like any other, though it has no time to live. Whoever misses it writes back
 * the generation that it knows, so nothing is lost by it. Generations are numbered:
 *
 *   1. node A clears: generation 2    2. its key is evicted    3. B, which has not seen it, restores 1
 *   4. A meets a generation below its own, and restores 2
 *
 * Redis Cluster is refused at the start: the generation and a version would have to be in one slot, all
 * of them then in the same one, which makes a cluster one of its servers.
 *
 * An outage of Redis must not become one of redirects: nothing waits for a connection, a read waits
 * GET_TIMEOUT_MS at a time (a few at most, when the generation changes), and the driver connects again
 * for ever by itself. Reads have a connection of their own, so that they do not queue behind puts.
 */
import { randomBytes } from 'node:crypto'
import type { Redis } from 'ioredis'
import { StartError, TinygridError } from '../../links/errors.ts'
import type { Code } from '../../links/ids.ts'
import type { LinkVersion } from '../../links/link-record.ts'
import type { TlsFiles } from '../../links/tls-files.ts'
import type { Server } from '../../cluster/observer/server-probe.ts'
import type { FallbackCache } from './fallback-cache.ts'
import { connectRedis, messageOf, parseRedisUrl, versionOfServer } from './redis-connection.ts'
import { numberOf, packed, SCRIPTS, versionOf, type Scripted } from './redis-scripts.ts'

export interface RedisFallbackCacheOptions {
  readonly url: string
  /** What all keys start with. */
  readonly namespace: string
  /** For `rediss://`. */
  readonly tls?: TlsFiles | undefined
  readonly ttlSeconds?: number
  /** How long a read waits for an answer. */
  readonly getTimeoutMs?: number
  /** Told what the operator has to mend, where it is met after the start. */
  readonly onError?: (what: string) => void
}

export const TTL_SECONDS = 3600

const GET_TIMEOUT_MS = 50
const PUT_TIMEOUT_MS = 1000
/** Versions in one call of the script, which holds up Redis while it runs. */
const PUT_VERSIONS_MAX = 100
/** How often a call follows a generation that changes under it. */
const ATTEMPTS_MAX = 3
const GENERATION_BYTES = 9
/** Redis Cluster to what concerns several slots, or a slot of another server. */
const SAID_BY_CLUSTER = /CROSSSLOT|^MOVED |^ASK |^CLUSTERDOWN/

export class RedisFallbackCache implements FallbackCache {
  readonly #reading: Scripted
  readonly #putting: Scripted
  readonly #namespace: string
  readonly #address: string
  readonly #ttlMs: number
  readonly #onError: (what: string) => void
  #isToldOfCluster = false
  /** The newest one seen; undefined: none yet. Its number never falls. */
  #generation: string | undefined

  private constructor(
    reading: Redis,
    putting: Redis,
    { url, namespace, ttlSeconds = TTL_SECONDS, onError = () => {} }: RedisFallbackCacheOptions,
  ) {
    this.#reading = reading as Scripted
    this.#putting = putting as Scripted
    this.#namespace = namespace
    this.#address = parseRedisUrl(url).shown
    this.#ttlMs = ttlSeconds * 1000
    this.#onError = onError
  }

  /**
   * Connects; where Redis is away, the cache is returned nonetheless and connects behind.
   *
   * @throws StartError where the URL cannot be read, the credentials are refused, or it is a cluster
   */
  static async open(options: RedisFallbackCacheOptions): Promise<RedisFallbackCache> {
    const address = parseRedisUrl(options.url)
    const name = options.namespace
    const commandTimeoutMs = options.getTimeoutMs ?? GET_TIMEOUT_MS
    const { tls } = options
    const reading = connectRedis(address, { name, commandTimeoutMs, tls, scripts: SCRIPTS })
    const putting = connectRedis(address, {
      name,
      commandTimeoutMs: Math.max(PUT_TIMEOUT_MS, commandTimeoutMs),
      tls,
      scripts: SCRIPTS,
    })
    const cache = new RedisFallbackCache(reading.redis, putting.redis, options)
    try {
      await Promise.all([reading.firstContact, putting.firstContact])
      await cache.#refuseCluster()
      return cache
    } catch (error) {
      await cache.close()
      throw error
    }
  }

  /** Redis, to be asked whether it is there. */
  get server(): Server {
    return {
      name: 'Redis',
      address: () => this.#address,
      ask: () => versionOfServer(this.#putting),
    }
  }

  get isReachable(): boolean {
    return this.#reading.status === 'ready' && this.#putting.status === 'ready'
  }

  get(code: Code): Promise<LinkVersion | undefined> {
    return this.#available(async () => {
      for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        const asked = this.#generation ?? ''
        const [held, value] = await this.#reading.mgetBuffer(...this.#keysOfRead(asked, code))
        const generation = await this.#settled(held?.toString('latin1'))
        if (generation === undefined) return undefined
        if (generation === asked) return value ? versionOf(code, value) : undefined
      }
      return undefined
    })
  }

  put(versions: readonly LinkVersion[]): Promise<void> {
    return this.#available(async () => {
      const slices: (readonly LinkVersion[])[] = []
      for (let from = 0; from < versions.length; from += PUT_VERSIONS_MAX) {
        slices.push(versions.slice(from, from + PUT_VERSIONS_MAX))
      }
      await Promise.all(slices.map((slice) => this.#putSlice(slice)))
    })
  }

  clear(): Promise<void> {
    return this.#available(async () => {
      const known = this.#generation ?? ''
      this.#learn(await this.#putting.begin(1, this.#generationKey, known, randomWord()))
    })
  }

  async close(): Promise<void> {
    this.#reading.disconnect()
    this.#putting.disconnect()
  }

  async #putSlice(versions: readonly LinkVersion[]): Promise<void> {
    const bytes = packed(versions)
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const generation = this.#generation ?? (await this.#settle(`1-${randomWord()}`))
      const isPut = await this.#putting.putVersions(
        1,
        this.#generationKey,
        generation,
        this.#ttlMs,
        this.#keyStart(generation),
        bytes,
      )
      if (isPut === 1) return
      await this.#settle(generation)
    }
    throw new Error('The generation changes all the time')
  }

  /** The generation that holds: what was read, unless that is gone or older than what is known. */
  async #settled(held: string | undefined): Promise<string | undefined> {
    const known = this.#generation
    if (held !== undefined && numberOf(held) >= numberOf(known)) return this.#learn(held)
    return known === undefined ? undefined : this.#settle(known, this.#reading)
  }

  async #settle(generation: string, connection = this.#putting): Promise<string> {
    return this.#learn(await connection.settle(1, this.#generationKey, generation))
  }

  #learn(generation: string): string {
    if (numberOf(generation) >= numberOf(this.#generation)) this.#generation = generation
    return this.#generation!
  }

  /** A cluster says so to a read as it is made for each redirect. What else it says, calls are told. */
  async #refuseCluster(): Promise<void> {
    try {
      await this.#reading.mget(
        ...this.#keysOfRead('', 'a' as Code),
        ...this.#keysOfRead('', 'b' as Code),
      )
    } catch (error) {
      if (SAID_BY_CLUSTER.test(messageOf(error))) throw new StartError(this.#clusterRefusal)
    }
  }

  get #clusterRefusal(): string {
    return (
      `Redis at ${this.#address} is part of a Redis Cluster, which cannot be the fallback cache; ` +
      'set REDIS_URL to a Redis of its own, or leave it out'
    )
  }

  async #available<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      const message = messageOf(error)
      const isCluster = SAID_BY_CLUSTER.test(message)
      if (isCluster) this.#tellCluster()
      const cause = new Error(isCluster ? this.#clusterRefusal : message)
      throw new TinygridError('cache_unavailable', { cause })
    }
  }

  /** Of one that came after the start. Once, since every call finds it. */
  #tellCluster(): void {
    if (this.#isToldOfCluster) return
    this.#isToldOfCluster = true
    this.#onError(this.#clusterRefusal)
  }

  #keysOfRead(generation: string, code: Code): [generation: string, version: string] {
    return [this.#generationKey, this.#keyStart(generation) + code]
  }

  get #generationKey(): string {
    return `${this.#namespace}:generation`
  }

  #keyStart(generation: string): string {
    return `${this.#namespace}:${generation}:`
  }
}

/** Makes a generation differ from every other one with its number. */
function randomWord(): string {
  return randomBytes(GENERATION_BYTES).toString('base64url')
}
