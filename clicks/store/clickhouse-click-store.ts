/**
 * The click store of a cluster that has outgrown one machine's: ClickHouse, which several analytics processes
 * may write at once.
 *
 * ClickHouse has no transactions, so that each click counts once follows from this: a click is a row under
 * the key (code, time, position, index), which is the same whoever writes it and however the log was cut
 * into appends; rows with one key are one row (`clickhouse-schema.ts`). An append writes its rows first, and its
 * position only when they are in; a row counts once a position at or behind its own is told
 * (`clickhouse-snapshot.ts`). So whenever position P is told, every click up to P is in, once:
 *
 * 1. Killed before, amid or after the rows: no position, nothing counts. The next append holds at least these
 *    clicks, writes them under the same keys, and tells its position.
 * 2. Killed after the position, before the answer: it is told; the next one begins behind it.
 * 3. The rows of an append that was given up arrive late, after they were appended again: the same keys.
 * 4. Two processes append the same stretch, cut differently: the same keys. Each tells only positions up to
 *    which all rows are in, so the highest one is true.
 * 5. A position arrives late, after a higher one: it is lower, and still true.
 * 6. A deletion of the log removes the rows before it, then tells its position: killed in between, it is done
 *    again. Rows that another process appends late, after they were deleted, that process deletes again when it
 *    comes to the deletion itself; if it is killed just then they stay until they are rolled up or deleted again.
 *
 * Rolling up is told in `clickhouse-roll-ups.ts`. Rejected: `insert_deduplication_token` for each append, which
 * takes the same rows in another append for other ones, and forgets; one token for each batch of the log,
 * which makes ten times as many inserts as ClickHouse bears.
 */
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Code, EpochMs } from '../../links/ids.ts'
import { ORPHAN_STATUSES, type PlacedClick } from '../click.ts'
import type { ClickStore, ClickStoreFacts } from './click-store.ts'
import { CLICKHOUSE_COLUMNS, clickHouseRowOf } from './clickhouse-click-rows.ts'
import { ClickHouseConnection, type ClickHouseSettingsOfStore } from './clickhouse-connection.ts'
import { assertEmpty, fillFromFile, readClickHouseCopy } from './clickhouse-copy.ts'
import { ClickHouseDialect } from './clickhouse-dialect.ts'
import { ClickHouseRollUps } from './clickhouse-roll-ups.ts'
import { migrate } from './clickhouse-schema.ts'
import { snapshotOf, tablesOf } from './clickhouse-snapshot.ts'
import { readParquet, readVisits } from './clickhouse-visits.ts'
import { answerFrom } from './question-answer.ts'
import type { Answer, Question, Visit, VisitsQuestion } from './question.ts'
import { csvLine, linesOf } from './visit-lines.ts'
import { whole } from './sql-dialect.ts'

const NO_ORPHANS = `status NOT IN (${ORPHAN_STATUSES.join(', ')})`
const DAY_MS = 86_400_000
/** A question is asked again when clicks were rolled up meanwhile, so often. */
const ASKED_MAX = 3
const SYNCED = { mutations_sync: '2' } as const

type Deletion = Parameters<ClickStore['delete']>[0]

export interface ClickHouseClickStoreOptions extends ClickHouseSettingsOfStore {
  /** Where copies are made, on the disk of this process; of this store alone. */
  readonly copyDirectory?: string
}

export class ClickHouseClickStore implements ClickStore {
  readonly #connection: ClickHouseConnection
  readonly #copyDirectory: string
  readonly #rollUps: ClickHouseRollUps
  /** The last write of this process, done or failed. */
  #writing: Promise<unknown> = Promise.resolve()

  private constructor(connection: ClickHouseConnection, copyDirectory: string) {
    this.#connection = connection
    this.#copyDirectory = copyDirectory
    this.#rollUps = new ClickHouseRollUps(connection)
  }

  /** Makes database and tables where they are missing. @throws StartError */
  static async open(options: ClickHouseClickStoreOptions): Promise<ClickHouseClickStore> {
    const { copyDirectory = path.join(tmpdir(), 'tinygrid-copies'), ...settings } = options
    const connection = await ClickHouseConnection.open(settings)
    try {
      await migrate(connection)
    } catch (error) {
      await connection.close()
      throw error
    }
    return new ClickHouseClickStore(connection, copyDirectory)
  }

  async position(): Promise<number> {
    const [row] = await this.#connection.rows('SELECT max(log_position) AS position FROM positions')
    return Number(row!['position'])
  }

