/**
 * The world of a run of the click path: visitors, nodes, the click log, analytics and what becomes of all of them.
 *
 * Carries out the disturbances of a schedule. Every one ends by itself, and `mend` ends all of them.
 */
import { MemoryClickLog } from '../../clicks/testing/memory-click-log.ts'
import { MemoryClickStore } from '../../clicks/testing/memory-click-store.ts'
import { Random } from '../random.ts'
import type { Scheduler } from '../scheduler.ts'
import { NO_FAULTS, Service } from '../service.ts'
import type { SimulatedProcess } from '../simulated-process.ts'
import type { Story } from '../story.ts'
import { ClickAnalytics } from './click-analytics.ts'
import { ClickNode } from './click-node.ts'
import {
  CODES,
  type ClickDisturbance,
  type ClickSchedule,
  type ClickService,
} from './click-schedule.ts'
import type { PlantedClickFault } from './planted-click-faults.ts'

export interface ClickWorldOptions {
  readonly schedule: ClickSchedule
  readonly scheduler: Scheduler
  readonly story: Story
  readonly fault: Partial<PlantedClickFault>
  /** Something that must never happen has happened: the run has failed. */
  readonly noteBug: (error: unknown) => void
}

const ORPHAN_SHARE = 0.1
const SERVICES = ['click log', 'click store'] as const

export class ClickWorld {
  readonly schedule: ClickSchedule
  readonly scheduler: Scheduler
  readonly random: Random
  readonly fault: Partial<PlantedClickFault>
  readonly noteBug: (error: unknown) => void
  readonly services: Readonly<Record<ClickService, Service>>
  readonly log = new MemoryClickLog()
  readonly nodes: ClickNode[] = []
  readonly readers: readonly ClickAnalytics[]
  readonly #story: Story
  #visits = 0
  #isMended = false

  constructor({ schedule, scheduler, story, fault, noteBug }: ClickWorldOptions) {
    this.schedule = schedule
    this.scheduler = scheduler
    this.random = new Random(schedule.seed ^ 0xc11c)
    this.fault = fault
    this.noteBug = noteBug
    this.#story = story
    const service = (name: ClickService) => {
      const made = new Service(name, this.random.fork(), story)
      made.faults = schedule.faults[name]
      return made
    }
    this.services = { 'click log': service('click log'), 'click store': service('click store') }
    for (let count = schedule.nodes; count > 0; count--) this.#addNode()
    const newTable = () => fault.newTable?.() ?? new MemoryClickStore()
    const shared = newTable()
    this.readers = Array.from({ length: schedule.readers }, (_, index) => {
      const table = schedule.stores === 'own' ? newTable() : shared
      return new ClickAnalytics(`analytics${index + 1}`, this, table)
    })
  }

  /** Those that take visits. */
  get up(): readonly ClickNode[] {
    return this.nodes.filter(({ state }) => state === 'up')
  }

  /** Operating errors are part of the weather; anything else is a bug. */
  noteError(who: string, what: string, error: unknown): void {
    this.#story.tell(who, () => `${what}: ${(error as Error).message}`)
    if ((error as Error).name !== 'TinygridError') this.noteBug(error)
  }

  /** Lets visitors come, and everything happen that the schedule has. */
  begin(): void {
    for (const item of this.schedule.disturbances) {
      this.scheduler.after(item.atMs, () => {
        this.#story.tell('*', () => JSON.stringify(item))
        if (!this.#isMended) this.#disturb(item)
      })
    }
    this.#visitLater()
  }

  /** Nobody visits any more, and everything works from now on. */
  mend(): void {
    this.#isMended = true
    this.#story.tell('*', () => 'everything is mended')
    for (const name of SERVICES) {
      this.services[name].isDown = false
      this.services[name].mendAll()
      this.services[name].faults = NO_FAULTS
    }
    for (const node of this.nodes) node.thaw()
    for (const reader of this.readers) {
      reader.process?.thaw()
      reader.start()
    }
  }

  #addNode(): void {
    this.nodes.push(new ClickNode(`n${this.nodes.length + 1}`, this))
  }

  #visitLater(): void {
    this.scheduler.after(this.random.between(0, this.schedule.visitEveryMsMax), () => {
      if (this.#isMended) return
      const { up } = this
      if (up.length > 0) this.#visit(this.random.pick(up), this.random.chance(ORPHAN_SHARE))
      this.#visitLater()
    })
  }

  #visit(node: ClickNode, isOrphan: boolean): void {
    node.visit(`v${++this.#visits}`, this.random.pick(CODES), isOrphan ? 404 : 302)
  }

  #disturb(item: ClickDisturbance): void {
    switch (item.kind) {
      case 'kill node':
      case 'stop node':
      case 'freeze node':
      case 'cut node':
      case 'orphans':
      case 'delete':
        return this.#disturbNode(item, this.up[Math.floor(item.at * this.up.length)])
      case 'kill reader':
      case 'freeze reader':
      case 'cut reader':
        return this.#disturbReader(item, this.readers[Math.floor(item.at * this.readers.length)]!)
      case 'outage':
        this.services[item.of].isDown = true
        this.#later(item.forMs, () => (this.services[item.of].isDown = false))
    }
  }

  #disturbNode(item: ClickDisturbance, node: ClickNode | undefined): void {
    if (node === undefined) return
    if (item.kind === 'kill node') {
      node.kill()
      this.#later(item.replacedAfterMs, () => this.#addNode())
    } else if (item.kind === 'stop node') {
      void node.stop()
      this.#later(item.replacedAfterMs, () => this.#addNode())
    } else if (item.kind === 'freeze node') {
      node.freeze()
      this.#later(item.forMs, () => node.thaw())
    } else if (item.kind === 'cut node') {
      this.#cut(node.process, 'click log', item.forMs)
    } else if (item.kind === 'orphans') {
      for (let count = 0; count < item.count; count++) this.#visit(node, true)
    } else if (item.kind === 'delete') {
      node.delete(item.code)
    }
  }

  #disturbReader(item: ClickDisturbance, reader: ClickAnalytics): void {
    const { process } = reader
    if (process === undefined) return
    if (item.kind === 'kill reader') {
      reader.kill()
      this.#later(item.replacedAfterMs, () => reader.start())
    } else if (item.kind === 'freeze reader') {
      process.freeze()
      this.#later(item.forMs, () => process.thaw())
    } else if (item.kind === 'cut reader') {
      this.#cut(process, item.from, item.forMs)
    }
  }

  #cut(process: SimulatedProcess, from: ClickService, forMs: number): void {
    this.services[from].cut(process)
    this.#later(forMs, () => this.services[from].mend(process))
  }

  #later(ms: number, action: () => void): void {
    this.scheduler.after(ms, () => {
      if (!this.#isMended) action()
    })
  }
}
