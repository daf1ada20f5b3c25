/**
 * The tables of a click store in ClickHouse, and how those of older versions become today's.
 *
 * `click_rows` has single clicks, each under a key that no other click has, so that one which is written
 * again is one (ReplacingMergeTree, read with FINAL). The order by code and time makes questions about one
 * link cheap. Partitions are days: FINAL costs nothing where a partition is one part, to which the server
 * merges each day that is over; by months, today's clicks would have all of their month merged at each
 * question. `hour_rows` has what was rolled up, each row with the name of the attempt that made it,
 * `roll_ups` the attempts that count (`clickhouse-roll-ups.ts`), `positions` how far the log was read. All
 * rows are on the disk before an insert is answered.
 *
 * Statements here may be repeated, because ClickHouse has no transaction around them and several nodes
 * may begin at once. Tables that are not as this file makes them are refused: they are not ours.
 */
import { StartError } from '../../links/errors.ts'
import type { ClickHouseConnection } from './clickhouse-connection.ts'

const SYNCED = 'fsync_after_insert = 1, fsync_part_directory = 1'
/** Appends that are remembered by their token: of roll-ups, of which there are some a day. */
const ROLL_UPS_REMEMBERED = 10_000
/** After which a day that nothing was added to is merged to one part. */
const MERGE_AGE_S = 3_600
const DAY_MS = 86_400_000

const TIME = 'Int64 CODEC(Delta, ZSTD)'
const WORD = 'LowCardinality(String)'

/** As the first version has them. */
const TABLES: Readonly<Record<string, { columns: Record<string, string>; engine: string }>> = {
  click_rows: {
    columns: {
      code: 'String CODEC(ZSTD)',
      at_ms: TIME,
      kind: WORD,
      bot_name: WORD,
      country: WORD,
      asn: 'UInt32 CODEC(ZSTD)',
      network: WORD,
      network_type: WORD,
      ip_version: 'UInt8',
      address: 'String CODEC(ZSTD)',
      visitor: 'Nullable(UInt64)',
      browser: WORD,
      browser_version: WORD,
      os: WORD,
      device: WORD,
      referrer_host: WORD,
      referrer_path: 'String CODEC(ZSTD)',
      language: WORD,
      utm_source: WORD,
      utm_medium: WORD,
      utm_campaign: WORD,
      status: 'UInt16 CODEC(ZSTD)',
      node: WORD,
      log_position: 'UInt64 CODEC(Delta, ZSTD)',
      batch_index: 'UInt32 CODEC(Delta, ZSTD)',
    },
    engine:
      `ReplacingMergeTree PARTITION BY intDiv(at_ms, ${DAY_MS}) ` +
      `ORDER BY (code, at_ms, log_position, batch_index) SETTINGS ${SYNCED}, ` +
      `min_age_to_force_merge_seconds = ${MERGE_AGE_S}, min_age_to_force_merge_on_partition_only = 1`,
  },
  hour_rows: {
    columns: {
      code: 'String CODEC(ZSTD)',
      at_ms: TIME,
      kind: WORD,
      status: 'UInt16',
      country: WORD,
      browser: WORD,
      os: WORD,
      device: WORD,
      referrer_host: WORD,
      utm_source: WORD,
      utm_medium: WORD,
      utm_campaign: WORD,
      clicks: 'UInt64',
      visitors: 'UInt64',
      attempt: WORD,
    },
    engine: `MergeTree ORDER BY (code, at_ms) SETTINGS ${SYNCED}`,
  },
  roll_ups: {
    columns: { number: 'UInt32', attempt: 'String', until_ms: 'Int64', log_position: 'UInt64' },
    engine:
      `MergeTree ORDER BY number SETTINGS ${SYNCED}, ` +
      `non_replicated_deduplication_window = ${ROLL_UPS_REMEMBERED}`,
  },
  positions: {
    columns: { id: 'UInt8', log_position: 'SimpleAggregateFunction(max, UInt64)' },
    engine: `AggregatingMergeTree ORDER BY id SETTINGS ${SYNCED}`,
  },
}

/** Columns that later versions have beside those. Rows of before have 0 in them. */
const ADDED: Readonly<Record<string, Record<string, string>>> = {
  click_rows: { rule: 'UInt8 CODEC(ZSTD)' },
}

/** Each makes the next version of the one before; never changed once it was released. */
const MIGRATIONS: readonly string[][] = [
  Object.entries(TABLES).map(([table, { columns, engine }]) => {
    const listed = Object.entries(columns).map(([name, type]) => `${name} ${type}`)
    return `CREATE TABLE IF NOT EXISTS ${table} (${listed.join(', ')}) ENGINE = ${engine}`
  }),
  [`ALTER TABLE click_rows ADD COLUMN IF NOT EXISTS rule ${ADDED['click_rows']!['rule']!}`],
]

const VERSIONS =
  'CREATE TABLE IF NOT EXISTS schema_versions (version UInt32) ENGINE = MergeTree ORDER BY version'

/** Brings the tables to today's version. @throws StartError if they are newer, or not of this program */
export async function migrate(connection: ClickHouseConnection): Promise<void> {
  await refuseForeign(connection)
  await connection.run(VERSIONS)
  const [row] = await connection.rows('SELECT max(version) AS version FROM schema_versions')
  const version = Number(row!['version'])
  if (version > MIGRATIONS.length) {
    throw new StartError(
      `${connection.where}: the click store has version ${version}, this program knows up to ` +
        `${MIGRATIONS.length}; start a newer version`,
    )
  }
  if (version < MIGRATIONS.length) {
    for (const statement of MIGRATIONS.slice(version).flat()) await connection.run(statement)
    await connection.insert('schema_versions', ['version'], [[MIGRATIONS.length]])
  }
  await compare(connection)
}

/** Tables with our names are ours only beside our versions; a start that was cut off has left both. */
async function refuseForeign(connection: ClickHouseConnection): Promise<void> {
  const tables = new Set(
    (
      await connection.rows('SELECT name FROM system.tables WHERE database = currentDatabase()')
    ).map((row) => String(row['name'])),
  )
  if (tables.has('schema_versions')) return
  const foreign = Object.keys(TABLES).find((table) => tables.has(table))
  if (foreign === undefined) return
  throw new StartError(
    `${connection.where} has a table ${foreign} that is not Tinygrid's; name another database in CLICKHOUSE_URL`,
  )
}

async function compare(connection: ClickHouseConnection): Promise<void> {
  const found = new Map<string, string>()
  const rows = await connection.rows(
    'SELECT table, name, type FROM system.columns WHERE database = currentDatabase()',
  )
  for (const row of rows)
    found.set(`${String(row['table'])}.${String(row['name'])}`, String(row['type']))
  for (const [table, { columns }] of Object.entries(TABLES)) {
    for (const [name, declared] of Object.entries({ ...columns, ...ADDED[table] })) {
      const type = declared.replace(/ CODEC.*$/, '')
      if (found.get(`${table}.${name}`) === type) continue
      throw new StartError(
        `${connection.where}: the click store's table ${table} was changed: column ${name} is ` +
          `${found.get(`${table}.${name}`) ?? 'missing'} instead of ${type}; restore it, or name another database`,
      )
    }
  }
}
