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
import type { ClickWorld } from './click-world.ts'
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
  /** What a node does instead of logging a deletion. */
  readonly deletion?: (world: ClickWorld, code: string) => Promise<void>
  /** Replaces a method of a real class; returns what puts it back. */
  readonly plant?: () => () => void
}

export const PLANTED_CLICK_FAULTS = {
  'position-outside-transaction': {
    what: 'the position is stored behind the clicks, in a transaction of its own',
    newTable: () => new TornTable(),
    store: (store, table, call) => tornStore(store, table as TornTable, call),
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
  'deletion-outside-transaction': {
    what: 'the position is moved to a deletion before it is carried out',
    newTable: () => new TornTable(),
    store: (store, table, call) => tornDeletions(store, table as TornTable, call),
  },
  'deletion-outside-log': {
    what: 'a deletion is told to the copies of the clicks that live, and not logged',
    newTable: () => new TornTable(),
    store: (store, table, call) => tornDeletions(store, table as TornTable, call),
    deletion: async ({ readers }, code) => {
      const living = readers.filter(({ process }) => process?.isRunning === true)
      for (const { table } of living) await (table as TornTable).remove(code)
    },
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

/** What a store changes together can be changed by itself. */
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

  async delete(): Promise<number> {
    throw new Error('a torn table deletes otherwise')
  }

  async remove(code: string): Promise<number> {
    const before = this.#clicks.length
    this.#clicks = this.#clicks.filter((click) => click.code !== code)
    return before - this.#clicks.length
  }

  async retain(): Promise<void> {}

  async *visits(question: VisitsQuestion): AsyncGenerator<readonly PlacedClick[]> {
    const all = new MemoryClickStore()
    await all.append(this.#clicks, Infinity)
    yield* all.visits(question)
  }
}

function tornStore(store: ConsumedStore, table: TornTable, call: StoreCall): ConsumedStore {
  return {
    ...store,
    append: async (clicks, position) => {
      if (position <= (await store.position())) return
      await store.append(clicks, position)
      await call(`position ${position}`, () => table.moveTo(position))
    },
    delete: ({ value }, position) =>
      call(`delete ${value}`, async () => {
        if (position <= (await table.position())) return 0
        await table.moveTo(position)
        return table.remove(value)
      }),
  }
}

function tornDeletions(store: ConsumedStore, table: TornTable, call: StoreCall): ConsumedStore {
  return {
    ...store,
    append: (clicks, position) =>
      call(`append ${clicks.length} clicks`, async () => {
        const told = await table.position()
        await table.append(clicks.filter((click) => click.position > told))
        await table.moveTo(position)
      }),
    delete: async ({ value }, position) => {
      if (position <= (await store.position())) return 0
      await call(`position ${position}`, () => table.moveTo(position))
      return call(`delete ${value}`, () => table.remove(value))
    },
  }
}
