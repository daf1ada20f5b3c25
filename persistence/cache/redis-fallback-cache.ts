/**
 * The fallback cache in Redis, shared by all nodes of a cluster.
 *
 * Keeps the contract of `fallback-cache.ts`. A version stands under `<namespace>:<generation>:<code>`
 * as u48 position, big-endian, and record. A script keeps the newer of two versions, so the order in
 * which nodes send them does not matter.
 *
 * `clear` changes the generation, which has a key of its own. Every call compares it in the same
 * step in which it reads or writes, so from the moment a clear resolves no node reads what was there
 * before, and none puts where nobody reads. Without a generation there is nothing: it was not begun,
 * or Redis lost all. Old generations end by their time to live.
 *
 * An outage of Redis must not become one of redirects: nothing waits for a connection, a read waits
 * GET_TIMEOUT_MS at a time (a few at most, when the generation changes), and the driver connects again
 * for ever by itself. Reads have a connection of their own, so that they do not queue behind puts.
 */
import { randomBytes } from 'node:crypto'
import type { Redis } from 'ioredis'
import { TinygridError } from '../../links/errors.ts'
import type { Code, LogPosition } from '../../links/ids.ts'
import type { LinkRecord, LinkVersion } from '../../links/link-record.ts'
import type { Server } from '../../cluster/observer/server-probe.ts'
import type { FallbackCache } from './fallback-cache.ts'
import { parseRedisUrl } from './redis-address.ts'
import { connectRedis, messageOf, versionOfServer } from './redis-connection.ts'

export interface RedisFallbackCacheOptions {
  readonly url: string
  /** What all keys start with. */
  readonly namespace: string
  readonly ttlSeconds?: number
  /** How long a read waits for an answer. */
  readonly getTimeoutMs?: number
}

export const TTL_SECONDS = 3600

const GET_TIMEOUT_MS = 50
const PUT_TIMEOUT_MS = 1000
/** Versions in one call of the script, which holds up Redis while it runs. */
const PUT_VERSIONS_MAX = 100
/** How often a call follows a generation that changes under it. */
const ATTEMPTS_MAX = 3
const POSITION_BYTES = 6
const GENERATION_BYTES = 9

/**
 * KEYS: the generation's key. ARGV: the generation, the time to live in milliseconds, what the keys of
 * versions start with, and the versions as `packed` has them: an argument for each key and value
 * costs Redis and the driver more than all the rest. Puts nothing and says 0 if the generation is
 * another one. Most versions are of new links, which one command settles. Positions are compared as
 * numbers: Redis compares strings by its locale.
 */
const PUT_SCRIPT = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local packed, at = ARGV[4], 1
while at <= #packed do
  local code, given
  code, given, at = struct.unpack('>I1c0I4c0', packed, at)
  local key = ARGV[3] .. code
  if not redis.call('SET', key, given, 'PX', ARGV[2], 'NX') then
    local held = redis.call('GETRANGE', key, 0, ${POSITION_BYTES - 1})
    if struct.unpack('>I6', held) < struct.unpack('>I6', given) then
      redis.call('SET', key, given, 'PX', ARGV[2])
    end
  end
