/**
 * The log seam of one simulated process, over a log that all processes share.
 *
 * The shared state is a MemoryLog; the way there is a Service, with its delays and faults. What the
 * contract lets an append fail with depends on what is known: `log_unavailable` before it was sent,
 * `log_uncertain` after. Entries are read in pages, so that a trim may come in between.
 */
import { TinygridError } from '../links/errors.ts'
import type { LogPosition, PartitionId } from '../links/ids.ts'
import type { AppendKind, DeadLetter, Log, LogEntry } from '../persistence/log/log.ts'
import type { Refuse, Service } from './service.ts'
import type { SimulatedProcess } from './simulated-process.ts'

const PAGE_ENTRIES = 8

export class SimulatedLog implements Log {
  readonly #process: SimulatedProcess
  readonly #service: Service
  readonly #state: Log

  constructor(process: SimulatedProcess, service: Service, state: Log) {
    this.#process = process
    this.#service = service
    this.#state = state
  }

  append(
    partition: PartitionId,
    payload: Uint8Array,
    expectedLast: LogPosition,
    kind?: AppendKind,
  ): Promise<LogPosition> {
    const sent = Buffer.from(payload)
    return this.#call(
      () => `append p${partition} after ${expectedLast}`,
      () => this.#state.append(partition, sent, expectedLast, kind),
      (isCertain) => new TinygridError(isCertain ? 'log_unavailable' : 'log_uncertain'),
    )
  }

  last(partition: PartitionId): Promise<LogPosition> {
    return this.#call(
      () => `last p${partition}`,
      () => this.#state.last(partition),
    )
  }

  async *readAfter(partition: PartitionId, after: LogPosition): AsyncGenerator<LogEntry> {
    for (let from = after; ;) {
      const read = () => pageOf(this.#state.readAfter(partition, from), PAGE_ENTRIES)
      const page = await this.#call(() => `read p${partition} after ${from}`, read)
      yield* page
      if (page.length < PAGE_ENTRIES) return
      from = page.at(-1)!.position
    }
  }

  async trim(partition: PartitionId, upTo: LogPosition): Promise<void> {
    await this.#call(
      () => `trim p${partition} to ${upTo}`,
      () => this.#state.trim(partition, upTo),
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
