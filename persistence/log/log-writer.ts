/**
 * Writes to one partition of a log as an owner does, for tests with outages: one entry at a time,
 * each until it is known to be in the log, a lost acknowledgement resolved from the tail.
 */
import { hasCode } from '../../links/errors.ts'
import { POSITION_NONE, type LogPosition, type PartitionId } from '../../links/ids.ts'
import type { Log } from './log.ts'

/** Between two attempts. */
const PAUSE_MS = 20

export class LogWriter {
  readonly partition: PartitionId
  readonly acknowledged: string[] = []
  failures = 0
  readonly #log: Log
  #last: LogPosition = POSITION_NONE
  #isStopped = false

  constructor(log: Log, partition: PartitionId) {
    this.#log = log
    this.partition = partition
  }

  stop(): void {
    this.#isStopped = true
  }

  async run(): Promise<void> {
    while (!this.#isStopped) {
      const text = `${this.partition}: ${this.acknowledged.length}`
      while (!(await this.#write(text))) {
        this.failures++
        await new Promise((resolve) => {
          setTimeout(resolve, PAUSE_MS)
        })
      }
      this.acknowledged.push(text)
    }
  }

  /** True when the log is known to hold it. */
  async #write(text: string): Promise<boolean> {
    try {
      this.#last = await this.#log.append(this.partition, Buffer.from(text), this.#last)
      return true
    } catch (error) {
      return hasCode(error, 'log_replaced') && (await this.#isLast(text))
    }
  }

  /** There is no other owner: what is in the way of an entry that was tried again is itself. */
  async #isLast(text: string): Promise<boolean> {
    try {
      const [entry] = await Array.fromAsync(this.#log.readAfter(this.partition, this.#last))
      if (entry?.payload.toString() !== text) return false
      this.#last = entry.position
      return true
    } catch {
      return false
    }
  }
}