end
return 1`

type Putting = Redis & {
  putVersions(
    keyCount: 1,
    generationKey: string,
    generation: string,
    ttlMs: number,
    keyStart: string,
    packed: Buffer,
  ): Promise<number>
}

export class RedisFallbackCache implements FallbackCache {
  readonly #reading: Redis
  readonly #putting: Putting
  readonly #namespace: string
  readonly #address: string
  readonly #ttlMs: number
  /** As last seen; undefined: not seen yet, or there was none. */
  #generation: string | undefined

  private constructor(
    reading: Redis,
    putting: Redis,
    { url, namespace, ttlSeconds = TTL_SECONDS }: RedisFallbackCacheOptions,
  ) {
    this.#reading = reading
    this.#putting = putting as Putting
    this.#namespace = namespace
    this.#address = parseRedisUrl(url).shown
    this.#ttlMs = ttlSeconds * 1000
  }

  /**
   * Connects; where Redis is away, the cache is returned nonetheless and connects behind.
   *
   * @throws StartError where the URL cannot be read or the credentials are refused
   */
  static async open(options: RedisFallbackCacheOptions): Promise<RedisFallbackCache> {
    const address = parseRedisUrl(options.url)
    const name = options.namespace
    const commandTimeoutMs = options.getTimeoutMs ?? GET_TIMEOUT_MS
    const reading = connectRedis(address, { name, commandTimeoutMs })
    const putting = connectRedis(address, {
      name,
      commandTimeoutMs: PUT_TIMEOUT_MS,
      scripts: { putVersions: { lua: PUT_SCRIPT } },
    })
    const cache = new RedisFallbackCache(reading.redis, putting.redis, options)
    try {
      await Promise.all([reading.firstContact, putting.firstContact])
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
    return available(async () => {
      for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        const asked = this.#generation ?? ''
        const keys = [this.#generationKey, this.#key(asked, code)] as const
        const [generation, value] = await this.#reading.mgetBuffer(...keys)
        this.#generation = generation?.toString('latin1')
        if (this.#generation === undefined) return undefined
        if (this.#generation === asked) return value ? versionOf(code, value) : undefined
      }
      return undefined
    })
  }

  put(versions: readonly LinkVersion[]): Promise<void> {
    return available(async () => {
      const slices: (readonly LinkVersion[])[] = []
      for (let from = 0; from < versions.length; from += PUT_VERSIONS_MAX) {
        slices.push(versions.slice(from, from + PUT_VERSIONS_MAX))
      }
      await Promise.all(slices.map((slice) => this.#putSlice(slice)))
    })
  }

  clear(): Promise<void> {
    return available(async () => {
      await this.#putting.set(this.#generationKey, newGeneration())
    })
  }

  async close(): Promise<void> {
    this.#reading.disconnect()
    this.#putting.disconnect()
  }

  async #putSlice(versions: readonly LinkVersion[]): Promise<void> {
    const bytes = packed(versions)
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const generation = this.#generation ?? (await this.#begin())
      const isPut = await this.#putting.putVersions(
        1,
        this.#generationKey,
        generation,
        this.#ttlMs,
        this.#keyStart(generation),
        bytes,
      )
      if (isPut === 1) return
      if (this.#generation === generation) this.#generation = undefined
    }
    throw new Error('The generation changes all the time')
  }

  /** The generation; begins one if there is none. */
  async #begin(): Promise<string> {
    await this.#putting.set(this.#generationKey, newGeneration(), 'NX')
    const generation = await this.#putting.get(this.#generationKey)
    if (generation === null) throw new Error('The generation is gone again')
    this.#generation = generation
    return generation
  }

  get #generationKey(): string {
    return `${this.#namespace}:generation`
  }

  #key(generation: string, code: Code): string {
    return this.#keyStart(generation) + code
  }

  #keyStart(generation: string): string {
    return `${this.#namespace}:${generation}:`
  }
}

/** Never given before, not even to a Redis that has lost or restored its data since. */
function newGeneration(): string {
  return randomBytes(GENERATION_BYTES).toString('base64url')
}

/** One after the other: u8 length of the code, code; u32 length of the value, value; big-endian. */
function packed(versions: readonly LinkVersion[]): Buffer {
  const lengths = versions.map(({ code, record }) => {
    return 1 + code.length + 4 + POSITION_BYTES + record.length
  })
  const bytes = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + length, 0))
  let at = 0
  for (const { code, position, record } of versions) {
    at = bytes.writeUInt8(code.length, at)
    at += bytes.write(code, at, 'latin1')
    at = bytes.writeUInt32BE(POSITION_BYTES + record.length, at)
    at = bytes.writeUIntBE(position, at, POSITION_BYTES)
    at += record.copy(bytes, at)
  }
  return bytes
}

function versionOf(code: Code, value: Buffer): LinkVersion {
  const position = value.readUIntBE(0, POSITION_BYTES) as LogPosition
  return { code, position, record: value.subarray(POSITION_BYTES) as LinkRecord }
}

async function available<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw new TinygridError('cache_unavailable', { cause: new Error(messageOf(error)) })
  }
}
