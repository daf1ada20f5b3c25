/**
 * A click store as one simulated analytics process sees it: the recount in memory, over a service.
 *
 * Of two kinds. A store of the process's own, as DuckDB is: what the process has begun is done or not, and
 * never once it is dead. One that several share, as ClickHouse is: what was given up may be carried out later,
 * and what it holds already of an append is left out.
 */
import { TinygridError } from '../../links/errors.ts'
import type { ClickStore } from '../../clicks/store/click-store.ts'
import type { Service } from '../service.ts'
import type { SimulatedProcess } from '../simulated-process.ts'
import type { ClickSchedule } from './click-schedule.ts'

/** What a consumer does with a store. */
export type ConsumedStore = Pick<ClickStore, 'position' | 'append' | 'delete' | 'retain'>
/** And what there is to see at the end. */
export type ClickTable = ConsumedStore & Pick<ClickStore, 'visits'>

export type StoreCall = <T>(what: string, effect: () => Promise<T>) => Promise<T>

export function storeCall(
  process: SimulatedProcess,
  service: Service,
  kind: ClickSchedule['stores'],
): StoreCall {
  return (what, effect) => {
    const work = async () => {
      if (kind === 'own' && process.isCrashed) throw new Error('died with its process')
      return effect()
    }
    return service.call(process, () => what, work, unavailable)
  }
}

export function simulatedClickStore(
  call: StoreCall,
  table: ClickTable,
  kind: ClickSchedule['stores'],
): ConsumedStore {
  return {
    position: () => call('position', () => table.position()),
    append: (clicks, position) =>
      call(`append ${clicks.length} clicks, up to ${position}`, async () => {
        const told = await table.position()
        const isNew = ({ position: at }: { position: number }) => kind === 'own' || at > told
        await table.append(clicks.filter(isNew), position)
      }),
    delete: (deletion, position) =>
      call(`delete ${deletion.value}, at ${position}`, () => table.delete(deletion, position)),
    retain: (from) => call('retain', () => table.retain(from)),
  }
}

function unavailable(): TinygridError {
  return new TinygridError('click_store_unavailable')
}
