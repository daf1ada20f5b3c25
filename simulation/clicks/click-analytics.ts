/**
 * A place where analytics runs: one process after the other over one store, with the real consumer in it.
 *
 * As the supervisor does it: what a process has told of itself before it died counts, and the next one counts what
 * the dead one stored and did not live to tell.
 */
import { ClickConsumer } from '../../clicks/analytics/click-consumer.ts'
import { decodeBatch } from '../../clicks/log/batch-codec.ts'
import { EMPTY_ADDRESS_BOOK } from '../../clicks/parse/address-book.ts'
import { ClickParser } from '../../clicks/parse/click-parser.ts'
import { toEpochMs } from '../../links/ids.ts'
import { SimulatedProcess } from '../simulated-process.ts'
import type { ClickWorld } from './click-world.ts'
import { simulatedLogReader } from './simulated-click-log.ts'
import { simulatedClickStore, storeCall, type ClickTable } from './simulated-click-store.ts'

const TELL_MS = 400
const RETENTION_MS = 86_400_000
const PARSER = new ClickParser({ addresses: EMPTY_ADDRESS_BOOK, keepsAddress: true })

interface Told {
  /** Of the store; undefined: not known yet. */
  readonly position: number | undefined
  readonly stored: number
  readonly lost: number
  readonly undecodable: number
}

const NOTHING: Told = { position: undefined, stored: 0, lost: 0, undecodable: 0 }

export class ClickAnalytics {
  readonly name: string
  readonly table: ClickTable
  readonly #world: ClickWorld
  #process: SimulatedProcess | undefined
  #consumer: ClickConsumer | undefined
  #processes = 0
  /** Of processes that have ended, and of the one that runs. */
  #earlier = NOTHING
  #told = NOTHING

  constructor(name: string, world: ClickWorld, table: ClickTable) {
    this.name = name
    this.table = table
    this.#world = world
    this.start()
  }

  get process(): SimulatedProcess | undefined {
    return this.#process
  }

  /** Since the beginning, by what its processes have told. */
  get told(): Told {
    const { stored, lost, undecodable } = this.#earlier
    return {
      position: this.#told.position,
      stored: stored + this.#told.stored,
      lost: lost + this.#told.lost,
      undecodable: undecodable + this.#told.undecodable,
    }
  }

  /** Nothing, if one runs. */
  start(): void {
    if (this.#process !== undefined) return
    const { scheduler, random, services, log, schedule, fault } = this.#world
    const name = `${this.name}.${++this.#processes}`
    const process = new SimulatedProcess(name, scheduler, random.fork())
    const call = storeCall(process, services['click store'], schedule.stores)
    const store = simulatedClickStore(call, this.table, schedule.stores)
    const consumer = new ClickConsumer({
      log: simulatedLogReader(process, services['click log'], log),
      store: fault.store?.(store, this.table, call) ?? store,
      decode: decodeBatch,
      parse: (record, node) => PARSER.parse(record, node),
      clock: process.clock,
      now: () => toEpochMs(1_700_000_000_000 + Math.floor(scheduler.now)),
      random: process.random.fork().next,
      retentionMs: RETENTION_MS,
      countedTo: this.#told.position,
      onPlaced: async () => this.#hear(consumer),
      onError: (what, error) => this.#world.noteError(name, what, error),
    })
    this.#process = process
    this.#consumer = consumer
    process.receive(() => {
      this.#tell(process, consumer)
      consumer.run().catch((error: unknown) => this.#world.noteBug(error))
    })
  }

  kill(): void {
    this.#process?.crash()
    this.#process = undefined
    this.#consumer = undefined
    this.#earlier = this.told
    this.#told = { ...NOTHING, position: this.told.position }
  }

  /** Whether all of the log is stored here, and told. */
  isAt(position: number): boolean {
    return this.#consumer?.position === position && this.#told.position === position
  }

  /** For as long as the process lives. */
  #tell(process: SimulatedProcess, consumer: ClickConsumer): void {
    this.#hear(consumer)
    process.clock.after(TELL_MS, () => this.#tell(process, consumer))
  }

  #hear({ position = this.#told.position, counts }: ClickConsumer): void {
    this.#told = { position, ...counts }
  }
}
