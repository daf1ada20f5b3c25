/**
 * Where the keys to the interface are kept: a seam with an adapter for each way to run.
 *
 * In a cluster the private bucket (`bucket-key-store.ts`), embedded a file of the data directory
 * (`persistence/data-directory/key-file.ts`). Both are in memory whole, so a request asks nobody: a key that
 * another node has made or revoked is known here as soon as the bucket tells.
 */
import type { EpochMs } from '../../links/ids.ts'
import type { AccessKey, KeyFields } from './access-key.ts'

export interface KeyStore {
  get(id: string): AccessKey | undefined
  all(): readonly AccessKey[]
  /** Durable when it resolves. @throws TinygridError too_many_keys, and as the adapter cannot write */
  add(key: AccessKey): Promise<void>
  /** The key as it is then, durable; undefined: there is no such key. @throws as `add` */
  change(id: string, fields: KeyFields): Promise<AccessKey | undefined>
  /** Durable when it resolves. False: there is no such key. */
  remove(id: string): Promise<boolean>
  /** Best effort: never brings a removed key back, and nothing depends on it. */
  noteUse(id: string, at: EpochMs): Promise<void>
  /** Called after keys have come or gone, whoever did it. Returns what ends it. */
  onChange(listener: () => void): () => void
  close(): Promise<void>
}
