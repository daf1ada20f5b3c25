/**
 * The click store of one machine: DuckDB, one file in a directory of its own.
 *
 * Used by the analytics process, embedded and in small clusters. Appends, deletions and rolling up go one
 * after the other over one connection, questions over others, so that an append waits for none of them.
 * A file that is damaged is told by ClickStoreDamageError, at opening or as the cause of
 * click_store_unavailable: it does not mend, and whoever owns the store moves it away and reads the click
 * log again. Rejected: SQLite, which takes seconds for what DuckDB counts in a tenth of one.
 */
import { hasCode } from '../../links/errors.ts'
import { TIME_MAX, type Code, type EpochMs } from '../../links/ids.ts'
import type { PlacedClick } from '../click.ts'
import type { ClickStore, ClickStoreFacts } from './click-store.ts'
import { answer, type TableSpans } from './duckdb-answers.ts'
import { DuckDbDatabase, type DuckDbSettings } from './duckdb-database.ts'
import { DuckDbDialect } from './duckdb-dialect.ts'
import { unavailable } from './duckdb-failure.ts'
import { DuckDbTurns, QUESTIONS_AT_ONCE_MAX, type DuckDbTurn } from './duckdb-turns.ts'
import { readParquet, readWindow } from './duckdb-visits.ts'
import { DuckDbWriter } from './duckdb-writer.ts'
import type { Answer, Question, Visit, VisitsQuestion } from './question.ts'
import { whole } from './sql-dialect.ts'
import { readByWindows } from './visit-windows.ts'

export interface DuckDbClickStoreOptions extends DuckDbSettings {
  /** A question that takes longer is broken off. */
  readonly questionMsMax: number
}

/** How much longer than a question a file for export may take. */
const EXPORT_FACTOR = 20
const DAY_MS = 86_400_000

export class DuckDbClickStore implements ClickStore {
  readonly #database: DuckDbDatabase
  readonly #writer: DuckDbWriter
  readonly #questions: DuckDbTurns
  /** Look-ups, which never wait for questions. */
  readonly #lookups: DuckDbTurns
  readonly #questionMsMax: number
  /** Wide enough for all that is in the tables; never narrowed. */
  #spans: TableSpans
  #closing: Promise<void> | undefined
  /** The last write, done or failed. */
  #writing: Promise<unknown> = Promise.resolve()

  private constructor(
    parts: { database: DuckDbDatabase; writer: DuckDbWriter; turns: [DuckDbTurns, DuckDbTurns] },
    spans: TableSpans,
    questionMsMax: number,
  ) {
    this.#database = parts.database
    this.#writer = parts.writer
    this.#questions = parts.turns[0]
    this.#lookups = parts.turns[1]
    this.#spans = spans
    this.#questionMsMax = questionMsMax
  }

  /**
   * @throws ClickStoreDamageError the file is not as it was written
   * @throws StartError it is newer, in use, or cannot be reached
   */
  static async open(options: DuckDbClickStoreOptions): Promise<DuckDbClickStore> {
    const database = await DuckDbDatabase.open(options)
    const writer = new DuckDbWriter(await database.connect())
    const connections = Array.from({ length: QUESTIONS_AT_ONCE_MAX }, () => database.connect())
    const questions = new DuckDbTurns(await Promise.all(connections))
    const lookups = new DuckDbTurns([await database.connect()])
    const spans = await lookups.take(options.questionMsMax * EXPORT_FACTOR, spansOf)
    const parts = { database, writer, turns: [questions, lookups] as [DuckDbTurns, DuckDbTurns] }
    return new DuckDbClickStore(parts, spans, options.questionMsMax)
  }

  async position(): Promise<number> {
    return this.#lookUp(readPosition)
  }

