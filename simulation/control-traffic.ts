/**
 * What a cluster of many nodes says to itself: counted over the real nodes in simulated surroundings.
 *
 * Used by `npm run bench -- control-traffic` and by the test that holds the bounds. Nothing fails
 * here. The cluster begins with its partitions in equal parts, as if all nodes had been restarted at
 * the same time: each opens its own from the log.
 */
import assert from 'node:assert/strict'
import { CONTROLLER_KEY } from '../cluster/membership/members.ts'
import { JUDGES_MAX } from '../cluster/membership/roll.ts'
import { TABLE_KEY } from '../cluster/table/newest-table.ts'
import { Table } from '../cluster/table/table.ts'
import { textOfTable } from '../cluster/table/table-text.ts'
import { Ring } from '../links/ring.ts'
import type { Code, Epoch, NodeId } from '../links/ids.ts'
import { MemoryLinkStore } from '../persistence/store/memory-link-store.ts'
import { ClusterNode } from './cluster-node.ts'
import { CountedKeyValue, CountedPeers } from './counted-seams.ts'
import { CALM_NETWORK } from './network.ts'
import { Random } from './random.ts'
import { scheduleOf, type Schedule } from './schedule.ts'
import { Scheduler } from './scheduler.ts'
import { NO_FAULTS } from './service.ts'
import { SimulatedNode, type Program, type Seams } from './simulated-node.ts'
import { SILENT } from './story.ts'
import { createSurroundings, type Surroundings } from './surroundings.ts'
import { TrafficMeter, type Traffic } from './traffic-meter.ts'

/** Longest that anything here takes, in virtual time. */
const PATIENCE_MS = 120_000
const STEP_MS = 100
/** Until there is a controller that keeps the roll, and all have seen it. */
const SETTLING_SECONDS = 4
/** Of the partitions at the beginning: how often each has moved by then. */
const EPOCH_MAX = 30
/** As it is where nobody says otherwise. */
const REAL = { pieceBytes: 256 * 1024, judgesMax: JUDGES_MAX }

export interface ControlTrafficOptions {
  readonly nodes: number
  readonly partitions: number
}

/** What is asked of the cluster each second of virtual time, through any node. */
export interface Load {
  readonly creates?: number
  readonly changes?: number
  /** Of links that change, too. */
  readonly finds?: number
  readonly lists?: number
}

/** Messages by kind, over a stretch of time. */
export interface Counted {
  readonly seconds: number
  readonly kinds: ReadonlyMap<string, Traffic>
}

export class CountedCluster {
  readonly #options: ControlTrafficOptions
  readonly #scheduler = new Scheduler()
  readonly #random = new Random(1)
  readonly #meter = new TrafficMeter()
  readonly #surroundings: Surroundings
  /** Those that have not left or died. */
  #nodes: readonly { readonly node: SimulatedNode; readonly program: ClusterNode }[] = []
  readonly #codes: Code[] = []
  #started = 0

  private constructor(options: ControlTrafficOptions) {
    this.#options = options
    const made = createSurroundings({
      schedule: calmSchedule(),
      scheduler: this.#scheduler,
      random: this.#random,
      story: SILENT,
      onBug: (error) => {
        throw error
      },
    })
    const ring = new Ring(options.partitions)
    const states = { ...made.states, store: new MemoryLinkStore(ring) }
    this.#surroundings = { ...made, partitions: options.partitions, ring, states }
  }

  /** All nodes are up, every partition is opened, and it is known who watches the leases. */
  static async start(options: ControlTrafficOptions): Promise<CountedCluster> {
    const cluster = new CountedCluster(options)
    const names = Array.from({ length: options.nodes }, (_, index) => nameOf(index))
    cluster.#writeTable(names)
    for (let left = names.length; left > 0; left--) cluster.#add()
    await cluster.#untilRest()
    await cluster.pass(SETTLING_SECONDS)
    return cluster
  }

  /** Of the table as it is stored now. */
  get tableBytes(): number {
    return this.#surroundings.states.keyValue.get(TABLE_KEY)!.value!.length
  }

