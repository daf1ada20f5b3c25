/**
 * The click store of one machine: DuckDB, one file in a directory of its own.
 *
 * Used by the analytics process, embedded and in small clusters. Appends, deletions and rolling up go one
 * after the other over one connection, questions over others, so that an append waits for none of them.
 * A file that is damaged is told by ClickStoreDamageError, at opening or as the cause of
 * click_store_unavailable: it does not mend, and whoever owns the store moves it away and reads the click
 * log again. What is deleted is gone from every answer at once; its bytes lie in the file until their blocks
 * are written again. Rejected: SQLite, which takes seconds for what DuckDB counts in a tenth of one.
 */
import { hasCode } from '../../links/errors.ts'
import type { Code, EpochMs } from '../../links/ids.ts'
import type { PlacedClick } from '../click.ts'
import { VISITS_CHUNK_MAX, type ClickStore, type ClickStoreFacts } from './click-store.ts'
import { answer } from './duckdb-answers.ts'
import { DuckDbDialect } from './duckdb-dialect.ts'
import { isInvalidated, unavailable } from './duckdb-failure.ts'
import { DuckDbSession, type DuckDbSessionOptions } from './duckdb-session.ts'
import type { DuckDbTurn } from './duckdb-turns.ts'
import { readCopy } from './duckdb-copy.ts'
import { readCsvWindow, readParquet, readWindow } from './duckdb-visits.ts'
import type { Answer, Question, Visit, VisitsQuestion } from './question.ts'
import { HOUR_COLUMNS, hourRowOf, type HourRow } from './rolled-up-sql.ts'
import { whole } from './sql-dialect.ts'
import { readByWindows } from './visit-windows.ts'

type Deletion = Parameters<ClickStore['delete']>[0]

export interface DuckDbClickStoreOptions extends DuckDbSessionOptions {
  /** A question that takes longer is broken off. */
  readonly questionMsMax: number
}

/** How much longer than a question a file for export may take. */
const EXPORT_FACTOR = 20
const DAY_MS = 86_400_000
const HOURS_AT_ONCE = 65_536

const SUMS = 'SELECT code, CAST(sum(clicks) AS DOUBLE) AS sum FROM link_clicks'
const OF_LINKS = 'GROUP BY code HAVING sum(clicks) > 0'

export class DuckDbClickStore implements ClickStore {
  readonly #options: DuckDbClickStoreOptions
  readonly #file: string
  /** undefined: it was of no use any more; the next call opens a new one. */
  #session: Promise<DuckDbSession> | undefined
  /** Done once the session before is closed: two of one file would spoil it. */
  #left: Promise<unknown> = Promise.resolve()
  #closing: Promise<void> | undefined
  /** The last write, done or failed. */
  #writing: Promise<unknown> = Promise.resolve()

  private constructor(session: DuckDbSession, options: DuckDbClickStoreOptions) {
    this.#session = Promise.resolve(session)
    this.#options = options
    this.#file = session.database.file
  }

  /**
   * @throws ClickStoreDamageError the file is not as it was written
   * @throws StartError it is newer, in use, or cannot be reached
   */
  static async open(options: DuckDbClickStoreOptions): Promise<DuckDbClickStore> {
    return new DuckDbClickStore(await DuckDbSession.open(options), options)
  }

  async position(): Promise<number> {
    const rows = await this.#lookUp((turn) => turn.read('SELECT log_position FROM store_state'))
    return Number(rows.value(0, 0))
  }

