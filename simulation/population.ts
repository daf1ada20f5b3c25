/**
 * The nodes that there are, and what becomes of them: started, disturbed, replaced.
 *
 * Carries out the disturbances of a schedule. Every one ends by itself, and `mend` ends all of them.
 */
import { hasCode } from '../links/errors.ts'
import type { Code } from '../links/ids.ts'
import type { Disturbance, Reachable } from './schedule.ts'
import { describeDisturbance } from './schedule.ts'
import { SimulatedNode, type StartProgram } from './simulated-node.ts'
import { calm, type Surroundings } from './surroundings.ts'

/** Most nodes that run at the same time. */
const NODES_MAX = 5
const RESTART_MS = 300

export class Population {
  readonly #surroundings: Surroundings
  readonly #startProgram: StartProgram
  readonly #nodes: SimulatedNode[] = []
  #isMended = false

  constructor(surroundings: Surroundings, startProgram: StartProgram) {
    this.#surroundings = surroundings
    this.#startProgram = startProgram
  }

  /** Those that have not crashed or left. */
  get living(): readonly SimulatedNode[] {
    return this.#nodes.filter((node) => !node.process.isCrashed)
  }

  /** Those that clients can reach. */
  get up(): readonly SimulatedNode[] {
    return this.living.filter((node) => node.isUp)
  }

  add(): void {
    if (this.living.length >= NODES_MAX) return
    const name = `n${this.#nodes.length + 1}`
    const node = new SimulatedNode(name, this.#surroundings, this.#startProgram)
    this.#nodes.push(node)
    node.start()
    node.whenGone(() => this.#replaceIfNeeded(node))
  }

  /** What could not even start is started again. */
  #replaceIfNeeded({ hasFailed }: SimulatedNode): void {
    if (hasFailed) this.#surroundings.scheduler.after(RESTART_MS, () => this.add())
  }

  plan(disturbances: readonly Disturbance[]): void {
    for (const disturbance of disturbances) {
      this.#surroundings.scheduler.after(disturbance.atMs, () => {
        if (!this.#isMended) this.#disturb(disturbance)
      })
    }
  }

  /** Everything works from now on; where nobody is left, a node starts. */
  mend(): void {
    this.#isMended = true
    calm(this.#surroundings)
    for (const { process } of this.living) process.thaw()
    const isLeaving = this.living.every(({ state }) => state === 'leaving')
    if (isLeaving) this.add()
  }

  /** A node that is up dies, and another one starts at once. */
  replaceOne(): void {
    const node = this.#surroundings.random.pick(this.up)
    node.crash()
    this.add()
  }

  #disturb(disturbance: Disturbance): void {
    const { story, scheduler, services } = this.#surroundings
    story.tell('*', () => describeDisturbance(disturbance))
    switch (disturbance.kind) {
      case 'crash':
        return this.#crash(this.#at(disturbance.node), disturbance.replacedAfterMs)
      case 'blackout':
        for (const node of this.living) this.#crash(node, disturbance.replacedAfterMs)
        return
      case 'freeze':
        return this.#freeze(this.#at(disturbance.node), disturbance.forMs)
      case 'cut':
        return this.#cut(this.#at(disturbance.node), disturbance.from, disturbance.forMs)
      case 'part':
        return this.#part(disturbance.node, disturbance.to, disturbance.forMs)
      case 'outage': {
        const service = services[disturbance.of]
        service.isDown = true
        scheduler.after(disturbance.forMs, () => (service.isDown = false))
        return
      }
      case 'strangers':
        return this.#disturbLog(disturbance.code, disturbance.entries)
      case 'join':
        return this.add()
      case 'leave':
        if (this.up.length > 1) this.#at(disturbance.node)?.leave()
    }
  }

  /** Another program needs no permission of ours, and no delay. */
  #disturbLog(code: string, entries: readonly string[]): void {
    const { ring, states } = this.#surroundings
    const partition = ring.partitionOf(code as Code)
    for (const entry of entries) {
      states.log.disturb(partition, Buffer.from(entry)).catch((error: unknown) => {
        if (!hasCode(error, 'log_full')) throw error
      })
    }
  }

  #at(place: number): SimulatedNode | undefined {
    return this.living[Math.floor(place * this.living.length)]
  }

  #crash(node: SimulatedNode | undefined, replacedAfterMs: number): void {
    if (node === undefined) return
    node.crash()
    this.#surroundings.scheduler.after(replacedAfterMs, () => {
      if (!this.#isMended) this.add()
    })
  }

  #freeze(node: SimulatedNode | undefined, forMs: number): void {
    node?.process.freeze()
    this.#surroundings.scheduler.after(forMs, () => node?.process.thaw())
  }

  #cut(node: SimulatedNode | undefined, from: readonly Reachable[], forMs: number): void {
    if (node === undefined) return
    const { services, network, scheduler } = this.#surroundings
    for (const name of from) {
      if (name !== 'peers') services[name].cut(node.process)
      else for (const other of network.nodes) closeBoth(network, node.nodeId, other)
    }
    scheduler.after(forMs, () => {
      for (const name of from) {
        if (name !== 'peers') services[name].mend(node.process)
        else network.open()
      }
    })
  }

  #part(from: number, to: number, forMs: number): void {
    const { network, scheduler } = this.#surroundings
    const [source, target] = [this.#at(from), this.#at(to)]
    if (source === undefined || target === undefined) return
    network.close(source.nodeId, target.nodeId)
    scheduler.after(forMs, () => network.open())
  }
}

function closeBoth(
  network: Surroundings['network'],
  node: SimulatedNode['nodeId'],
  other: SimulatedNode['nodeId'],
): void {
  if (node === other) return
  network.close(node, other)
  network.close(other, node)
}
