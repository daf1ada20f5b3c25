/**
 * Writes to the tables of a click store in DuckDB: one transaction after the other, on one connection.
 *
 * What each does to the sums of `link_clicks` lies in the same transaction. They are kept as changes, of
 * which there may be many for a link, and summed up now and then: a table with a key, which each append
 * would have to look up, takes several times as long.
 */
import {
  BIGINT,
  DuckDBDataChunk,
  VARCHAR,
  type DuckDBAppender,
  type DuckDBConnection,
  type DuckDBValue,
} from '@duckdb/node-api'
import type { Code } from '../../links/ids.ts'
import { isVisit, ORPHAN_STATUSES, type PlacedClick } from '../click.ts'
import { appendHourRows, appendRows } from './duckdb-click-rows.ts'
import { messageOf } from './duckdb-failure.ts'
import { hoursOf, type HourRow } from './rolled-up-sql.ts'
import { whole } from './sql-dialect.ts'

const DAY_MS = 86_400_000
const NO_ORPHANS = `status NOT IN (${ORPHAN_STATUSES.join(', ')})`
const CHUNK_ROWS = 2_048
/** Changes of sums before they are summed up, unless there are more links than that. */
const CHANGES_MAX = 200_000

export class DuckDbWriter {
  readonly #connection: DuckDBConnection
  #isClosed = false
  /** What is under way, done or failed. */
  #working: Promise<unknown> = Promise.resolve()
  /** Rows that were added to the sums since they were summed up, and how many may be. */
  #changes = 0
  #changesMax = 0

  constructor(connection: DuckDBConnection) {
    this.#connection = connection
  }