  async pass(seconds: number, load: Load = {}): Promise<Counted> {
    this.#meter.take()
    const until = this.#scheduler.now + seconds * 1000
    const asked: Promise<unknown>[] = []
    while (this.#scheduler.now < until) {
      for (const [kind, perSecond] of Object.entries(load)) {
        this.#plan((perSecond * STEP_MS) / 1000, () => asked.push(this.#ask(kind as keyof Load)))
      }
      await this.#scheduler.runUntil(this.#scheduler.now + STEP_MS)
    }
    const counted = { seconds, kinds: this.#meter.take() }
    await this.#settled(Promise.all(asked))
    return counted
  }

  /** Until the new node has its share. */
  async join(): Promise<Counted> {
    return this.#measure(() => this.#add())
  }

  /** Until its partitions are elsewhere. */
  async leave(): Promise<Counted> {
    const { node } = this.#nodes.at(-1)!
    return this.#measure(() => node.leave())
  }

  /** Until its partitions are opened elsewhere. */
  async kill(): Promise<Counted> {
    const { node } = this.#nodes.at(-1)!
    return this.#measure(() => node.crash())
  }

  async #measure(begin: () => void): Promise<Counted> {
    this.#meter.take()
    const began = this.#scheduler.now
    begin()
    await this.#untilRest()
    return { seconds: (this.#scheduler.now - began) / 1000, kinds: this.#meter.take() }
  }

  #add(): void {
    let program: ClusterNode | undefined
    const startProgram = (seams: Seams): Program => {
      const { keyValue, peers } = seams
      const counted = {
        keyValue: new CountedKeyValue(keyValue, this.#meter),
        peers: new CountedPeers(peers, this.#meter),
      }
      program = new ClusterNode({ ...seams, ...counted }, REAL)
      return program
    }
    const node = new SimulatedNode(nameOf(this.#started++), this.#surroundings, startProgram)
    const added = { node, program: program! }
    this.#nodes = [...this.#nodes, added]
    node.whenGone(() => {
      this.#nodes = this.#nodes.filter((one) => one !== added)
    })
    node.start()
  }

  /**
   * As it was left by nodes of the same names, after many moves. A controller that never was keeps the first ones from
   * giving everything to themselves before the others are there.
   */
  #writeTable(names: readonly NodeId[]): void {
    const { partitions } = this.#options
    const owners = this.#shuffled(partitions, (index) => names[index % names.length]!)
    const owned = (_: unknown, index: number) => {
      const epoch = this.#random.int(1, EPOCH_MAX) as Epoch
      return { owner: owners[index]!, epoch, target: null }
    }
    const table = new Table(Array.from({ length: partitions }, owned), 1)
    const { keyValue } = this.#surroundings.states
    keyValue.write(TABLE_KEY, textOfTable(table))
    keyValue.write(CONTROLLER_KEY, JSON.stringify({ nodeId: 'nobody' }))
  }

  #shuffled<T>(count: number, itemAt: (index: number) => T): readonly T[] {
    const items = Array.from(
      { length: count },
      (_, index) => [this.#random.next(), itemAt(index)] as const,
    )
    return items.sort(([a], [b]) => a - b).map(([, item]) => item)
  }

  async #untilRest(): Promise<void> {
    const until = this.#scheduler.now + PATIENCE_MS
    do {
      assert(this.#scheduler.now < until, `no rest: ${this.#unrest()}`)
      await this.#scheduler.runUntil(this.#scheduler.now + STEP_MS)
    } while (this.#unrest() !== undefined)
  }

  /** Each node has its share, and is served what the table says. */
  #unrest(): string | undefined {
    const { table } = this.#nodes[0]!.program
    const share = Math.floor(this.#options.partitions / this.#nodes.length)
    for (const { node, program } of this.#nodes) {
      if (!node.isUp) return `${node.nodeId} is ${node.state}`
      const owned = table.ownedBy(node.nodeId)
      if (owned.length < share) return `${node.nodeId} owns ${owned.length}`
      const shut = owned.find((partition) => !program.isServing(partition))
      if (shut !== undefined) return `${node.nodeId} does not serve ${shut}`
    }
    return table.rows.some(({ target }) => target !== null) ? 'moves are planned' : undefined
  }

  /** So many at moments of the next step; of a part of one, as likely as it is large. */
  #plan(count: number, action: () => void): void {
    const whole = Math.floor(count) + (this.#random.chance(count % 1) ? 1 : 0)
    for (let left = whole; left > 0; left--) {
      this.#scheduler.after(this.#random.between(0, STEP_MS), action)
    }
  }

  async #ask(kind: keyof Load): Promise<void> {
    const { node, program } = this.#random.pick(this.#nodes)
    const code = kind === 'creates' ? this.#newCode() : this.#anyCode()
    await new Promise<void>((resolve) => {
      node.process.receive(() => {
        void this.#request(program, kind, code).then(resolve)
      })
    })
  }

  async #request(program: ClusterNode, kind: keyof Load, code: Code): Promise<void> {
    const { links, directory } = program
    const url = `https://example.org/${this.#random.int(0, 1e9)}`
    const settings = { title: null, tags: [], expiresAt: null, maxVisits: null }
    if (kind === 'creates') {
      await links.write({ kind: 'create', code, url, ...settings, isAlias: true, reuse: false })
      this.#codes.push(code)
    } else if (kind === 'changes') {
      await links.write({ kind: 'update', code, changes: { url } })
    } else if (kind === 'finds') {
      await links.find(code)
    } else {
      await directory.list({ limit: 20 })
    }
  }

  #newCode(): Code {
    return this.#random.next().toString(36).slice(2, 10) as Code
  }

  #anyCode(): Code {
    return this.#codes.length === 0 ? this.#newCode() : this.#random.pick(this.#codes)
  }

  async #settled(promise: Promise<unknown>): Promise<void> {
    const done = new AbortController()
    void promise.then(() => done.abort())
    const until = this.#scheduler.now + PATIENCE_MS
    while (!done.signal.aborted) {
      assert(this.#scheduler.now < until, 'something is never answered')
      await this.#scheduler.runUntil(this.#scheduler.now + STEP_MS)
    }
  }
}

/** In order also as text. */
function nameOf(index: number): NodeId {
  return `node-${String(index).padStart(3, '0')}` as NodeId
}

function calmSchedule(): Schedule {
  const faults = { log: NO_FAULTS, store: NO_FAULTS, cache: NO_FAULTS, kv: NO_FAULTS }
  const ample = { memoryBytesMax: 2 ** 30, dirtyBytesMax: 2 ** 28, logBytesMax: 2 ** 40 }
  const calm = { network: CALM_NETWORK, disturbances: [], refusedCodes: [] }
  return { ...scheduleOf(1), ...ample, ...calm, faults }
}
