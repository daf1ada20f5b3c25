/**
 * Faults of the click path that are planted on purpose, to show that the simulator catches them.
 *
 * None is in the product: each stands in for a seam, or for a part of a real class while a run lasts.
 */
import type { PlacedClick } from '../../clicks/click.ts'
import { ClickOutbox } from '../../clicks/ring/click-outbox.ts'
import { replaceMethod } from '../replacement.ts'
import { MemoryClickStore } from '../../clicks/testing/memory-click-store.ts'
import type { VisitsQuestion } from '../../clicks/store/question.ts'
import type { AppendToLog } from './simulated-click-log.ts'
import type { ClickTable, ConsumedStore, StoreCall } from './simulated-click-store.ts'

export interface PlantedClickFault {
  readonly what: string
  /** What stands in for a node's way into the log. */
  readonly writer?: (writer: AppendToLog) => AppendToLog
  /** What keeps the clicks. */
  readonly newTable?: () => ClickTable
  /** What stands in for an analytics process's way into the store. */
  readonly store?: (store: ConsumedStore, table: ClickTable, call: StoreCall) => ConsumedStore
  /** Replaces a method of a real class; returns what puts it back. */
  readonly plant?: () => () => void
}

export const PLANTED_CLICK_FAULTS = {
  'position-outside-transaction': {
    what: 'the position is stored behind the clicks, in a transaction of its own',
    newTable: () => new TornTable(),
    store: tornStore,
  },
  'retried-batch-with-new-id': {
    what: 'a batch that is tried again has a new id',
    writer: (writer) => {
      let attempts = 0
      return { append: (id, payload) => writer.append(`${id}:${++attempts}`, payload) }
    },
  },
  'append-not-awaited': {
    what: 'a batch counts as logged once it was sent',
    writer: (writer) => ({
      append: async (id, payload) => void writer.append(id, payload).catch(() => {}),
    }),
  },
  'failed-append-trusted': {
    what: 'clicks whose append has failed are taken for stored',
    store: (store) => ({
      ...store,
      append: (clicks, position) => store.append(clicks, position).catch(() => {}),
    }),
  },
  'stop-does-not-wait': {
    what: 'a node that is stopped gives up what the log does not have yet',
    plant: () => {
      const close: CloseOutbox = Reflect.get(ClickOutbox.prototype, 'close')
      return replaceMethod(ClickOutbox.prototype, 'close', function (this: ClickOutbox) {
        return close.call(this, 0)
      })
    },
  },
} as const satisfies Record<string, PlantedClickFault>

type CloseOutbox = (this: ClickOutbox, timeoutMs: number) => Promise<number>

/** Clicks and position can be changed by themselves. */
class TornTable implements ClickTable {
  #clicks: PlacedClick[] = []
  #position = 0

  async position(): Promise<number> {
    return this.#position
  }

  /** Clicks alone. */
  async append(clicks: readonly PlacedClick[]): Promise<void> {
    this.#clicks.push(...clicks)
  }

  async moveTo(position: number): Promise<void> {
    this.#position = Math.max(this.#position, position)
  }

  async retain(): Promise<void> {}

  async *visits(question: VisitsQuestion): AsyncGenerator<readonly PlacedClick[]> {
    const all = new MemoryClickStore()
    await all.append(this.#clicks, Infinity)
    yield* all.visits(question)
  }
}

function tornStore(store: ConsumedStore, table: ClickTable, call: StoreCall): ConsumedStore {
  return {
    ...store,
    append: async (clicks, position) => {
      if (position <= (await store.position())) return
      await store.append(clicks, position)
      await call(`position ${position}`, () => (table as TornTable).moveTo(position))
    },
  }
}
