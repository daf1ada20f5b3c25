/** A store without keys, for a gateway that keeps none: only the key of the settings opens it. */
import { TinygridError } from '../../links/errors.ts'
import type { KeyStore } from './key-store.ts'

export const NO_KEYS: KeyStore = {
  get: () => undefined,
  all: () => [],
  add: () => Promise.reject(new TinygridError('keys_unavailable')),
  change: async () => undefined,
  remove: async () => false,
  noteUse: async () => {},
  onChange: () => () => {},
  close: async () => {},
}
