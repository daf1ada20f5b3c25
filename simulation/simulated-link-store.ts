/**
 * The link store seam of one simulated process, over a store that all processes share.
 *
 * The shared state is a MemoryLinkStore; the way there is a Service, with its delays and faults. A
 * load is read in parts, and between two parts other processes write: of what was written after the
 * load began it gives any, all or none, as the contract allows.
 */
import { TinygridError } from '../links/errors.ts'
import type { Code, LogPosition, PartitionId } from '../links/ids.ts'
import type { LinkRecord, LinkVersion } from '../links/link-record.ts'
import type { ListPage, ListQuery, TagCount } from '../links/link-owner.ts'
import type { LinkStore, Refusal } from '../persistence/store/link-store.ts'
import type { Service } from './service.ts'
import type { SimulatedProcess } from './simulated-process.ts'

export class SimulatedLinkStore implements LinkStore {
  readonly #process: SimulatedProcess
  readonly #service: Service
  readonly #state: LinkStore

  constructor(process: SimulatedProcess, service: Service, state: LinkStore) {
    this.#process = process
    this.#service = service
    this.#state = state
  }

  get(code: Code): Promise<LinkVersion | undefined> {
    return this.#call(
      () => `get ${code}`,
      () => this.#state.get(code),
    )
  }

  write(versions: readonly LinkVersion[]): Promise<readonly Refusal[]> {
    const sent = versions.map(copyOf)
    return this.#call(
      () => `write ${sent.map(({ code, position }) => `${code}@${position}`).join(' ')}`,
      () => this.#state.write(sent),
    )
  }

  async *load(partitions: readonly PartitionId[]): AsyncGenerator<readonly LinkVersion[]> {
    const half = Math.ceil(partitions.length / 2)
    for (const part of [partitions.slice(0, half), partitions.slice(half)]) {
      if (part.length === 0) continue
      yield* await this.#call(
        () => `load p${part.join(' p')}`,
        () => collect(this.#state.load(part)),
      )
    }
  }

  partitionsPerLoad(): Promise<number> {
    return this.#state.partitionsPerLoad()
  }

  checkpoints(): Promise<ReadonlyMap<PartitionId, LogPosition>> {
    return this.#call(
      () => 'checkpoints',
      () => this.#state.checkpoints(),
    )
  }

  async saveCheckpoints(checkpoints: ReadonlyMap<PartitionId, LogPosition>): Promise<void> {
    const sent = new Map(checkpoints)
    await this.#call(
      () => `save ${[...sent].map(([id, position]) => `p${id}@${position}`).join(' ')}`,
      () => this.#state.saveCheckpoints(sent),
    )
  }

  async removeTombstones(tombstones: readonly LinkVersion[]): Promise<void> {
    const sent = tombstones.map(copyOf)
    await this.#call(
      () => `remove ${sent.map(({ code, position }) => `${code}@${position}`).join(' ')}`,
      () => this.#state.removeTombstones(sent),
    )
  }

  list(query: ListQuery): Promise<ListPage> {
    return this.#call(
      () => 'list',
      () => this.#state.list(query),
    )
  }

  tags(): Promise<readonly TagCount[]> {
    return this.#call(
      () => 'tags',
      () => this.#state.tags(),
    )
  }

  codesOfTags(tags: readonly string[], codesMax: number) {
    return this.#call(
      () => `codes of ${tags.join(' ')}`,
      () => this.#state.codesOfTags(tags, codesMax),
    )
  }

  async close(): Promise<void> {}

  #call<T>(what: () => string, effect: () => Promise<T>): Promise<T> {
    return this.#service.call(this.#process, what, effect, unavailable)
  }
}

/** What is sent is what it was then: the caller may reuse its bytes. */
function copyOf(version: LinkVersion): LinkVersion {
  return { ...version, record: Buffer.from(version.record) as LinkRecord }
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = []
  for await (const item of items) collected.push(item)
  return collected
}

function unavailable(): TinygridError {
  return new TinygridError('store_unavailable')
}
