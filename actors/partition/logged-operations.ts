/**
 * Logged operations: brings those that were carried out before a take-over from the log.
 *
 * Used for the partitions that a host took over. They are a minute of writes, which only those
 * that may be repetitions have to wait for. So the take-over comes first; then partitions for which
 * some do wait, a few at a time; then the others, one after the other, so that requests come in
 * between. What fails is tried again for as long as the partition is here, and nobody has stopped it: what
 * is left then must not keep the process.
 */
import type { Clock } from '../../links/clock.ts'
import { POSITION_NONE, type EpochMs, type LogPosition, type PartitionId } from '../../links/ids.ts'
import type { LongWork } from '../../links/long-work.ts'
import { decodeLogRecord } from '../../persistence/log/log-record.ts'
import { replayInTurns } from '../../persistence/log/log-replay.ts'
import type { Log, LogEntry } from '../../persistence/log/log.ts'
import { Operations } from './operations.ts'

export interface LoggedOperationsOptions {
  readonly log: Pick<Log, 'readAfter'>
  readonly work: LongWork
  readonly clock: Clock
  readonly now: () => EpochMs
  readonly onError: (what: string, error: unknown) => void
}

export interface WantedOperations {
  /** The position of the entry with which the partition was taken over. */
  readonly upTo: LogPosition
  /** Writes wait for them. */
  readonly isUrgent: boolean
}

/** Who asks. */
export interface OperationsAsker {
  /** Whether somebody still wants them. */
  readonly isHere: () => boolean
  readonly take: (operations: Operations) => void
}

interface Recall extends WantedOperations {
  readonly partition: PartitionId
  readonly notBefore: number
  readonly asker: OperationsAsker
}

/** Partitions that are read at the same time for somebody who waits. */
const URGENT_MAX = 4
/**
 * How long the others wait: until a take-over is over, those who waited for it are answered, and the
 * load of the links has had the machine for some time. Measured after 1 s, all took turns with them.
 */
const CALM_MS = 5_000
const RETRY_PAUSE_MS = 50

export class LoggedOperations {
  readonly #options: LoggedOperationsOptions
  readonly #waiting = new Map<PartitionId, Recall>()
  readonly #underWay = new Set<Recall>()
  /** Of what is to be done later. */
  readonly #cancels = new Set<() => void>()
  #isStopped = false

  constructor(options: LoggedOperationsOptions) {
    this.#options = options
  }

  /** Ends with one call of `take`, if the asker still is here then. May be asked again. */
  ask(partition: PartitionId, wanted: WantedOperations, asker: OperationsAsker): void {
    const { upTo, isUrgent } = wanted
    const { clock } = this.#options
    for (const recall of this.#underWay) {
      if (recall.partition === partition && recall.upTo === upTo) return
    }
    const pauseMs = isUrgent ? 0 : CALM_MS
    const notBefore = clock.now() + pauseMs
    this.#waiting.set(partition, { partition, upTo, isUrgent, notBefore, asker })
    this.#later(pauseMs, () => this.#next())
  }

  /** Nobody waits for any of them: nothing is read or tried again from now on. */
  stop(): void {
    this.#isStopped = true
    for (const cancel of this.#cancels) cancel()
    this.#cancels.clear()
    this.#waiting.clear()
  }

  #later(ms: number, action: () => void): void {
    if (this.#isStopped) return
    const cancel = this.#options.clock.after(ms, () => {
      this.#cancels.delete(cancel)
      action()
    })
    this.#cancels.add(cancel)
  }

  #next(): void {
    const now = this.#options.clock.now()
    const due = [...this.#waiting.values()].filter(({ notBefore }) => notBefore <= now)
    for (const recall of due.filter(({ isUrgent }) => isUrgent)) {
      if (this.#underWay.size >= URGENT_MAX) return
      this.#start(recall)
    }
    for (const recall of due.filter(({ isUrgent }) => !isUrgent)) {
      if (this.#underWay.size > 0) return
      this.#start(recall)
    }
  }

  #start(recall: Recall): void {
    const { partition, upTo, asker } = recall
    this.#waiting.delete(partition)
    if (!asker.isHere()) return
    this.#underWay.add(recall)
    this.#read(partition, upTo).then(
      (operations) => {
        this.#underWay.delete(recall)
        if (asker.isHere()) asker.take(operations)
        this.#next()
      },
      (error: unknown) => {
        this.#underWay.delete(recall)
        if (this.#isStopped) return
        this.#options.onError('operations could not be read from the log', error)
        this.#later(RETRY_PAUSE_MS, () => {
          if (!this.#waiting.has(partition)) this.#waiting.set(partition, recall)
          this.#next()
        })
      },
    )
  }

  async #read(partition: PartitionId, upTo: LogPosition): Promise<Operations> {
    const { log, work, now } = this.#options
    const operations = new Operations()
    const at = now()
    const entries = entriesUpTo(upTo, log.readAfter(partition, POSITION_NONE))
    await replayInTurns(work, entries, function* ({ position, payload }) {
      const record = decodeLogRecord(payload)
      if (record.kind === 'batch') {
        operations.rememberLogged(record.operations, record.records, position, at)
      }
      yield
    })
    return operations
  }
}

async function* entriesUpTo(upTo: LogPosition, entries: AsyncIterable<LogEntry>) {
  for await (const entry of entries) {
    if (entry.position > upTo) return
    yield entry
  }
}
