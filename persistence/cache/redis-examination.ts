/**
 * Redis as the doctor sees it: whether it is there, what it is, and whether one may write there.
 *
 * Used by `node/doctor/`. Writes one key of a second by a script, as nodes do.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { StartError } from '../../links/errors.ts'
import type { TlsFiles } from '../../links/tls-files.ts'
import { connectRedis, messageOf, parseRedisUrl, versionOfServer } from './redis-connection.ts'

export interface RedisFacts {
  readonly where: string
  /** '' where this user may not ask. */
  readonly version: string
  /** Of the server's clock, with when it was read here. */
  readonly clock: { readonly server: number; readonly here: number } | undefined
  readonly isCluster: boolean
  /** Why nothing can be written; undefined: it can. */
  readonly whyNoWrites: string | undefined
}

const CALL_MS_MAX = 2_000
const READY_POLL_MS = 20
/** The key is in no cluster's slot of ours, which is said instead of a write. */
const WRITE = "return redis.call('SET', KEYS[1], ARGV[1], 'PX', 1000)"

/** @throws StartError with what is wrong */
export async function examineRedis(
  url: string,
  namespace: string,
  tls?: TlsFiles,
): Promise<RedisFacts> {
  const address = parseRedisUrl(url)
  const where = `Redis at ${address.shown}`
  const name = `${namespace} doctor`
  const { redis, firstContact } = connectRedis(address, {
    name,
    tls,
    commandTimeoutMs: CALL_MS_MAX,
  })
  let lastError = 'no answer'
  redis.on('error', (error: unknown) => (lastError = messageOf(error)))
  try {
    await firstContact
    const deadline = performance.now() + CALL_MS_MAX
    while (redis.status !== 'ready' && performance.now() < deadline) await sleep(READY_POLL_MS)
    if (redis.status !== 'ready') {
      throw new StartError(`${where} cannot be reached: ${lastError}; check REDIS_URL`)
    }
    const cluster = await redis.info('cluster').catch(() => '')
    const whyNoWrites = await redis.eval(WRITE, 1, `${namespace}:doctor`, '1').then(
      () => undefined,
      (error: unknown) => messageOf(error),
    )
    return {
      where,
      version: await versionOfServer(redis),
      clock: await clockOf(() => redis.time()),
      isCluster: cluster.includes('cluster_enabled:1'),
      whyNoWrites,
    }
  } finally {
    redis.disconnect()
  }
}

async function clockOf(ask: () => Promise<readonly (string | number)[]>) {
  const before = Date.now()
  try {
    const [seconds, micros] = await ask()
    const here = (before + Date.now()) / 2
    return { server: Number(seconds) * 1000 + Number(micros) / 1000, here }
  } catch {
    // This user may not ask.
    return undefined
  }
}
