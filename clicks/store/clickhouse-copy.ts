/**
 * Copies the clicks of a ClickHouse into a file of DuckDB, and fills an empty ClickHouse from one.
 *
 * Used by backups, so that one is the same wherever its clicks were, and can be restored into either store. Each
 * statement reads what counts at one position. Where clicks are rolled up or deleted while several of them read, the
 * copy begins anew. For as long as it takes there is the file on the disk of this process. Rejected: `BACKUP` of
 * ClickHouse, which goes where the server may write, and into ClickHouse alone.
 */
import { createReadStream } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import path from 'node:path'
import { StartError, TinygridError } from '../../links/errors.ts'
import { TIME_MAX, type EpochMs } from '../../links/ids.ts'
import { CLICKHOUSE_COLUMNS, clickHouseRowOf } from './clickhouse-click-rows.ts'
import type { ClickHouseConnection } from './clickhouse-connection.ts'
import { snapshotOf, tablesOf } from './clickhouse-snapshot.ts'
import { readVisitsOf } from './clickhouse-visits.ts'
import { DuckDbClickStore } from './duckdb-click-store.ts'
import { CLICK_STORE_FILE } from './duckdb-database.ts'
import { signsUntil } from './duckdb-copy.ts'
import { DuckDbSession } from './duckdb-session.ts'
import type { Visit, VisitsQuestion } from './question.ts'
import { HOUR_COLUMNS, hourRowOf, type HourRow } from './rolled-up-sql.ts'

const COPYING = { memoryBytesMax: 2 ** 28, threads: 1 }
/** Of a read of the file, which takes no longer than a window. */
const READ_MS_MAX = 60_000
const ATTEMPTS_MAX = 3
/** Clicks and hours that are written at once. */
const ROWS_AT_ONCE = 65_536
/** The name of the roll-up that what comes from a file counts as. */
const RESTORED = 'restored'
const DAY_MS = 86_400_000
/** Clicks that led somewhere, then those that did not: a question is about either. */
const ALWAYS = { from: 0 as EpochMs, to: TIME_MAX as EpochMs }
const ANY = { ...ALWAYS, filters: [], bots: 'include', timezone: 'UTC' } as const
const ALL: readonly VisitsQuestion[] = [
  { ...ANY, orphans: false },
  { ...ANY, orphans: true },
]

/** @param directory where the file is made, read and removed */
export async function* readClickHouseCopy(
  connection: ClickHouseConnection,
  directory: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const place = await mkdtemp(path.join(directory, 'copy-'))
  const copying = copyInto(connection, place, signal)
  try {
    yield* signsUntil(copying)
    yield* createReadStream(path.join(place, CLICK_STORE_FILE)) as AsyncIterable<Uint8Array>
  } finally {
    await copying.catch(() => {})
    await rm(place, { recursive: true, force: true })
  }
}

/** Until nothing was taken away meanwhile. */
async function copyInto(
  connection: ClickHouseConnection,
  place: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    await rm(place, { recursive: true, force: true })
    const session = await DuckDbSession.open({ ...COPYING, directory: place })
    try {
      const before = await removalsOf(connection)
      await copyRows(connection, session, signal)
      if ((await removalsOf(connection)) === before) return
    } finally {
      await session.close()
    }
  }
  const detail = 'Clicks were rolled up or deleted each time while they were copied'
  throw new TinygridError('click_store_unavailable', { detail })
}

async function copyRows(
  connection: ClickHouseConnection,
  { writer }: DuckDbSession,
  signal: AbortSignal | undefined,
): Promise<void> {
  const snapshot = await snapshotOf(connection)
  for (const question of ALL) {
    const clicks = readVisitsOf(connection, snapshot, question, signal)
    for await (const some of gathered(clicks)) await writer.append(some, snapshot.position)
  }
  const sql = `${tablesOf(snapshot)} SELECT ${HOUR_COLUMNS.join(', ')} FROM click_hours`
  for await (const rows of connection.stream(sql, {}, signal)) {
    await writer.appendHours(rows.map(hourRowOf))
  }
  await writer.append([], snapshot.position)
}

/** Differs where something was rolled up, or taken out of a table, in between. */
async function removalsOf(connection: ClickHouseConnection): Promise<string> {
  const { rollUp } = await snapshotOf(connection)
  const rows = await connection.rows(
    "SELECT max(toUInt64OrZero(extract(mutation_id, '[0-9]+'))) AS last FROM system.mutations " +
      "WHERE database = currentDatabase() AND table IN ('click_rows', 'hour_rows')",
  )
  return `${rollUp.number} ${String(rows[0]?.['last'])}`
}

/** @throws StartError if it has clicks already */
export async function assertEmpty(connection: ClickHouseConnection): Promise<void> {
  const tables = ['click_rows', 'hour_rows', 'roll_ups', 'positions']
  const counts = tables.map((table) => `(SELECT count() FROM ${table})`)
  const [row] = await connection.rows(`SELECT ${counts.join(' + ')} AS rows`)
  if (Number(row!['rows']) === 0) return
  throw new StartError(
    `${connection.where} has clicks already, and is left as it is; name another database in CLICKHOUSE_URL`,
  )
}

/**
 * Into an empty store. Nothing of it counts before all is there, but for what was rolled up.
 *
 * @param directory of a click store in DuckDB
 */
export async function fillFromFile(
  connection: ClickHouseConnection,
  directory: string,
): Promise<void> {
  await assertEmpty(connection)
  const store = await DuckDbClickStore.open({ ...COPYING, directory, questionMsMax: READ_MS_MAX })
  try {
    for (const question of ALL) {
      for await (const some of gathered(store.visits(question))) {
        await connection.insert('click_rows', CLICKHOUSE_COLUMNS, some.map(clickHouseRowOf))
      }
    }
    await fillHours(connection, store)
    const position = await store.position()
    await connection.insert('positions', ['id', 'log_position'], [[0, position]])
  } finally {
    await store.close()
  }
}

async function fillHours(connection: ClickHouseConnection, store: DuckDbClickStore): Promise<void> {
  let last = -1
  for await (const some of gathered(store.hours())) {
    const rows = some.map((hour) => [...hour, RESTORED])
    await connection.insert('hour_rows', [...HOUR_COLUMNS, 'attempt'], rows)
    for (const [, at] of some) last = Math.max(last, at)
  }
  if (last < 0) return
  // Of no single click: those that came late, before that day, count on.
  const rollUp = [1, RESTORED, Math.floor(last / DAY_MS + 1) * DAY_MS, 0]
  await connection.insert('roll_ups', ['number', 'attempt', 'until_ms', 'log_position'], [rollUp])
}

async function* gathered<T extends Visit | HourRow>(
  pieces: AsyncIterable<readonly T[]>,
): AsyncGenerator<T[]> {
  let rows: T[] = []
  for await (const piece of pieces) {
    rows.push(...piece)
    if (rows.length < ROWS_AT_ONCE) continue
    yield rows
    rows = []
  }
  if (rows.length > 0) yield rows
}
