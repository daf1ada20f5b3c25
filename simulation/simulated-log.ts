/**
 * The log seam of one simulated process, over a log that all processes share.
 *
 * The shared state is a MemoryLog; the way there is a Service, with its delays and faults. What the
 * contract lets an append fail with depends on what is known: `log_unavailable` before it was sent,
 * `log_uncertain` after. Entries are read in pages, so that a trim may come in between. What strangers
 * wrote is passed over as the log in JetStream does it: each step of that is a call of its own.
 */
import { TinygridError } from '../links/errors.ts'
import { POSITION_NONE, type LogPosition, type PartitionId } from '../links/ids.ts'
import { ForeignEntries, type ForeignEntriesOptions } from '../persistence/log/foreign-entries.ts'
import type { AppendKind, DeadLetter, Log, LogEntry } from '../persistence/log/log.ts'
import type { Refuse, Service } from './service.ts'
import type { SimulatedProcess } from './simulated-process.ts'

const PAGE_ENTRIES = 8

export class SimulatedLog implements Log {
  readonly #process: SimulatedProcess
  readonly #service: Service
  /** Knows nothing of foreign entries. */
  readonly #state: Log
  readonly #foreign: ForeignEntries

  constructor(
    process: SimulatedProcess,
    service: Service,
    state: Log,
    foreign: ForeignEntriesOptions = {},
  ) {
    this.#process = process
    this.#service = service
    this.#state = state
    this.#foreign = new ForeignEntries(foreign)
  }

  append(
    partition: PartitionId,
    payload: Uint8Array,
    expectedLast: LogPosition,
    kind?: AppendKind,
  ): Promise<LogPosition> {
    const sent = Buffer.from(payload)
    const append = (last: LogPosition) =>
      this.#call(
        () => `append p${partition} after ${last}`,
        () => this.#state.append(partition, sent, last, kind),
        (isCertain) => new TinygridError(isCertain ? 'log_unavailable' : 'log_uncertain'),
      )
    return this.#foreign.append(expectedLast, append, (after) => this.#readAfter(partition, after))
  }

  last(partition: PartitionId): Promise<LogPosition> {
    return this.#call(
      () => `last p${partition}`,
      () => this.#state.last(partition),
    )
  }

  readAfter(partition: PartitionId, after: LogPosition): AsyncGenerator<LogEntry> {
    return this.#foreign.without(partition, this.#readAfter(partition, after))
  }

  async *#readAfter(partition: PartitionId, after: LogPosition): AsyncGenerator<LogEntry> {
    for (let from = after; ;) {
      const read = () => pageOf(this.#state.readAfter(partition, from), PAGE_ENTRIES)
      const page = await this.#call(() => `read p${partition} after ${from}`, read)
      yield* page
      if (page.length < PAGE_ENTRIES) return
      from = page.at(-1)!.position
    }
  }

  /** Keeps the owners' last entry, whatever strangers wrote behind it. */
  async trim(partition: PartitionId, upTo: LogPosition): Promise<void> {
    const own = async () => {
      let last = POSITION_NONE
      const entries = this.#foreign.without(partition, this.#state.readAfter(partition, last))
      for await (const { position } of entries) last = position
      return last
    }
    await this.#call(
      () => `trim p${partition} to ${upTo}`,
      async () => this.#state.trim(partition, Math.min(upTo, (await own()) - 1) as LogPosition),
    )
  }

  async addDeadLetter(letter: DeadLetter): Promise<void> {
    const sent = { ...letter, payload: Buffer.from(letter.payload) }
    await this.#call(
      () => `add letter ${letter.key}@${letter.position}`,
      () => this.#state.addDeadLetter(sent),
    )
  }

  async *deadLetters(): AsyncGenerator<DeadLetter> {
    yield* await this.#call(
      () => 'read letters',
      () => pageOf(this.#state.deadLetters(), Infinity),
    )
  }

  async removeDeadLetter(key: string, upTo: LogPosition): Promise<void> {
    await this.#call(
      () => `remove letter ${key} up to ${upTo}`,
      () => this.#state.removeDeadLetter(key, upTo),
    )
  }

  bytes(): number {
    return this.#state.bytes()
  }

  async close(): Promise<void> {}

  #call<T>(
    what: () => string,
    effect: () => Promise<T>,
    refuse: Refuse = () => new TinygridError('log_unavailable'),
  ): Promise<T> {
    return this.#service.call(this.#process, what, effect, refuse)
  }
}

async function pageOf<T>(items: AsyncIterable<T>, max: number): Promise<T[]> {
  const page: T[] = []
  for await (const item of items) {
    if (page.push(item) === max) break
  }
  return page
}
