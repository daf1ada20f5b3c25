/**
 * `test`, where the servers that a test needs are there; `test.skip` where one is missing, so that
 * AVA counts it as skipped. `npm run services` says why one is missing, and so does `npm test`.
 *
 * A test that only talks to a server can also take one that the environment sets aside for tests
 * (`NATS_URL`, `REDIS_URL`, `MONGO_URL`, `CLICKHOUSE_URL`): it must use names of its own there, and clean up.
 */
import test, { type SkipFn } from 'ava'
import { ClickHouseService } from './clickhouse-service.ts'
import { MongoService } from './mongo-service.ts'
import { NatsService } from './nats-service.ts'
import { RedisService } from './redis-service.ts'
import { findProgram, urlSetAside, type ProgramName } from './service-program.ts'

/** For tests that start, kill or freeze servers: `const natsTest = testWith('nats')`. */
export function testWith(...names: readonly ProgramName[]): SkipFn {
  return names.every((name) => findProgram(name) !== undefined) ? test : test.skip
}

/** The same for tests that take the machine for themselves: one after the other within their file. */
export function serialTestWith(...names: readonly ProgramName[]): SkipFn {
  return names.every((name) => findProgram(name) !== undefined) ? test.serial : test.serial.skip
}

/** For tests that take what `reach` gives them. */
export function testReaching(...names: readonly ReachableName[]): SkipFn {
  const canReach = (name: ReachableName) => (urlSetAside(name) ?? findProgram(name)) !== undefined
  return names.every(canReach) ? test : test.skip
}

type ReachableName = 'nats' | 'redis' | 'mongo' | 'clickhouse'

const SERVICES = {
  nats: NatsService,
  redis: RedisService,
  mongo: MongoService,
  clickhouse: ClickHouseService,
}

/** The URL of a server: the one set aside, else one that ends with the test. */
export async function reach(
  t: { teardown(fn: () => Promise<void>): void },
  name: ReachableName,
): Promise<string> {
  const setAside = urlSetAside(name)
  if (setAside !== undefined) return setAside
  const service = await SERVICES[name].start()
  t.teardown(() => service.close())
  return service.url
}