  async append(clicks: readonly PlacedClick[], position: number): Promise<void> {
    await this.#write(async () => {
      const told = await this.position()
      if (position <= told) return
      const rows = clicks.filter((click) => click.position > told).map(clickHouseRowOf)
      if (rows.length > 0) await this.#connection.insert('click_rows', CLICKHOUSE_COLUMNS, rows)
      await this.#connection.insert('positions', ['id', 'log_position'], [[0, position]])
    })
  }

  async ask(question: Question, signal?: AbortSignal): Promise<Answer> {
    for (let asked = 1; ; asked++) {
      const snapshot = await snapshotOf(this.#connection)
      const answer = await answerFrom(question, snapshot.spans, {
        keepsRows: false,
        askRows: (make) => {
          const dialect = new ClickHouseDialect()
          const sql = make(dialect)
          return this.#connection.rows(`${tablesOf(snapshot)} ${sql}`, dialect.values, signal)
        },
      })
      // Clicks that were rolled up may have been removed in between.
      const { rollUp } = await snapshotOf(this.#connection)
      if (rollUp.number === snapshot.rollUp.number || asked === ASKED_MAX) return answer
    }
  }

  visits(question: VisitsQuestion, signal?: AbortSignal): AsyncIterable<readonly Visit[]> {
    return readVisits(this.#connection, question, signal)
  }

  visitsCsv(question: VisitsQuestion, signal?: AbortSignal): AsyncIterable<Uint8Array> {
    return linesOf(this.visits(question, signal), csvLine)
  }

  visitsParquet(question: VisitsQuestion, signal?: AbortSignal): AsyncIterable<Uint8Array> {
    return readParquet(this.#connection, question, signal)
  }

  /** A file of DuckDB, which a click store of either kind can be made of. */
  copy(signal?: AbortSignal): AsyncIterable<Uint8Array> {
    return readClickHouseCopy(this.#connection, this.#copyDirectory, signal)
  }

  /** @throws StartError if it has clicks already */
  assertEmpty(): Promise<void> {
    return assertEmpty(this.#connection)
  }

  /** Takes in a click store of DuckDB; this one has to be empty. @throws StartError if it is not */
  async fillFrom(directory: string): Promise<void> {
    await this.#write(() => fillFromFile(this.#connection, directory))
  }

  async clicksOf(codes: readonly Code[]): Promise<ReadonlyMap<Code, number>> {
    const dialect = new ClickHouseDialect()
    const sums = sumsOf(`code IN ${dialect.texts(codes)} AND ${NO_ORPHANS}`)
    const snapshot = await snapshotOf(this.#connection)
    const rows = await this.#connection.rows(`${tablesOf(snapshot)} ${sums}`, dialect.values)
    return new Map(rows.map(({ code, total }) => [code as Code, Number(total)]))
  }

  async mostClicked(offset: number, limit: number): Promise<{ code: Code; clicks: number }[]> {
    const order = `ORDER BY total DESC, code LIMIT ${whole(limit)} OFFSET ${whole(offset)}`
    const snapshot = await snapshotOf(this.#connection)
    const sql = `${tablesOf(snapshot)} ${sumsOf(NO_ORPHANS)} ${order}`
    const rows = await this.#connection.rows(sql)
    return rows.map(({ code, total }) => ({ code: code as Code, clicks: Number(total) }))
  }

  async delete({ kind, value }: Deletion, position: number): Promise<number> {
    return this.#write(async () => {
      const column = kind === 'link' ? 'code' : 'address'
      const isDone = position <= (await this.position())
      const count = isDone ? 0 : await this.#countOf(column, value)
      // In any case: what this process has appended may have come after another one had deleted it.
      await this.#remove('click_rows', column, value, `log_position < ${whole(position)}`)
      if (isDone) return 0
      if (kind === 'link') await this.#removeHours(value)
      await this.#connection.insert('positions', ['id', 'log_position'], [[0, position]])
      return count
    })
  }

  async retain(from: EpochMs): Promise<void> {
    await this.#write(() => this.#rollUps.rollUp(Math.floor(from / DAY_MS) * DAY_MS))
  }

  async facts(): Promise<ClickStoreFacts> {
    const snapshot = await snapshotOf(this.#connection)
    const size =
      '(SELECT sum(bytes_on_disk) FROM system.parts WHERE database = currentDatabase() AND active)'
    const [row] = await this.#connection.rows(
      `${tablesOf(snapshot)} SELECT count() AS clicks, ${size} AS bytes FROM clicks`,
    )
    return { clicks: Number(row!['clicks']), bytes: Number(row!['bytes']) }
  }

  /** After what was begun is done. May be repeated. */
  async close(): Promise<void> {
    await this.#writing
    await this.#connection.close()
  }

  /** In the order of the calls. */
  #write<T>(work: () => Promise<T>): Promise<T> {
    const write = this.#writing.then(work)
    this.#writing = write.catch(() => undefined)
    return write
  }

  /** With what was rolled up of them, which has no addresses. */
  async #countOf(column: 'code' | 'address', value: string): Promise<number> {
    const dialect = new ClickHouseDialect()
    const condition = `${column} = ${dialect.text(value)}`
    const hours = `(SELECT sum(clicks) FROM click_hours WHERE ${condition})`
    const total = column === 'code' ? `count() + ${hours}` : 'count()'
    const sql = `SELECT ${total} AS total FROM clicks WHERE ${condition}`
    const snapshot = await snapshotOf(this.#connection)
    const [row] = await this.#connection.rows(`${tablesOf(snapshot)} ${sql}`, dialect.values)
    return Number(row!['total'])
  }

  async #removeHours(code: string): Promise<void> {
    await this.#remove('hour_rows', 'code', code)
    // Whoever rolls up at this moment may have read the clicks before they were removed.
    await this.#rollUps.fence()
    await this.#remove('hour_rows', 'code', code)
  }

  async #remove(table: string, column: string, value: string, also = 'true'): Promise<void> {
    const dialect = new ClickHouseDialect()
    const condition = `${column} = ${dialect.text(value)} AND ${also}`
    await this.#connection.run(
      `ALTER TABLE ${table} DELETE WHERE ${condition}`,
      dialect.values,
      SYNCED,
    )
  }
}

function sumsOf(condition: string): string {
  const singles = `SELECT code, count() AS amount FROM clicks WHERE ${condition} GROUP BY code`
  const hours = `SELECT code, sum(clicks) AS amount FROM click_hours WHERE ${condition} GROUP BY code`
  return `SELECT code, sum(amount) AS total FROM (${singles} UNION ALL ${hours}) AS sums GROUP BY code HAVING total > 0`
}
