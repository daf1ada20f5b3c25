/**
 * Questions take turns: so many at once as there are connections, the others in the order in which they came.
 *
 * A turn ends in time, and when nobody waits for it any more: what still runs then is broken off, and whoever asked
 * gets click_store_unavailable.
 * Appends have a connection of their own and wait for no turn.
 */
import type { DuckDBConnection, DuckDBDataChunk, DuckDBResultReader } from '@duckdb/node-api'
import { TinygridError } from '../../links/errors.ts'
import type { DuckDbDialect } from './duckdb-dialect.ts'

export const QUESTIONS_AT_ONCE_MAX = 2
const QUESTIONS_WAITING_MAX = 200
const INTERRUPT_EVERY_MS = 20
const NOBODY_WAITS = 'Nobody waits for the answer any more'

export class DuckDbTurns {
  readonly #connections: DuckDBConnection[]
  readonly #free: DuckDBConnection[]
  readonly #waiting: ((connection: DuckDBConnection) => void)[] = []
  #isClosed = false
  #idle: (() => void) | undefined

  constructor(connections: readonly DuckDBConnection[]) {
    this.#connections = [...connections]
    this.#free = [...connections]
  }

  /**
   * @param msMax after which the work is broken off; before that as long for its turn
   * @param signal aborted: nobody waits for it any more
   * @throws TinygridError click_store_unavailable: too many wait, it took too long, or nobody waits
   */
  async take<T>(
    msMax: number,
    work: (turn: DuckDbTurn) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const connection = await this.#next(msMax, signal)
    const turn = new DuckDbTurn(connection)
    const breakOff = () => turn.breakOff()
    const timer = setTimeout(breakOff, msMax)
    signal?.addEventListener('abort', breakOff, { once: true })
    // Since it was handed on, somebody may have gone whom nobody told this turn about.
    if (signal?.aborted === true) breakOff()
    try {
      return await work(turn)
    } catch (error) {
      if (!turn.isBrokenOff) throw error
      if (signal?.aborted === true) throw refusal(NOBODY_WAITS, error)
      throw refusal('The question took too long to answer', error)
    } finally {
      signal?.removeEventListener('abort', breakOff)
      clearTimeout(timer)
      turn.end()
      this.#pass(connection)
    }
  }

  /** Closes the connections once no turn is taken or waited for. May be repeated. */
  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#free.length < this.#connections.length) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve
      })
    }
    for (const connection of this.#connections.splice(0)) connection.closeSync()
  }

  async #next(msMax: number, signal: AbortSignal | undefined): Promise<DuckDBConnection> {
    if (this.#isClosed) throw new Error('the click store is closed')
    if (signal?.aborted === true) throw refusal(NOBODY_WAITS)
    const free = this.#free.pop()
    if (free !== undefined) return free
    if (this.#waiting.length >= QUESTIONS_WAITING_MAX)
      throw refusal('Too many questions are waiting')
    return new Promise((resolve, reject) => {
      const giveUp = (why: string) => {
        this.#waiting.splice(this.#waiting.indexOf(begin), 1)
        end()
        reject(refusal(why))
      }
      const timer = setTimeout(() => giveUp('Others took too long to answer'), msMax)
      const onAbort = () => giveUp(NOBODY_WAITS)
      signal?.addEventListener('abort', onAbort, { once: true })
      const end = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
      }
      const begin = (connection: DuckDBConnection) => {
        end()
        resolve(connection)
      }
      this.#waiting.push(begin)
    })
  }

  #pass(connection: DuckDBConnection): void {
    const next = this.#waiting.shift()
    if (next !== undefined) return next(connection)
    this.#free.push(connection)
    if (this.#free.length === this.#connections.length) this.#idle?.()
  }
}

function refusal(detail: string, cause?: unknown): TinygridError {
  return new TinygridError('click_store_unavailable', { detail, cause })
}

export class DuckDbTurn {
  readonly #connection: DuckDBConnection
  #isBrokenOff = false
  #isRollingBack = false
  #interrupting: NodeJS.Timeout | undefined

  constructor(connection: DuckDBConnection) {
    this.#connection = connection
  }

  get isBrokenOff(): boolean {
    return this.#isBrokenOff
  }

  /** All rows of a statement. */
  async read(sql: string, dialect?: DuckDbDialect): Promise<DuckDBResultReader> {
    // Between two statements there is nothing to interrupt.
    if (this.#isBrokenOff) throw new Error('broken off')
    return this.#connection.runAndReadAll(sql, dialect?.values ?? [], dialect?.types ?? [])
  }

  async chunks(sql: string, dialect: DuckDbDialect): Promise<DuckDBDataChunk[]> {
    if (this.#isBrokenOff) throw new Error('broken off')
    const result = await this.#connection.run(sql, dialect.values, dialect.types)
    return result.fetchAllChunks()
  }

  /** What `work` reads is of one moment, whatever is appended meanwhile. */
  async atOneMoment<T>(work: () => Promise<T>): Promise<T> {
    try {
      await this.read('BEGIN TRANSACTION READ ONLY')
      await this.read('SELECT version FROM store_state') // the moment is that of the first read
      return await work()
    } finally {
      await this.#rollBack()
    }
  }

  /** Until `end`, again and again: DuckDB forgets it when it comes before a statement has begun to run. */
  breakOff(): void {
    this.#isBrokenOff = true
    if (this.#isRollingBack) return
    this.#connection.interrupt()
    this.#interrupting ??= setInterval(() => this.#connection.interrupt(), INTERRUPT_EVERY_MS)
  }

  end(): void {
    clearInterval(this.#interrupting)
  }

  /**
   * Never broken off: DuckDB would keep the transaction and refuse whatever the connection is asked afterwards,
   * for ever. What is read after it has been broken off is refused by `read` itself.
   */
  async #rollBack(): Promise<void> {
    this.end()
    this.#isRollingBack = true
    // Nothing was written; the transaction may be gone already.
    await this.#connection.run('ROLLBACK').catch(() => undefined)
    this.#isRollingBack = false
  }
}
