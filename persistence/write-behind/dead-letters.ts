/**
 * Keeps versions that the store refuses for good, until a later version of the link is taken.
 *
 * Used by `write-behind.ts`. Knows which codes have a letter, so that an ordinary flush costs no
 * look-up in the log.
 */
import type { LinkVersion } from '../../links/link-record.ts'
import type { Code, PartitionId } from '../../links/ids.ts'
import type { Refusal } from '../store/link-store.ts'
import type { Log } from '../log/log.ts'

type LetterLog = Pick<Log, 'addDeadLetter' | 'deadLetters' | 'removeDeadLetter'>

export class DeadLetters {
  readonly #log: LetterLog
  readonly #codes = new Set<Code>()
  #isLoaded = false

  constructor(log: LetterLog) {
    this.#log = log
  }

  /** Links that have a letter. */
  get count(): number {
    return this.#codes.size
  }

  /** Reads which codes have a letter; the first time only. */
  async load(): Promise<void> {
    if (this.#isLoaded) return
    for await (const { key } of this.#log.deadLetters()) this.#codes.add(key as Code)
    this.#isLoaded = true
  }

  /** Durable when it resolves. */
  async add(partition: PartitionId, version: LinkVersion, refusal: Refusal): Promise<void> {
    const { code, position, record } = version
    const { reason } = refusal
    await this.#log.addDeadLetter({ key: code, partition, position, reason, payload: record })
    this.#codes.add(code)
  }

  /** The store has taken a version of each of these links. */
  async settle(versions: readonly LinkVersion[]): Promise<void> {
    if (this.#codes.size === 0) return
    for (const { code, position } of versions) {
      if (!this.#codes.has(code)) continue
      await this.#log.removeDeadLetter(code, position)
      this.#codes.delete(code)
    }
  }
}
