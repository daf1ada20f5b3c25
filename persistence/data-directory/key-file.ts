/**
 * Keys to the interface in a file of the data directory: the adapter of `key-store.ts` for one process.
 *
 * Written whole and synced at each change, readable by its owner alone; it holds hashes, no secrets. One that
 * cannot be understood stops the start: without it everybody but the first admin key would be shut out.
 */
import path from 'node:path'
import { KEYS_MAX, parseAccessKey, type AccessKey } from '../../cluster/keys/access-key.ts'
import type { KeyStore } from '../../cluster/keys/key-store.ts'
import { StartError, TinygridError } from '../../links/errors.ts'
import type { EpochMs } from '../../links/ids.ts'
import { readIfThere, writeDurably } from './durable-file.ts'

const KEY_FILE_NAME = 'keys.json'

export class KeyFile implements KeyStore {
  readonly #file: string
  #keys: ReadonlyMap<string, AccessKey>
  readonly #listeners = new Set<() => void>()
  /** Changes follow each other. */
  #changing: Promise<unknown> = Promise.resolve()

  private constructor(file: string, keys: readonly AccessKey[]) {
    this.#file = file
    this.#keys = new Map(keys.map((key) => [key.id, key]))
  }

  /** @throws StartError if the file is there and cannot be understood */
  static async open(directory: string): Promise<KeyFile> {
    const file = path.join(directory, KEY_FILE_NAME)
    const keys = keysIn((await readIfThere(file)) ?? '[]')
    if (keys !== undefined) return new KeyFile(file, keys)
    throw new StartError(
      `The keys in ${path.resolve(file)} cannot be read; restore the file from a backup, or remove it to have the first key alone`,
    )
  }

  get(id: string): AccessKey | undefined {
    return this.#keys.get(id)
  }

  all(): readonly AccessKey[] {
    return [...this.#keys.values()]
  }

  async add(key: AccessKey): Promise<void> {
    await this.#change((keys) => {
      if (keys.size >= KEYS_MAX) throw new TinygridError('too_many_keys')
      keys.set(key.id, key)
      return true
    })
  }

  remove(id: string): Promise<boolean> {
    return this.#change((keys) => keys.delete(id))
  }

  async noteUse(id: string, at: EpochMs): Promise<void> {
    await this.#change((keys) => {
      const key = keys.get(id)
      if (key !== undefined) keys.set(id, { ...key, lastUsedAt: at })
      return key !== undefined
    })
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async close(): Promise<void> {
    await this.#changing
  }

  /** What cannot be written is as it was before, here too. */
  #change(apply: (keys: Map<string, AccessKey>) => boolean): Promise<boolean> {
    const change = this.#changing.then(async () => {
      const keys = new Map(this.#keys)
      if (!apply(keys)) return false
      try {
        await writeDurably(this.#file, `${JSON.stringify([...keys.values()])}\n`)
      } catch (cause) {
        throw new TinygridError('keys_unavailable', { cause })
      }
      this.#keys = keys
      for (const listener of this.#listeners) listener()
      return true
    })
    this.#changing = change.catch(() => {})
    return change
  }
}

function keysIn(text: string): AccessKey[] | undefined {
  try {
    const keys = (JSON.parse(text) as unknown[]).map((one) => parseAccessKey(JSON.stringify(one)))
    return keys.every((key) => key !== undefined) ? keys : undefined
  } catch {
    return undefined
  }
}
