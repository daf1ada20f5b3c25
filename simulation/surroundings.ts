/**
 * What surrounds the nodes of a simulation: time, network, services and what these keep.
 */
import { MemoryKeyValueServer } from '../cluster/membership/memory-key-value.ts'
import { Ring, PARTITIONS_MIN } from '../links/ring.ts'
import type { FallbackCache } from '../persistence/cache/fallback-cache.ts'
import type { LinkStore } from '../persistence/store/link-store.ts'
import { MemoryFallbackCache } from '../persistence/cache/memory-fallback-cache.ts'
import { MemoryLog } from '../persistence/log/memory-log.ts'
import { CALM_NETWORK, Network } from './network.ts'
import type { SimulatedPeers } from './simulated-peers.ts'
import { RefusingStore } from './refusing-store.ts'
import type { Random } from './random.ts'
import type { Schedule } from './schedule.ts'
import type { Scheduler } from './scheduler.ts'
import { NO_FAULTS, Service, type ServiceName } from './service.ts'
import type { Story } from './story.ts'

/** What survives every node. */
export interface States {
  readonly log: MemoryLog
  readonly store: LinkStore
  readonly cache: FallbackCache
  readonly keyValue: MemoryKeyValueServer
}

export interface Surroundings {
  readonly schedule: Schedule
  readonly partitions: number
  readonly ring: Ring
  readonly scheduler: Scheduler
  readonly random: Random
  readonly story: Story
  readonly services: Readonly<Record<ServiceName, Service>>
  readonly states: States
  /** Codes that the store does not take now. */
  readonly refusedCodes: Set<string>
  readonly network: Network<SimulatedPeers>
  /** Something that must never happen has happened: the run has failed. */
  readonly onBug: (error: unknown) => void
}

type SurroundingsOptions = Pick<
  Surroundings,
  'schedule' | 'scheduler' | 'random' | 'story' | 'onBug'
>

const NAMES = ['log', 'store', 'cache', 'kv'] as const

export function createSurroundings(options: SurroundingsOptions): Surroundings {
  const { schedule, scheduler, random, story } = options
  const ring = new Ring(PARTITIONS_MIN)
  const services = Object.fromEntries(
    NAMES.map((name) => [name, new Service(name, random.fork(), story)]),
  ) as Record<ServiceName, Service>
  for (const name of NAMES) services[name].faults = schedule.faults[name]
  const refusedCodes = new Set(schedule.refusedCodes)
  const network = new Network<SimulatedPeers>(scheduler, random.fork())
  network.faults = schedule.network
  const states = {
    log: new MemoryLog({ bytesMax: schedule.logBytesMax }),
    store: new RefusingStore(ring, refusedCodes),
    cache: new MemoryFallbackCache({ now: () => scheduler.now }),
    keyValue: new MemoryKeyValueServer(),
  }
  return { ...options, partitions: ring.partitions, ring, services, states, network, refusedCodes }
}

/** From now on nothing fails. */
export function calm({ services, network, refusedCodes }: Surroundings): void {
  refusedCodes.clear()
  for (const name of NAMES) {
    services[name].isDown = false
    services[name].mendAll()
    services[name].faults = NO_FAULTS
  }
  network.open()
  network.faults = CALM_NETWORK
}
