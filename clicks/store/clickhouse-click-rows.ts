/** Clicks as rows of ClickHouse's table, in the order of its columns. */
import type { PlacedClick } from '../click.ts'
import { CLICK_COLUMNS } from './click-columns.ts'

const KEYS = Object.keys(CLICK_COLUMNS) as (keyof PlacedClick)[]

export const CLICKHOUSE_COLUMNS = KEYS.map((key) => CLICK_COLUMNS[key]) as [string, ...string[]]

export function clickHouseRowOf(click: PlacedClick): unknown[] {
  return KEYS.map((key) => {
    if (key !== 'visitor') return click[key]
    // Too large for a number of JSON.
    return click.visitor === '' ? null : String(BigInt(`0x${click.visitor}`))
  })
}
