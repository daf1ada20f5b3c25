/**
 * A scenario: a cluster under requests, something that happens to it, and what must hold when it has
 * come to rest.
 */
import { ClusterClients, type ClientsOptions } from './cluster-clients.ts'
import { ClusterHistory } from './cluster-history.ts'
import { compareByApi, compareInMongo, settleUnknown } from './cluster-rest.ts'
import { ClusterWorld, type ClusterWorldOptions, type Surroundings } from './cluster-world.ts'

const LOAD: ClientsOptions = { writers: 6, readers: 6 }

export interface Scenario {
  readonly world: ClusterWorld
  readonly history: ClusterHistory
  readonly clients: ClusterClients
}

/** Starts the cluster, and the clients, which go on until the scenario comes to its end. */
export async function startScenario(
  t: Surroundings,
  options: ClusterWorldOptions,
  load: ClientsOptions = LOAD,
): Promise<Scenario> {
  const world = await ClusterWorld.start(t, options)
  const history = new ClusterHistory()
  const clients = new ClusterClients(world, history)
  t.teardown(() => clients.stop())
  clients.start(load)
  return { world, history, clients }
}

/** Ends the requests, and compares the API and MongoDB with the history. @returns what was wrong */
export async function endScenario(t: Surroundings, scenario: Scenario): Promise<readonly string[]> {
  const { world, history, clients } = scenario
  await clients.stop()
  await settleUnknown(world, history)
  await compareByApi(world, history)
  await compareInMongo(world, history)
  t.log(JSON.stringify(clients.counts))
  return history.wrong
}
