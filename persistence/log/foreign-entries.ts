/**
 * Entries in the log that are nobody's: what another program has put under a partition's subject.
 *
 * Used by the logs that others than Tinygrid can reach. Readers pass them over, and they are counted;
 * `last` counts them as entries, since they have positions. So an owner's next append, which expects
 * its own last entry to be the last one, is refused. What is in between is read then: if it is only
 * foreign, the append goes behind it; if not, another owner has written there, and it stays refused.
 *
 *   1. the owner's append goes out, expecting 7, and its answer is lost    2. a stranger's is 8
 *   3. the owner repeats it, expecting 7: refused. 8 is foreign, so it expects 8    4. that is 9
 *   5. the first one arrives late, expects 7, and is refused
 *   Had the first one come before the stranger's, the tail would hold it, and it stays refused: the
 *   owner finds its own entry there by its id.
 *
 * An entry that looks like one of Tinygrid's and has a wrong checksum is not foreign but damaged
 * (`log-record.ts`): it may have been a write that was acknowledged, so nobody passes it over.
 */
import { hasCode, TinygridError } from '../../links/errors.ts'
import type { LogPosition, PartitionId } from '../../links/ids.ts'
import type { LogEntry } from './log.ts'

export interface ForeignEntriesOptions {
  /** By default nothing is. */
  readonly isForeign?: ((payload: Buffer) => boolean) | undefined
  readonly onForeign?: ((partition: PartitionId, position: LogPosition) => void) | undefined
}

/** How often strangers may come in between before an append is given up. */
const ATTEMPTS_MAX = 5

export class ForeignEntries {
  readonly #isForeign: (payload: Buffer) => boolean
  readonly #onForeign: (partition: PartitionId, position: LogPosition) => void

  constructor({ isForeign = () => false, onForeign = () => {} }: ForeignEntriesOptions) {
    this.#isForeign = isForeign
    this.#onForeign = onForeign
  }

  isForeign(payload: Buffer): boolean {
    return this.#isForeign(payload)
  }

  /**
   * All but the foreign ones, which are counted. An entry that followed one follows the owners' entry
   * before, as far as that was read.
   */
  async *without(
    partition: PartitionId,
    entries: AsyncIterable<LogEntry>,
  ): AsyncGenerator<LogEntry> {
    let own: LogPosition | undefined
    let foreign: LogPosition | undefined
    for await (const entry of entries) {
      const { position, payload, previous } = entry
      if (this.#isForeign(payload)) {
        this.#onForeign(partition, position)
        foreign = position
      } else {
        yield foreign !== undefined && previous === foreign ? { ...entry, previous: own } : entry
        own = position
      }
    }
  }

  /**
   * Appends behind `expectedLast`, and whatever foreign there is behind it.
   *
   * @param append as in `log.ts`
   * @param readAfter everything there is, foreign or not
   */
  async append(
    expectedLast: LogPosition,
    append: (expectedLast: LogPosition) => Promise<LogPosition>,
    readAfter: (position: LogPosition) => AsyncIterable<LogEntry>,
  ): Promise<LogPosition> {
    let last = expectedLast
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      try {
        return await append(last)
      } catch (error) {
        const end = hasCode(error, 'log_replaced')
          ? await this.#endOfForeign(readAfter(last))
          : last
        if (end === undefined || end === last) throw error
        last = end
      }
    }
    const detail = `strangers write to the log faster than its owner, at ${last}`
    throw new TinygridError('log_unavailable', { detail })
  }

  /** undefined: not all of them are foreign, or there are none. */
  async #endOfForeign(entries: AsyncIterable<LogEntry>): Promise<LogPosition | undefined> {
    let end: LogPosition | undefined
    for await (const { position, payload } of entries) {
      if (!this.#isForeign(payload)) return undefined
      end = position
    }
    return end
  }
}
