/**
 * A click store's file while it is open: its connections, and what is known of its tables without asking.
 */
import { TIME_MAX, type EpochMs } from '../../links/ids.ts'
import type { PlacedClick } from '../click.ts'
import { DuckDbDatabase, type DuckDbSettings } from './duckdb-database.ts'
import type { TableSpans } from './question-answer.ts'
import { DuckDbTurns, QUESTIONS_AT_ONCE_MAX, type DuckDbTurn } from './duckdb-turns.ts'
import { DuckDbWriter } from './duckdb-writer.ts'
import type { VisitsQuestion } from './question.ts'

export type DuckDbSessionOptions = DuckDbSettings

const HOUR_MS = 3_600_000
/** For reading, once, where the tables begin and end. */
const OPENING_MS_MAX = 600_000

export class DuckDbSession {
  readonly database: DuckDbDatabase
  readonly writer: DuckDbWriter
  readonly questions: DuckDbTurns
  /** Of short reads, which never wait for questions. */
  readonly lookups: DuckDbTurns
  /** Wide enough for all that is in the tables; never narrowed. */
  #spans: TableSpans

  private constructor(
    database: DuckDbDatabase,
    writer: DuckDbWriter,
    [questions, lookups]: readonly [DuckDbTurns, DuckDbTurns],
    spans: TableSpans,
  ) {
    this.database = database
    this.writer = writer
    this.questions = questions
    this.lookups = lookups
    this.#spans = spans
  }

  /** @throws StartError, ClickStoreDamageError as `DuckDbDatabase.open` */
  static async open(options: DuckDbSessionOptions): Promise<DuckDbSession> {
    const database = await DuckDbDatabase.open(options)
    const connections = Array.from({ length: QUESTIONS_AT_ONCE_MAX }, () => database.connect())
    const questions = new DuckDbTurns(await Promise.all(connections))
    const lookups = new DuckDbTurns([await database.connect()])
    const writer = new DuckDbWriter(await database.connect())
    try {
      const spans = await lookups.take(OPENING_MS_MAX, spansOf)
      return new DuckDbSession(database, writer, [questions, lookups], spans)
    } catch (error) {
      await Promise.all([questions.close(), lookups.close(), writer.close()])
      database.close()
      throw database.refusalOf(error)
    }
  }

  get spans(): TableSpans {
    return this.#spans
  }

  /** The question about nothing but the times that clicks have. */
  within(question: VisitsQuestion): VisitsQuestion {
    const { from, to } = this.#spans
    return {
      ...question,
      from: Math.max(question.from, from) as EpochMs,
      to: Math.min(question.to, to) as EpochMs,
    }
  }

  /** To be called before the clicks can be seen. */
  widen(clicks: readonly PlacedClick[]): void {
    let { from, to } = this.#spans
    for (const { at } of clicks) {
      from = Math.min(from, at)
      to = Math.max(to, at + 1)
    }
    this.#spans = { ...this.#spans, from, to }
  }

  /** To be called before hours can be seen: they begin before the clicks that they count. */
  expectHours(until: number): void {
    const { from, to, hoursUntil } = this.#spans
    this.#spans = {
      from: from - (from % HOUR_MS),
      to,
      hoursUntil: Math.max(hoursUntil, Math.min(until, to)),
    }
  }

  /** After what is under way. */
  async close(): Promise<void> {
    await Promise.all([this.questions.close(), this.lookups.close(), this.writer.close()])
    this.database.close()
  }
}

async function spansOf(turn: DuckDbTurn): Promise<TableSpans> {
  const read = async (table: string) => {
    const rows = await turn.read(`SELECT min(at_ms), max(at_ms) + 1 FROM ${table}`)
    const [from, to] = rows.getRows()[0]!
    return from === null ? { from: TIME_MAX, to: 0 } : { from: Number(from), to: Number(to) }
  }
  const [singles, hours] = [await read('clicks'), await read('click_hours')]
  return {
    from: Math.min(singles.from, hours.from),
    to: Math.max(singles.to, hours.to),
    hoursUntil: hours.to,
  }
}
