/**
 * A reader of the click log in LMDB: in the writer's process or in another one.
 *
 * LMDB lets readers of other processes see each commit as a whole while the writer goes on, and
 * needs nobody to answer: whichever of the two is killed, the other one goes on. A reader of another
 * process looks for new batches every POLL_MS, which costs one look into a page in memory; one of the
 * writer's process is told.
 */
import type { Clock } from '../../links/clock.ts'
import { TinygridError } from '../../links/errors.ts'
import { LmdbEnvironment } from '../../persistence/data-directory/lmdb-environment.ts'
import type { ClickLogReader, ClickLogSpan, LoggedBatch } from './click-log.ts'
import { ClickTrees, positionKey, positionOf } from './lmdb-click-trees.ts'

const POLL_MS = 25
/** How long `more` waits for nothing. */
const WAIT_MS = 1_000
/** What one read gives; a batch more than this. */
const READ_BYTES_MAX = 4 * 2 ** 20
const READ_BATCHES_MAX = 256

export interface LmdbClickReaderOptions {
  readonly clock: Clock
  /** Where a reader of the writer's process leaves what is called at each append. */
  readonly onAppended?: Set<() => void>
}

export class LmdbClickReader implements ClickLogReader {
  readonly #open: () => LmdbEnvironment
  readonly #options: LmdbClickReaderOptions
  #opened: { environment: LmdbEnvironment; trees: ClickTrees } | undefined
  #isClosed = false

  /** @param open called when the log is asked first, and again after it failed */
  constructor(open: () => LmdbEnvironment, options: LmdbClickReaderOptions) {
    this.#open = open
    this.#options = options
  }

  /** For another process than the writer's. The log may be made later. */
  static of(directory: string, clock: Clock): LmdbClickReader {
    return new LmdbClickReader(() => new LmdbEnvironment(directory, true), { clock })
  }

  async read(after: number): Promise<readonly LoggedBatch[]> {
    return this.#asking((trees) => {
      const batches: LoggedBatch[] = []
      let bytes = 0
      const start = positionKey(after + 1)
      for (const { key, value } of trees.payloads.getRange({ start, limit: READ_BATCHES_MAX })) {
        batches.push({ position: positionOf(key), payload: value })
        bytes += value.length
        if (bytes >= READ_BYTES_MAX) break
      }
      return batches
    })
  }

  async more(position: number, signal: AbortSignal): Promise<void> {
    const { clock, onAppended } = this.#options
    const until = clock.now() + WAIT_MS
    while (!signal.aborted && !this.#isClosed && clock.now() < until) {
      // Nothing may come between this look and the wait.
      if (this.#asking((trees) => trees.state().last) > position) return
      await pause(clock, onAppended === undefined ? POLL_MS : WAIT_MS, signal, onAppended)
    }
  }

  async span(): Promise<ClickLogSpan> {
    return this.#asking((trees) => {
      const { last, bytes } = trees.state()
      const first = trees.first()
      if (last === 0) return { firstPosition: 0, lastPosition: 0, bytes }
      return { firstPosition: first ?? last + 1, lastPosition: last, bytes }
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const opened = this.#opened
    this.#opened = undefined
    if (this.#options.onAppended === undefined) await opened?.environment.close()
  }

  #asking<T>(ask: (trees: ClickTrees) => T): T {
    try {
      if (this.#isClosed) throw new Error('the reader is closed')
      this.#opened ??= withTrees(this.#open())
      this.#opened.environment.refresh()
      return ask(this.#opened.trees)
    } catch (cause) {
      throw new TinygridError('click_log_unavailable', { cause })
    }
  }
}

function withTrees(environment: LmdbEnvironment) {
  return { environment, trees: new ClickTrees(environment) }
}

/** Ends early when something is appended, or nobody waits any more. */
function pause(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
  onAppended: Set<() => void> | undefined,
): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      cancel()
      signal.removeEventListener('abort', end)
      onAppended?.delete(end)
      resolve()
    }
    const cancel = clock.after(ms, end)
    signal.addEventListener('abort', end)
    onAppended?.add(end)
  })
}