  async append(clicks: readonly PlacedClick[], position: number): Promise<void> {
    await this.#write(async (session) => {
      if (position <= (await this.position())) return
      session.widen(clicks)
      await session.writer.append(clicks, position)
    })
  }

  async ask(question: Question, signal?: AbortSignal): Promise<Answer> {
    return this.#ask((turn, session) => answer(turn, question, () => session.spans), signal)
  }

  async *visits(question: VisitsQuestion, signal?: AbortSignal): AsyncGenerator<readonly Visit[]> {
    const within = await this.#guarded(async (session) => session.within(question))
    const chunks = readByWindows(within, (window) =>
      this.#ask((turn) => readWindow(turn, question, window), signal),
    )
    for await (const visits of chunks) {
      for (let first = 0; first < visits.length; first += VISITS_CHUNK_MAX) {
        yield visits.slice(first, first + VISITS_CHUNK_MAX)
      }
    }
  }

  async *visitsCsv(question: VisitsQuestion, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const within = await this.#guarded(async (session) => session.within(question))
    yield* readByWindows(within, (window) =>
      this.#ask((turn) => readCsvWindow(turn, question, window), signal),
    )
  }

  async *visitsParquet(question: VisitsQuestion, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const { within, directory } = await this.#guarded(async (session) => ({
      within: session.within(question),
      directory: session.database.exportDirectory,
    }))
    yield* readParquet(within, directory, (work) => this.#ask(work, signal, EXPORT_FACTOR))
  }

  async *copy(signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const directory = await this.#guarded(async ({ database }) => database.exportDirectory)
    yield* readCopy(directory, (work) => this.#ask(work, signal, EXPORT_FACTOR))
  }

  /** What was rolled up, in the order of the file, while nothing is written. */
  async *hours(): AsyncGenerator<readonly HourRow[]> {
    for (let offset = 0; ; offset += HOURS_AT_ONCE) {
      const columns = HOUR_COLUMNS.join(', ')
      const sql = `SELECT ${columns} FROM click_hours ORDER BY rowid LIMIT ${HOURS_AT_ONCE} OFFSET ${offset}`
      const rows = (await this.#lookUp((turn) => turn.read(sql))).getRows()
      if (rows.length > 0) yield rows.map(hourRowOf)
      if (rows.length < HOURS_AT_ONCE) return
    }
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

  async delete({ kind, value }: Deletion, position: number): Promise<number> {
    return this.#write(async ({ writer }) => {
      if (position <= (await this.position())) return 0
      return kind === 'link'
        ? writer.deleteOfLink(value, position)
        : writer.deleteOfAddress(value, position)
    })
  }

  async retain(from: EpochMs): Promise<void> {
    const day = Math.floor(from / DAY_MS) * DAY_MS
    await this.#write(async (session) => {
      session.expectHours(day)
      if (await session.writer.rollUp(day)) await session.writer.checkpoint()
    })
  }

  async facts(): Promise<ClickStoreFacts> {
    return this.#guarded(async ({ database }) => {
      const rows = await this.#lookUp((turn) => turn.read('SELECT count(*) FROM clicks'))
      return { clicks: Number(rows.value(0, 0)), bytes: await database.bytes() }
    })
  }

  /** After what was begun is done. May be repeated. */
  close(): Promise<void> {
    this.#closing ??= this.#writing.then(async () => {
      await this.#left
      const session = await this.#session?.catch(() => undefined)
      await session?.close()
    })
    return this.#closing
  }

  /** In the order of the calls. */
  #write<T>(work: (session: DuckDbSession) => Promise<T>): Promise<T> {
    const write = this.#writing.then(() => this.#guarded(work))
    this.#writing = write.catch(() => undefined)
    return write
  }

  async #ask<T>(
    work: (turn: DuckDbTurn, session: DuckDbSession) => Promise<T>,
    signal: AbortSignal | undefined,
    factor = 1,
  ): Promise<T> {
    const msMax = this.#options.questionMsMax * factor
    return this.#guarded((session) =>
      session.questions.take(msMax, (turn) => work(turn, session), signal),
    )
  }

  async #lookUp<T>(work: (turn: DuckDbTurn) => Promise<T>): Promise<T> {
    return this.#guarded(({ lookups }) => lookups.take(this.#options.questionMsMax, work))
  }

  async #guarded<T>(work: (session: DuckDbSession) => Promise<T>): Promise<T> {
    try {
      return await this.#useOf(work)
    } catch (error) {
      if (hasCode(error, 'invalid_field')) throw error
      throw unavailable(this.#file, error)
    }
  }

  /**
   * DuckDB gives its instance up when it cannot bring its write-ahead log into the file, as on a full disk:
   * what was acknowledged is in the files, but only a new instance answers again.
   */
  async #useOf<T>(work: (session: DuckDbSession) => Promise<T>): Promise<T> {
    const opening = (this.#session ??= this.#left.then(() => DuckDbSession.open(this.#options)))
    const session = await opening.catch((error: unknown) => {
      if (this.#session === opening) this.#session = undefined
      throw error
    })
    try {
      return await work(session)
    } catch (error) {
      if (this.#session === opening && isInvalidated(error)) {
        this.#session = undefined
        this.#left = session.close().catch(() => undefined)
      }
      throw error
    }
  }
}
