/**
 * Clicks as rows for whoever keeps them elsewhere: what `docs/click-row.schema.json` describes, as lines of JSON.
 *
 * Used by the feed; pure. The rows of a batch are cut into messages by their number alone, so that whoever cuts
 * them again, with other data about networks too, cuts at the same places.
 */
import type { Click } from '../click.ts'
import type { ClickBatch, ClickRecord } from '../log/click-batch.ts'

/** What the rows are of, told beside them. */
export const ROW_SCHEMA = 'urn:tinygrid:click-row:1'
/** Rows of a message. The longest ones together are less than NATS takes: each has at most 4 KB. */
export const ROWS_MAX = 200

/** Where the rows of a message begin in the click log, and with that its name. */
export interface RowsPlace {
  readonly position: number
  /** Of its first row. */
  readonly index: number
}

export interface Rows {
  readonly place: RowsPlace
  readonly text: string
}

export function* rowsOf(
  { clicks, node }: ClickBatch,
  position: number,
  parse: (record: ClickRecord, node: string) => Click,
): Generator<Rows> {
  for (let index = 0; index < clicks.length; index += ROWS_MAX) {
    const lines = clicks
      .slice(index, index + ROWS_MAX)
      .map((record, place) => rowOf(parse(record, node), position, index + place))
    yield { place: { position, index }, text: lines.join('') }
  }
}

function rowOf(click: Click, position: number, index: number): string {
  const at = new Date(click.at).toISOString()
  const place = { id: `${position}-${index}`, event: 'click' }
  const row = { ...place, ...click, at, referrer: click.referrerHost, position, index }
  return `${JSON.stringify(row)}\n`
}
