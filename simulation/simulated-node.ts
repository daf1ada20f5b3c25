/**
 * A node of the simulation: a simulated process with handles on all that is shared, running the real
 * code over them.
 *
 * What runs in it comes from a factory, so that the same world drives a lone owner and a cluster. A
 * node that has crashed never comes back; another one starts, with a name of its own.
 */
import type { Clock } from '../links/clock.ts'
import { toEpochMs, type EpochMs, type NodeId, type PartitionId } from '../links/ids.ts'
import { LongWork } from '../links/long-work.ts'
import type { KeyValue } from '../cluster/membership/key-value.ts'
import type { Peers } from '../cluster/peers/peers.ts'
import type { LinkOwner } from '../links/link-owner.ts'
import type { FallbackCache } from '../persistence/cache/fallback-cache.ts'
import type { LinkStore } from '../persistence/store/link-store.ts'
import type { Log } from '../persistence/log/log.ts'
import { isForeignPayload } from '../persistence/log/log-record.ts'
import { SimulatedCache } from './simulated-cache.ts'
import { SimulatedKeyValue } from './simulated-key-value.ts'
import { SimulatedLinkStore } from './simulated-link-store.ts'
import { SimulatedLog } from './simulated-log.ts'
import { SimulatedPeers } from './simulated-peers.ts'
import { SimulatedProcess } from './simulated-process.ts'
import type { Surroundings } from './surroundings.ts'

/** All that a node may touch. */
export interface Seams {
  readonly nodeId: NodeId
  readonly partitions: number
  readonly memoryBytesMax: number
  readonly dirtyBytesMax: number
  readonly work: LongWork
  readonly clock: Clock
  readonly wallClock: () => EpochMs
  readonly defer: (action: () => void) => void
  /** From 0 to below 1. */
  readonly random: () => number
  readonly log: Log
  readonly store: LinkStore
  readonly cache: FallbackCache
  readonly keyValue: KeyValue
  readonly peers: Peers
  readonly onError: (what: string, error: unknown) => void
}

/** What runs in a node. */
export interface Program {
  start(): Promise<void>
  readonly links: LinkOwner
  /** Whether it answers for the partition as its owner. */
  isServing(partition: PartitionId): boolean
  /** What of it has not come to rest, in words; undefined: nothing. */
  unrest(): string | undefined
  /** Hands over what it owns and stops. */
  leave(): Promise<void>
}

export type StartProgram = (seams: Seams) => Program

/** The wall clock of the first node at the start of a simulation. */
const WALL_CLOCK_START = 1_700_000_000_000
/** How far wall clocks are apart. */
const WALL_CLOCK_SKEW_MS_MAX = 200

/** Until the network knows that a node is no more; calls to it wait until then. */
const NOTICED_MS = 2_000

export class SimulatedNode {
  readonly nodeId: NodeId
  readonly process: SimulatedProcess
  readonly program: Program
  readonly #surroundings: Surroundings
  readonly #skewMs: number
  #hasFailed = false
  readonly #whenGone: (() => void)[] = []
  /** starting: not ready for clients. leaving: it has been told to. */
  state: 'starting' | 'up' | 'leaving' | 'gone' = 'starting'

  constructor(name: string, surroundings: Surroundings, startProgram: StartProgram) {
    this.nodeId = name as NodeId
    this.#surroundings = surroundings
    const { scheduler, random } = surroundings
    this.process = new SimulatedProcess(name, scheduler, random.fork())
    this.#skewMs = this.process.random.int(0, WALL_CLOCK_SKEW_MS_MAX)
    this.program = startProgram(this.#seams())
  }

  /** It could not start. */
  get hasFailed(): boolean {
    return this.#hasFailed
  }

  /** Whether clients can reach it. */
  get isUp(): boolean {
    return this.state === 'up' || this.state === 'leaving'
  }

  /** By its wall clock. */
  now(): EpochMs {
    return toEpochMs(Math.floor(WALL_CLOCK_START + this.#skewMs + this.#surroundings.scheduler.now))
  }

  start(): void {
    this.#tell('starts')
    this.process.receive(() => {
      this.program.start().then(
        () => {
          this.#tell('is up')
          if (this.state === 'starting') this.state = 'up'
        },
        (error: unknown) => {
          this.#tell(`cannot start: ${String(error)}`)
          this.#hasFailed = true
          this.#end()
        },
      )
    })
  }

  crash(): void {
    this.#tell('crashes')
    this.#end()
  }

  /** Calls `listener` when the process is no more: connections to it break. */
  whenGone(listener: () => void): void {
    this.#whenGone.push(listener)
  }

  #end(): void {
    this.process.crash()
    const { scheduler, network } = this.#surroundings
    scheduler.after(NOTICED_MS, () => network.leave(this.nodeId))
    this.state = 'gone'
    for (const listener of this.#whenGone) listener()
  }

  leave(): void {
    if (this.state !== 'up') return
    this.#tell('leaves')
    this.state = 'leaving'
    this.process.receive(() => {
      this.program.leave().then(
        () => {
          this.#tell('has left')
          this.#end()
        },
        (error: unknown) => this.#surroundings.onBug(error),
      )
    })
  }

  #tell(what: string): void {
    this.#surroundings.story.tell(this.nodeId, () => what)
  }

  #seams(): Seams {
    const { nodeId, process } = this
    const { partitions, schedule, services, states, network, story, onBug } = this.#surroundings
    return {
      nodeId,
      partitions,
      memoryBytesMax: schedule.memoryBytesMax,
      dirtyBytesMax: schedule.dirtyBytesMax,
      work: new LongWork(process),
      clock: process.clock,
      wallClock: () => this.now(),
      defer: process.defer,
      random: process.random.fork().next,
      log: new SimulatedLog(process, services.log, states.log, { isForeign: isForeignPayload }),
      store: new SimulatedLinkStore(process, services.store, states.store),
      cache: new SimulatedCache(process, services.cache, states.cache),
      keyValue: new SimulatedKeyValue(process, services.kv, states.keyValue),
      peers: new SimulatedPeers({ nodeId, process, network, story, onBug }),
      onError: (what, error) => this.#noteError(what, error),
    }
  }

  /** Operating errors are part of the weather; anything else is a bug. */
  #noteError(what: string, error: unknown): void {
    this.#tell(`${what}: ${(error as Error).message}`)
    if ((error as Error).name !== 'TinygridError') this.#surroundings.onBug(error)
  }
}
