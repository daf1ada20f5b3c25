/**
 * Keys to the interface in a file of the data directory: the adapter of `key-store.ts` for one process.
 *
 * It holds hashes, no secrets. One that cannot be understood stops the start: without it everybody but the
 * first admin key would be shut out.
 */
import path from 'node:path'
import {
  KEYS_MAX,
  keptKey,
  parseAccessKey,
  type AccessKey,
  type KeyFields,
} from '../../cluster/keys/access-key.ts'
import type { KeyStore } from '../../cluster/keys/key-store.ts'
import { StartError, TinygridError } from '../../links/errors.ts'
import type { EpochMs } from '../../links/ids.ts'
import { readIfThere } from './durable-file.ts'
import { WholeFile } from './whole-file.ts'

const KEY_FILE_NAME = 'keys.json'

type Keys = ReadonlyMap<string, AccessKey>

export class KeyFile implements KeyStore {
  readonly #file: WholeFile<Keys>

  private constructor(file: WholeFile<Keys>) {
    this.#file = file
  }

  /** @throws StartError if the file is there and cannot be understood */
  static async open(directory: string): Promise<KeyFile> {
    const file = path.join(directory, KEY_FILE_NAME)
    const keys = keysIn((await readIfThere(file)) ?? '[]')
    if (keys === undefined) {
      throw new StartError(
        `The keys in ${path.resolve(file)} cannot be read; start the version that wrote it, restore the file from a backup, or remove it to have the first key alone`,
      )
    }
    const current: Keys = new Map(keys.map((key) => [key.id, key]))
    return new KeyFile(new WholeFile({ file, current, textOf, failsWith: 'keys_unavailable' }))
  }

  get(id: string): AccessKey | undefined {
    return this.#file.current.get(id)
  }

  all(): readonly AccessKey[] {
    return [...this.#file.current.values()]
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

  async change(id: string, fields: KeyFields): Promise<AccessKey | undefined> {
    let changed: AccessKey | undefined
    await this.#change((keys) => {
      const key = keys.get(id)
      if (key === undefined) return false
      changed = { ...key, ...fields }
      keys.set(id, changed)
      return true
    })
    return changed
  }

  async noteUse(id: string, at: EpochMs): Promise<void> {
    await this.#change((keys) => {
      const key = keys.get(id)
      if (key !== undefined) keys.set(id, { ...key, lastUsedAt: at })
      return key !== undefined
    })
  }

  onChange(listener: () => void): () => void {
    return this.#file.onChange(listener)
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  #change(apply: (keys: Map<string, AccessKey>) => boolean): Promise<boolean> {
    return this.#file.change((current) => {
      const keys = new Map(current)
      return apply(keys) ? keys : undefined
    })
  }
}

function textOf(keys: Keys): string {
  return `${JSON.stringify([...keys.values()].map(keptKey))}\n`
}

function keysIn(text: string): AccessKey[] | undefined {
  try {
    const keys = (JSON.parse(text) as unknown[]).map((one) => parseAccessKey(JSON.stringify(one)))
    return keys.every((key) => key !== undefined) ? keys : undefined
  } catch {
    return undefined
  }
}
