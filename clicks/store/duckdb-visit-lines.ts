/**
 * How visits come out of DuckDB: all of a window in one text, taken apart here.
 *
 * Each value that crosses from DuckDB's library to JavaScript costs a call, and a click has 26: as columns
 * of a result a million visits took five times as long. Fields are parted by U+001F and clicks by U+001E,
 * which hardly any text holds: if one does, the parts are too many, and the window is read again with its
 * texts as hexadecimal digits.
 */
import type { Code, EpochMs } from '../../links/ids.ts'
import type { Device, NetworkType, PlacedClick, VisitorKind } from '../click.ts'
import { CSV_COLUMNS } from './visit-lines.ts'
import { CLICK_COLUMNS } from './click-columns.ts'

const FIELD_END = '\u001f'
const CLICK_END = '\u001e'
const KEYS = Object.keys(CLICK_COLUMNS) as (keyof PlacedClick)[]
const NUMBERS: ReadonlySet<string> = new Set([
  'at',
  'asn',
  'ipVersion',
  'status',
  'position',
  'index',
  'rule',
])

/** As `Date.toISOString` up to the year 9999. */
const TIME_TEXT = `strftime(make_timestamp_ms(${CLICK_COLUMNS.at}), '%Y-%m-%dT%H:%M:%S.%gZ')`
/** 16 hexadecimal digits, or none. */
export const VISITOR_TEXT = "coalesce(lpad(lower(to_hex(visitor)), 16, '0'), '')"

/** One row with one column: all that `clicks` chooses, in this order; NULL if there are none. */
export function linesSql(clicks: string, order: string, isCareful: boolean): string {
  const fields = KEYS.map((key) => {
    const column = key === 'visitor' ? VISITOR_TEXT : CLICK_COLUMNS[key]
    return isCareful && !NUMBERS.has(key) ? `hex(${column})` : column
  })
  const line = `concat_ws(chr(31), ${fields.join(', ')})`
  return `SELECT string_agg(${line}, chr(30) ORDER BY ${order}) FROM (${clicks}) AS chosen`
}

/**
 * One row: all that `clicks` chooses as bytes for `csvBytes`, in this order; how many they are; and of the last of
 * them the time, position and index.
 */
export function csvSql(clicks: string, order: string): string {
  const cells = CSV_COLUMNS.map((key) => {
    if (key === 'at') return TIME_TEXT
    return key === 'visitor' ? VISITOR_TEXT : CLICK_COLUMNS[key]
  })
  const { at, position, index } = CLICK_COLUMNS
  const line = `concat_ws(chr(31), ${cells.join(', ')})`
  const all = `string_agg(line, chr(30) || chr(10) ORDER BY ${order}) || chr(30) || chr(10)`
  const last = `min({'at': ${at}, 'position': ${position}, 'index': ${index}})`
  const rows = `SELECT ${at}, ${position}, ${index}, ${line} AS line FROM (${clicks}) AS chosen`
  const read = `SELECT encode(${all}) AS bytes, count(*) AS amount, ${last} AS last FROM (${rows}) AS rows`
  return `SELECT bytes, amount, last['at'], last['position'], last['index'] FROM (${read}) AS told`
}

/** undefined: a text holds what parts the fields. */
export function visitsOfLines(text: string, isCareful: boolean): PlacedClick[] | undefined {
  const lines = text.split(CLICK_END)
  const visits: PlacedClick[] = []
  for (const line of lines) {
    const fields = line.split(FIELD_END)
    if (fields.length !== KEYS.length) return undefined
    visits.push(visitOf(isCareful ? fields.map(decoded) : fields))
  }
  return visits
}

function decoded(field: string, place: number): string {
  return NUMBERS.has(KEYS[place]!) ? field : Buffer.from(field, 'hex').toString()
}

/** In the order of CLICK_COLUMNS. Written out: one shape of object, made at once. */
function visitOf(fields: readonly string[]): PlacedClick {
  return {
    code: fields[0] as Code,
    at: Number(fields[1]) as EpochMs,
    kind: fields[2] as VisitorKind,
    botName: fields[3]!,
    country: fields[4]!,
    asn: Number(fields[5]),
    network: fields[6]!,
    networkType: fields[7] as NetworkType,
    ipVersion: Number(fields[8]) as 0 | 4 | 6,
    address: fields[9]!,
    visitor: fields[10]!,
    browser: fields[11]!,
    browserVersion: fields[12]!,
    os: fields[13]!,
    device: fields[14] as Device,
    referrerHost: fields[15]!,
    referrerPath: fields[16]!,
    language: fields[17]!,
    utmSource: fields[18]!,
    utmMedium: fields[19]!,
    utmCampaign: fields[20]!,
    status: Number(fields[21]),
    node: fields[22]!,
    position: Number(fields[23]),
    index: Number(fields[24]),
    rule: Number(fields[25]),
  }
}