  async append(clicks: readonly PlacedClick[], position: number): Promise<void> {
    if (this.#changes > this.#changesMax) await this.sumUp()
    await this.#transaction(async () => {
      if (clicks.length > 0) {
        await this.#appendTo('clicks', (appender) => appendRows(appender, clicks))
        await this.#appendChanges(changesOf(clicks))
      }
      await this.#moveTo(position)
    })
  }

  /** What another store has rolled up. */
  async appendHours(hours: readonly HourRow[]): Promise<void> {
    await this.#transaction(async () => {
      await this.#appendTo('click_hours', (appender) => appendHourRows(appender, hours))
      const changes = new Map<Code, number>()
      for (const hour of hours) {
        const [code, , , status] = hour
        const clicks = Number(hour.at(-2))
        if (isVisit(Number(status))) {
          changes.set(code as Code, (changes.get(code as Code) ?? 0) + clicks)
        }
      }
      await this.#appendChanges(changes)
    })
  }

  async deleteOfLink(code: string, position: number): Promise<number> {
    return this.#transaction(async () => {
      const rolledUp = await this.#number(
        'SELECT coalesce(sum(clicks), 0) FROM click_hours WHERE code = $1',
        [code],
      )
      await this.#connection.run('DELETE FROM click_hours WHERE code = $1', [code])
      await this.#connection.run('DELETE FROM link_clicks WHERE code = $1', [code])
      await this.#moveTo(position)
      return rolledUp + (await this.#deleted('code = $1', [code]))
    })
  }

  async deleteOfAddress(address: string, position: number): Promise<number> {
    return this.#transaction(async () => {
      const gone = `SELECT code, -count(*) FROM clicks WHERE address = $1 AND ${NO_ORPHANS} GROUP BY code`
      await this.#connection.run(`INSERT INTO link_clicks ${gone}`, [address])
      await this.#moveTo(position)
      return this.#deleted('address = $1', [address])
    })
  }

  /** Rolls up the single clicks before a midnight (UTC), a day at a time. Gives whether there were any. */
  async rollUp(until: number): Promise<boolean> {
    let isAny = false
    while (true) {
      const first = await this.#track(() =>
        this.#number('SELECT coalesce(min(at_ms), -1) FROM clicks'),
      )
      if (first < 0 || first >= until) break
      const day = Math.floor(first / DAY_MS) * DAY_MS
      const within = `at_ms >= ${whole(day)} AND at_ms < ${whole(day + DAY_MS)}`
      await this.#transaction(async () => {
        await this.#connection.run(`INSERT INTO click_hours ${hoursOf(within)}`)
        await this.#connection.run(`DELETE FROM clicks WHERE ${within}`)
      })
      isAny = true
    }
    return isAny
  }

  /** Brings what was written lately into the file, unless a question is being answered: then a later one does. */
  async checkpoint(): Promise<void> {
    await this.#track(() => this.#connection.run('CHECKPOINT')).catch((error: unknown) => {
      if (!messageOf(error).includes('Cannot CHECKPOINT')) throw error
    })
  }

  /** Leaves one row for each link in the table of sums. */
  async sumUp(): Promise<void> {
    const sums =
      'SELECT code, sum(clicks) AS clicks FROM link_clicks GROUP BY code HAVING sum(clicks) > 0'
    const links = await this.#transaction(async () => {
      await this.#connection.run(`CREATE TEMPORARY TABLE sums AS ${sums}`)
      await this.#connection.run('DELETE FROM link_clicks')
      await this.#connection.run('INSERT INTO link_clicks SELECT * FROM sums')
      await this.#connection.run('DROP TABLE sums')
      return this.#number('SELECT count(*) FROM link_clicks')
    })
    this.#changes = 0
    this.#changesMax = Math.max(CHANGES_MAX, links)
  }

  /** After what is under way; then nothing can be written. May be repeated. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#working
    this.#connection.closeSync()
  }

  async #appendChanges(changes: ReadonlyMap<Code, number>): Promise<void> {
    const rows = [...changes].map(([code, clicks]) => [code, BigInt(clicks)])
    await this.#appendTo('link_clicks', (appender) => {
      for (let first = 0; first < rows.length; first += CHUNK_ROWS) {
        const chunk = DuckDBDataChunk.create([VARCHAR, BIGINT])
        chunk.setRows(rows.slice(first, first + CHUNK_ROWS))
        appender.appendDataChunk(chunk)
      }
    })
    this.#changes += rows.length
  }

  /** Within a transaction. */
  async #moveTo(position: number): Promise<void> {
    await this.#connection.run(`UPDATE store_state SET log_position = ${whole(position)}`)
  }

  /** An appender that is let go writes what it still has, in no transaction: so it has nothing then. */
  async #appendTo(table: string, add: (appender: DuckDBAppender) => void): Promise<void> {
    const appender = await this.#connection.createAppender(table)
    try {
      add(appender)
      appender.closeSync()
    } catch (error) {
      appender.clear()
      throw error
    }
  }

  /** Single clicks that were deleted. */
  async #deleted(condition: string, values: DuckDBValue[]): Promise<number> {
    const result = await this.#connection.run(`DELETE FROM clicks WHERE ${condition}`, values)
    return result.rowsChanged
  }

  async #number(sql: string, values: DuckDBValue[] = []): Promise<number> {
    return Number((await this.#connection.runAndReadAll(sql, values)).value(0, 0))
  }

  /** So that closing waits for it. */
  #track<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isClosed) return Promise.reject(new Error('the click store is closed'))
    const working = work()
    this.#working = working.catch(() => undefined)
    return working
  }

  /** All of it or nothing. @throws what `work` throws; whether it was done is not known then */
  #transaction<T>(work: () => Promise<T>): Promise<T> {
    return this.#track(async () => {
      await this.#connection.run('BEGIN TRANSACTION')
      try {
        const result = await work()
        await this.#connection.run('COMMIT')
        return result
      } catch (error) {
        // DuckDB may have ended the transaction by itself.
        await this.#connection.run('ROLLBACK').catch(() => undefined)
        throw error
      }
    })
  }
}

function changesOf(clicks: readonly PlacedClick[]): Map<Code, number> {
  const changes = new Map<Code, number>()
  for (const { code, status } of clicks) {
    if (isVisit(status)) changes.set(code, (changes.get(code) ?? 0) + 1)
  }
  return changes
}
