/**
 * Rolls single clicks up by the hour in ClickHouse, which has no transactions: one insert decides.
 *
 * An attempt has a name. Its hours are written first, under that name; then a row of `roll_ups` with the
 * next number says that the attempt counts, and with it that the single clicks before a time, up to a
 * position, no longer do. That row is inserted with its number as token, so of several with one number the
 * first alone is kept; who wrote it looks whose it is.
 *
 * 1. A writes hours and is killed: no row of `roll_ups`, nothing has changed. The next one removes them.
 * 2. A writes hours and its row, and is killed: the hours count and the clicks do not, in one step. The
 *    clicks are removed by the next one.
 * 3. A and B write hours of the same clicks, then both a row with number 7: one is kept, the other is
 *    dropped with its hours.
 * 4. A's row is answered too late, so A asks again: the row is A's, or somebody else's; it tries anew then.
 * 5. A reads the clicks, B removes a link's, A writes hours with them: B takes a number in between
 *    (`fence`), so A's is taken, and A's hours never count. If A was first, B removes its hours after that.
 * 6. B removes hours that count nowhere while A writes: B lists them before it takes its own number, so
 *    what it removes can never count any more.
 */
import { randomUUID } from 'node:crypto'
import type { ClickHouseConnection } from './clickhouse-connection.ts'
import { snapshotOf, tablesOf, type RollUp, type Snapshot } from './clickhouse-snapshot.ts'
import { HOUR_COLUMNS, hoursOf } from './rolled-up-sql.ts'
import { whole } from './sql-dialect.ts'

const DAY_MS = 86_400_000
/** Others may come first so often. */
const ATTEMPTS_MAX = 5

export class ClickHouseRollUps {
  readonly #connection: ClickHouseConnection

  constructor(connection: ClickHouseConnection) {
    this.#connection = connection
  }

  /** Rolls up what lies before a midnight (UTC), and removes it. Nothing is done where nothing lies. */
  async rollUp(day: number): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const snapshot = await snapshotOf(this.#connection)
      const untilMs = Math.max(day, snapshot.rollUp.untilMs)
      const days = await this.#daysBefore(untilMs, snapshot)
      if (days.length === 0 || (await this.#attempt(days, untilMs, snapshot))) break
    }
    await this.#removeRolledUp()
  }

  /** From now on no roll-up counts that was begun before. */
  async fence(): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const { rollUp } = await snapshotOf(this.#connection)
      if (await this.#take({ ...rollUp, number: rollUp.number + 1 }, randomUUID())) return
    }
  }

  async #attempt(days: readonly number[], untilMs: number, snapshot: Snapshot): Promise<boolean> {
    const lost = await this.#lostAttempts(snapshot)
    const attempt = randomUUID()
    for (const day of days) {
      const within = `at_ms >= ${whole(day)} AND at_ms < ${whole(day + DAY_MS)}`
      const columns = [...HOUR_COLUMNS, 'attempt'].join(', ')
      await this.#connection.run(
        `INSERT INTO hour_rows (${columns}) ${tablesOf(snapshot)} ` +
          `SELECT *, {attempt:String} AS attempt FROM (${hoursOf(within)}) AS hours`,
        { attempt },
      )
    }
    const { position, rollUp } = snapshot
    const isOurs = await this.#take({ number: rollUp.number + 1, untilMs, position }, attempt)
    await this.#removeAttempts(isOurs ? lost : [attempt])
    return isOurs
  }

  /** Whether the number is this attempt's. */
  async #take({ number, untilMs, position }: RollUp, attempt: string): Promise<boolean> {
    await this.#connection.insert(
      'roll_ups',
      ['number', 'attempt', 'until_ms', 'log_position'],
      [[number, attempt, untilMs, position]],
      `roll-up ${number}`,
    )
    const rows = await this.#connection.rows(
      `SELECT attempt FROM roll_ups WHERE number = ${whole(number)}`,
    )
    return rows.some((row) => row['attempt'] === attempt)
  }

  async #daysBefore(untilMs: number, snapshot: Snapshot): Promise<number[]> {
    const rows = await this.#connection.rows(
      `${tablesOf(snapshot)} SELECT DISTINCT intDiv(at_ms, ${DAY_MS}) AS day FROM clicks ` +
        `WHERE at_ms < ${whole(untilMs)} ORDER BY day`,
    )
    return rows.map((row) => Number(row['day']) * DAY_MS)
  }

  /** Attempts that do not count, and begun before the next number is taken never will. */
  async #lostAttempts({ rollUp }: Snapshot): Promise<string[]> {
    const counting = `SELECT attempt FROM roll_ups WHERE number <= ${whole(rollUp.number)}`
    const rows = await this.#connection.rows(
      `SELECT DISTINCT attempt FROM hour_rows WHERE attempt NOT IN (${counting})`,
    )
    return rows.map((row) => String(row['attempt']))
  }

  async #removeAttempts(attempts: readonly string[]): Promise<void> {
    if (attempts.length === 0) return
    await this.#connection.run(
      'ALTER TABLE hour_rows DELETE WHERE attempt IN {attempts:Array(String)}',
      { attempts },
      { mutations_sync: '2' },
    )
  }

  async #removeRolledUp(): Promise<void> {
    const { rollUp } = await snapshotOf(this.#connection)
    const condition = `at_ms < ${whole(rollUp.untilMs)} AND log_position <= ${whole(rollUp.position)}`
    const rows = await this.#connection.rows(
      `SELECT 1 AS found FROM click_rows WHERE ${condition} LIMIT 1`,
    )
    if (rows.length === 0) return
    await this.#connection.run(
      `ALTER TABLE click_rows DELETE WHERE ${condition}`,
      {},
      { mutations_sync: '2' },
    )
  }
}