  async append(clicks: readonly PlacedClick[], position: number): Promise<void> {
    await this.#write(async () => {
      if (position <= (await this.position())) return
      this.#widen(clicks)
      await this.#writer.append(clicks, position)
    })
  }

  async ask(question: Question): Promise<Answer> {
    return this.#ask((turn) => answer(turn, question, this.#spans))
  }

  visits(question: VisitsQuestion): AsyncIterable<readonly Visit[]> {
    return readByWindows(this.#within(question), (window) =>
      this.#ask((turn) => readWindow(turn, question, window)),
    )
  }

  visitsParquet(question: VisitsQuestion): AsyncIterable<Uint8Array> {
    return readParquet(this.#within(question), this.#database.exportDirectory, (work) =>
      this.#ask(work, EXPORT_FACTOR),
    )
  }

  async clicksOf(codes: readonly Code[]): Promise<ReadonlyMap<Code, number>> {
    const dialect = new DuckDbDialect()
    const sql = `${SUMS} WHERE code IN ${dialect.texts(codes)} ${OF_LINKS}`
    const rows = await this.#lookUp((turn) => turn.read(sql, dialect))
    return new Map(rows.getRows().map(([code, clicks]) => [code as Code, clicks as number]))
  }

  async mostClicked(offset: number, limit: number): Promise<{ code: Code; clicks: number }[]> {
    const order = 'ORDER BY sum DESC, code'
    const sql = `${SUMS} ${OF_LINKS} ${order} LIMIT ${whole(limit)} OFFSET ${whole(offset)}`
    const rows = await this.#lookUp((turn) => turn.read(sql))
    return rows.getRows().map(([code, sum]) => ({ code: code as Code, clicks: sum as number }))
  }

  async deleteOfLink(code: Code): Promise<number> {
    return this.#write(() => this.#writer.deleteOfLink(code))
  }

  async deleteOfAddress(address: string): Promise<number> {
    return this.#write(() => this.#writer.deleteOfAddress(address))
  }

  async retain(from: EpochMs): Promise<void> {
    const day = Math.floor(from / DAY_MS) * DAY_MS
    await this.#write(async () => {
      // Before the first hours can be there, so that no question overlooks them.
      const until = Math.max(this.#spans.hoursUntil, Math.min(day, this.#spans.to))
      const begin = Math.floor(this.#spans.from / DAY_MS) * DAY_MS
      this.#spans = { ...this.#spans, from: begin, hoursUntil: until }
      if (await this.#writer.rollUp(day)) await this.#writer.checkpoint()
    })
  }

  async facts(): Promise<ClickStoreFacts> {
    const rows = await this.#lookUp((turn) => turn.read('SELECT count(*) FROM clicks'))
    return { clicks: Number(rows.value(0, 0)), bytes: await this.#database.bytes() }
  }

  /** After what was begun is done. May be repeated. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#writing
    await Promise.all([this.#questions.close(), this.#lookups.close()])
    this.#writer.close()
    this.#database.close()
  }

  /** In the order of the calls. */
  #write<T>(work: () => Promise<T>): Promise<T> {
    const write = this.#writing.then(() => this.#guarded(work))
    this.#writing = write.catch(() => undefined)
    return write
  }

  async #ask<T>(work: (turn: DuckDbTurn) => Promise<T>, factor = 1): Promise<T> {
    return this.#guarded(() => this.#questions.take(this.#questionMsMax * factor, work))
  }

  async #lookUp<T>(work: (turn: DuckDbTurn) => Promise<T>): Promise<T> {
    return this.#guarded(() => this.#lookups.take(this.#questionMsMax, work))
  }

  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (hasCode(error, 'invalid_field')) throw error
      throw unavailable(this.#database.file, error)
    }
  }

  /** Before the clicks can be seen. */
  #widen(clicks: readonly PlacedClick[]): void {
    let { from, to } = this.#spans
    for (const { at } of clicks) {
      from = Math.min(from, at)
      to = Math.max(to, at + 1)
    }
    this.#spans = { ...this.#spans, from, to }
  }

  #within(question: VisitsQuestion): VisitsQuestion {
    return {
      ...question,
      from: Math.max(question.from, this.#spans.from) as EpochMs,
      to: Math.min(question.to, this.#spans.to) as EpochMs,
    }
  }
}

const SUMS = 'SELECT code, CAST(sum(clicks) AS DOUBLE) AS sum FROM link_clicks'
const OF_LINKS = 'GROUP BY code HAVING sum(clicks) > 0'

async function readPosition(turn: DuckDbTurn): Promise<number> {
  return Number((await turn.read('SELECT log_position FROM store_state')).value(0, 0))
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
