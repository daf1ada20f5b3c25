/**
 * What is done to the servers under a cluster amid requests: for scenarios and the soak run.
 *
 * Each returns how long it took from the return of the servers until every partition was writable.
 */
import { untilWritable } from './cluster-probe.ts'
import type { Scenario } from './cluster-scenario.ts'
import { pause } from './deadline.ts'
import type { ServiceProcess } from './services/service-process.ts'

export type ServerName = 'nats' | 'redis' | 'mongo'

/** One server is killed, and started again after a time. */
export async function endServer(
  { world, history }: Scenario,
  name: ServerName,
  outageMs: number,
): Promise<number> {
  const server: ServiceProcess = world.services[name]
  const over = history.disturb()
  await server.kill()
  await pause(outageMs)
  await server.restart()
  const ms = await untilWritable(world, history)
  over()
  return ms
}

/** All servers and nodes are killed at once, and started again: as many nodes as there were. */
export async function endEverything({ world, history }: Scenario): Promise<number> {
  const over = history.disturb()
  const count = world.nodes.length
  await world.killAll()
  await world.services.restart()
  await world.addNodes(count)
  const ms = await untilWritable(world, history)
  over()
  return ms
}
