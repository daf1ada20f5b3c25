/**
 * The tables of a click store in DuckDB, and how those of older versions become today's.
 *
 * `clicks` has single clicks, `click_hours` what was rolled up, `link_clicks` what each append or deletion
 * changed of a link's clicks: their sums are what `clicksOf` tells. Of `store_state` there is one row.
 * A version of the file that is newer than this program is refused.
 */
import type { DuckDBConnection } from '@duckdb/node-api'
import { StartError } from '../../links/errors.ts'

/** Each makes the next version of the one before; never changed once it was released. */
const MIGRATIONS: readonly string[][] = [
  [
    'CREATE TABLE store_state (version INTEGER NOT NULL, log_position BIGINT NOT NULL)',
    'INSERT INTO store_state VALUES (0, 0)',
    `CREATE TABLE clicks (
      code VARCHAR NOT NULL, at_ms BIGINT NOT NULL, kind VARCHAR NOT NULL, bot_name VARCHAR NOT NULL,
      country VARCHAR NOT NULL, asn UINTEGER NOT NULL, network VARCHAR NOT NULL,
      network_type VARCHAR NOT NULL, ip_version UTINYINT NOT NULL, address VARCHAR NOT NULL,
      visitor UBIGINT, browser VARCHAR NOT NULL, browser_version VARCHAR NOT NULL, os VARCHAR NOT NULL,
      device VARCHAR NOT NULL, referrer_host VARCHAR NOT NULL, referrer_path VARCHAR NOT NULL,
      language VARCHAR NOT NULL, utm_source VARCHAR NOT NULL, utm_medium VARCHAR NOT NULL,
      utm_campaign VARCHAR NOT NULL, status USMALLINT NOT NULL, node VARCHAR NOT NULL,
      log_position BIGINT NOT NULL, batch_index UINTEGER NOT NULL)`,
    `CREATE TABLE click_hours (
      code VARCHAR NOT NULL, at_ms BIGINT NOT NULL, kind VARCHAR NOT NULL, status USMALLINT NOT NULL,
      country VARCHAR NOT NULL, browser VARCHAR NOT NULL, os VARCHAR NOT NULL, device VARCHAR NOT NULL,
      referrer_host VARCHAR NOT NULL, utm_source VARCHAR NOT NULL, utm_medium VARCHAR NOT NULL,
      utm_campaign VARCHAR NOT NULL, clicks BIGINT NOT NULL, visitors BIGINT NOT NULL)`,
    'CREATE TABLE link_clicks (code VARCHAR NOT NULL, clicks BIGINT NOT NULL)',
  ],
  // DuckDB adds no column that is NOT NULL; whoever appends gives every column.
  ['ALTER TABLE clicks ADD COLUMN rule UTINYINT DEFAULT 0'],
]

/** Brings the tables to today's version. @throws StartError if they are newer */
export async function migrate(connection: DuckDBConnection, file: string): Promise<void> {
  const version = await versionOf(connection)
  if (version > MIGRATIONS.length) {
    throw new StartError(
      `click store ${file} has version ${version}, this program knows up to ${MIGRATIONS.length}; ` +
        'start a newer version',
    )
  }
  if (version === MIGRATIONS.length) return
  await connection.run('BEGIN TRANSACTION')
  for (const statement of MIGRATIONS.slice(version).flat()) await connection.run(statement)
  await connection.run(`UPDATE store_state SET version = ${MIGRATIONS.length}`)
  await connection.run('COMMIT')
}

async function versionOf(connection: DuckDBConnection): Promise<number> {
  const tables = await connection.runAndReadAll(
    "SELECT 1 FROM duckdb_tables() WHERE table_name = 'store_state'",
  )
  if (tables.currentRowCount === 0) return 0
  const versions = await connection.runAndReadAll('SELECT version FROM store_state')
  return Number(versions.value(0, 0))
}
