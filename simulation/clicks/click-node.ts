/**
 * A node of the click path's simulation: a process that answers visits, with the real recorder in it.
 *
 * It knows what it has taken, and when by the time in which it ran: what a kill may cost is told by that.
 */
import type { Code, EpochMs } from '../../links/ids.ts'
import { ClickRecorder, type ClickNumbers } from '../../clicks/ring/click-recorder.ts'
import { KeyedHash } from '../../clicks/ring/keyed-hash.ts'
import { SimulatedProcess } from '../simulated-process.ts'
import type { ClickWorld } from './click-world.ts'
import { simulatedLogWriter } from './simulated-click-log.ts'

export interface TakenClick {
  readonly name: string
  readonly code: string
  /** Milliseconds in which the process had run by then. */
  readonly ranMs: number
}

const TIME_START = 1_700_000_000_000
const STOP_MS_MAX = 5_000
const HEAD = ' HTTP/1.1\r\nHost: sho.rt\r\nUser-Agent: Firefox\r\n\r\n'
const TARGET = 'https://example.com/'
const ADDRESS = '203.0.113.7'

export class ClickNode {
  readonly name: string
  readonly process: SimulatedProcess
  readonly taken: TakenClick[] = []
  /** What it took before the deletion of its link was asked for, which was promised since. */
  readonly deleted: TakenClick[] = []
  /** stopped: by itself, after everything was done. */
  state: 'up' | 'stopping' | 'stopped' | 'killed' = 'up'
  readonly #world: ClickWorld
  readonly #recorder: ClickRecorder
  readonly #startedAt: number
  #deletions = 0
  #frozenMs = 0
  /** Since when it no longer runs; killed, it never will. */
  #frozenAt: number | undefined

  constructor(name: string, world: ClickWorld) {
    this.name = name
    this.#world = world
    const { scheduler, random, services, log, schedule, fault } = world
    this.process = new SimulatedProcess(name, scheduler, random.fork())
    this.#startedAt = scheduler.now
    const hash = new KeyedHash(new Uint8Array(16))
    const writer = simulatedLogWriter(this.process, services['click log'], log)
    this.#recorder = new ClickRecorder({
      node: name,
      run: 'r1',
      writer: fault.writer?.(writer) ?? writer,
      privacy: 'anonymised',
      respectDnt: false,
      trustProxy: false,
      salts: { hashOf: () => hash },
      bufferBytesMax: schedule.bufferBytesMax,
      clock: this.process.clock,
      random: this.process.random.fork().next,
      defer: this.process.defer,
      onError: (what, error) => world.noteError(name, what, error),
    })
  }

  /** Milliseconds in which it has run. */
  get ranMs(): number {
    const { now } = this.#world.scheduler
    return (this.#frozenAt ?? now) - this.#startedAt - this.#frozenMs
  }

  get numbers(): ClickNumbers {
    return this.#recorder.numbers()
  }

  /** Somebody follows a link, if this process lives to see it. @param status 404: it leads nowhere */
  visit(name: string, code: string, status: number): void {
    this.process.receive(() => {
      if (this.state !== 'up') return
      const path = `/${code}?utm_source=${name}`
      const at = Math.floor(TIME_START + this.#world.scheduler.now) as EpochMs
      const { notes } = this.#recorder
      this.taken.push({ name, code, ranMs: this.ranMs })
      if (status === 404) notes.noteOrphan(code as Code, at, status, ADDRESS, HEAD, path)
      else notes.note(code as Code, at, status, ADDRESS, HEAD, path, TARGET)
      this.#checkNumbers()
    })
  }

  /** All clicks of a link are to be forgotten. */
  delete(code: string): void {
    this.process.receive(() => {
      if (this.state !== 'up') return
      const before = this.taken.filter((click) => click.code === code)
      const deletion = {
        id: `${this.name}-${++this.#deletions}`,
        kind: 'link',
        value: code,
      } as const
      const { deletion: standIn } = this.#world.fault
      const noted = standIn?.(this.#world, code) ?? this.#recorder.noteDeletion(deletion)
      noted.then(
        () => void this.deleted.push(...before),
        (error: unknown) => this.#world.noteError(this.name, 'a deletion', error),
      )
    })
  }

  freeze(): void {
    if (!this.process.isRunning) return
    this.#frozenAt = this.#world.scheduler.now
    this.process.freeze()
  }

  thaw(): void {
    if (this.#frozenAt === undefined || !this.process.isFrozen) return
    this.#frozenMs += this.#world.scheduler.now - this.#frozenAt
    this.#frozenAt = undefined
    this.process.thaw()
  }

  kill(): void {
    this.#checkNumbers()
    this.#frozenAt ??= this.#world.scheduler.now
    this.state = 'killed'
    this.process.crash()
  }

  /** SIGTERM: no visit comes after that. Resolves once it has ended by itself. */
  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.process.receive(() => {
        this.state = 'stopping'
        void this.#recorder.close(STOP_MS_MAX).then(() => {
          this.#checkNumbers()
          this.state = 'stopped'
          this.process.crash()
          resolve()
        })
      })
    })
  }

  #checkNumbers(): void {
    const { accepted, logged, waiting, dropped } = this.numbers
    const total = logged + waiting + droppedOf({ dropped })
    if (accepted === this.taken.length && accepted === total) return
    const seen = JSON.stringify({ taken: this.taken.length, accepted, logged, waiting, dropped })
    this.#world.noteBug(new Error(`${this.name}: its numbers do not add up: ${seen}`))
  }
}

export function droppedOf({ dropped }: Pick<ClickNumbers, 'dropped'>): number {
  return dropped.ring + dropped.orphans + dropped.buffer + dropped.stop
}
