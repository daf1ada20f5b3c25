/**
 * Keys in the cluster's private bucket: the adapter of `key-store.ts` that all nodes share.
 *
 * Each key is an entry of its own. The bucket is watched, so every node has all of them in memory and hears of a
 * change in milliseconds; while NATS is away it goes on with what it knows. The private bucket, because
 * who may look at the cluster's state need not see hashes; and because leases, which change all the time, are in
 * the other one.
 *
 * Revoking against a use that is noted at the same moment: both are conditional on the revision. Whoever comes
 * second is refused; the removal reads and tries again, the note gives up. So no note brings a key back.
 */
import { hasCode, TinygridError } from '../../links/errors.ts'
import type { EpochMs } from '../../links/ids.ts'
import type { KeyValue, StopWatch } from '../membership/key-value.ts'
import { KEYS_MAX, keptKey, parseAccessKey, type AccessKey, type KeyFields } from './access-key.ts'
import type { KeyStore } from './key-store.ts'

const PREFIX = 'access.key.'
const TRIES_MAX = 5

interface Seen {
  /** undefined: it was removed, or cannot be understood. */
  readonly key: AccessKey | undefined
  readonly revision: number
}

export class BucketKeyStore implements KeyStore {
  readonly #keyValue: KeyValue
  readonly #seen = new Map<string, Seen>()
  readonly #listeners = new Set<() => void>()
  #stop: StopWatch = () => {}

  private constructor(keyValue: KeyValue) {
    this.#keyValue = keyValue
  }

  /** Resolves when all keys that there are are known. @param keyValue stays its owner's */
  static async open(keyValue: KeyValue): Promise<BucketKeyStore> {
    const store = new BucketKeyStore(keyValue)
    await new Promise<void>((resolve, reject) => {
      const watching = keyValue.watch(({ key, value, revision }) => {
        if (key.startsWith(PREFIX)) store.#note(key.slice(PREFIX.length), value, revision)
      }, resolve)
      watching.then((stop) => (store.#stop = stop), reject)
    })
    return store
  }

  get(id: string): AccessKey | undefined {
    return this.#seen.get(id)?.key
  }

  all(): readonly AccessKey[] {
    return [...this.#seen.values()].flatMap(({ key }) => (key === undefined ? [] : [key]))
  }

  /** Two nodes that make the last ones at once may exceed the bound by one each. */
  async add(key: AccessKey): Promise<void> {
    if (this.all().length >= KEYS_MAX) throw new TinygridError('too_many_keys')
    const value = JSON.stringify(keptKey(key))
    this.#note(key.id, value, await this.#keyValue.create(PREFIX + key.id, value))
  }

  async remove(id: string): Promise<boolean> {
    for (let tries = 1; ; tries++) {
      const entry = await this.#keyValue.get(PREFIX + id)
      if (entry?.value === undefined) return false
      try {
        await this.#keyValue.delete(PREFIX + id, entry.revision)
        this.#note(id, undefined, entry.revision + 1)
        return true
      } catch (error) {
        if (!hasCode(error, 'key_value_conflict') || tries === TRIES_MAX) throw error
      }
    }
  }

  async change(id: string, fields: KeyFields): Promise<AccessKey | undefined> {
    for (let tries = 1; ; tries++) {
      const entry = await this.#keyValue.get(PREFIX + id)
      const key = entry?.value === undefined ? undefined : parseAccessKey(entry.value)
      if (entry === undefined || key === undefined) return undefined
      const changed = { ...key, ...fields }
      const value = JSON.stringify(keptKey(changed))
      try {
        this.#note(id, value, await this.#keyValue.update(PREFIX + id, value, entry.revision))
        return changed
      } catch (error) {
        if (!hasCode(error, 'key_value_conflict') || tries === TRIES_MAX) throw error
      }
    }
  }

  async noteUse(id: string, at: EpochMs): Promise<void> {
    const seen = this.#seen.get(id)
    if (seen?.key === undefined) return
    const value = JSON.stringify(keptKey({ ...seen.key, lastUsedAt: at }))
    try {
      this.#note(id, value, await this.#keyValue.update(PREFIX + id, value, seen.revision))
    } catch (error) {
      if (!hasCode(error, 'key_value_conflict', 'key_value_unavailable')) throw error
    }
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async close(): Promise<void> {
    this.#stop()
  }

  /** What the watch tells may be older than what was written here, or the same. */
  #note(id: string, value: string | undefined, revision: number): void {
    if (revision <= (this.#seen.get(id)?.revision ?? 0)) return
    const key = value === undefined ? undefined : parseAccessKey(value)
    this.#seen.set(id, { key: key?.id === id ? key : undefined, revision })
    for (const listener of this.#listeners) listener()
  }
}
