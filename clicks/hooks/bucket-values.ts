/**
 * Saved values in a bucket of the cluster: the second adapter of `saved-values.ts`.
 *
 * The bucket is watched, so that a process which takes the lead knows all values without asking for each.
 * A write goes by compare-and-set on the revision that was seen last: a process that has lost the lead and
 * does not know it yet overwrites nothing that the new one has written.
 */
import { TinygridError } from '../../links/errors.ts'
import type { KeyValue, StopWatch } from '../../cluster/membership/key-value.ts'
import { SAVED_VALUE_MAX, type SavedValues } from './saved-values.ts'

/** The bucket has more than these. */
const PREFIX = 'hooks.'

interface Seen {
  /** undefined: it was removed. */
  readonly value: string | undefined
  readonly revision: number
}

export class BucketValues implements SavedValues {
  readonly #keyValue: KeyValue
  readonly #seen = new Map<string, Seen>()
  #stop: StopWatch = () => {}

  private constructor(keyValue: KeyValue) {
    this.#keyValue = keyValue
  }

  /** @param keyValue stays its owner's: it is not closed here */
  static async open(keyValue: KeyValue): Promise<BucketValues> {
    const values = new BucketValues(keyValue)
    await new Promise<void>((resolve, reject) => {
      const watching = keyValue.watch((entry) => {
        if (entry.key.startsWith(PREFIX)) values.#note(entry.key.slice(PREFIX.length), entry)
      }, resolve)
      watching.then((stop) => (values.#stop = stop), reject)
    })
    return values
  }

  close(): void {
    this.#stop()
  }

  async list(prefix: string): Promise<ReadonlyMap<string, string>> {
    const found: [string, string][] = []
    for (const [name, { value }] of this.#seen) {
      if (value !== undefined && name.startsWith(prefix)) found.push([name, value])
    }
    return new Map(found.sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  async put(name: string, value: string): Promise<void> {
    if (value.length > SAVED_VALUE_MAX) throw new RangeError(`${name} is longer than it may be`)
    const seen = this.#seen.get(name)
    if (seen?.value === value) return
    const revision = await this.#attempt(() =>
      seen?.value === undefined
        ? this.#keyValue.create(PREFIX + name, value)
        : this.#keyValue.update(PREFIX + name, value, seen.revision),
    )
    this.#note(name, { value, revision })
  }

  async remove(name: string): Promise<void> {
    const seen = this.#seen.get(name)
    if (seen?.value === undefined) return
    await this.#attempt(() => this.#keyValue.delete(PREFIX + name, seen.revision))
    this.#note(name, { value: undefined, revision: seen.revision + 1 })
  }

  /** What the watch tells may be older than what was written here. */
  #note(name: string, { value, revision }: Seen): void {
    if (revision >= (this.#seen.get(name)?.revision ?? 0)) this.#seen.set(name, { value, revision })
  }

  async #attempt<T>(write: () => Promise<T>): Promise<T> {
    try {
      return await write()
    } catch (cause) {
      throw new TinygridError('click_store_unavailable', { cause })
    }
  }
}
