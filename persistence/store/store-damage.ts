/**
 * What the LMDB store says where its data is damaged: that it does not know, and never something else.
 *
 * Used by the files of that store. A damaged entry is an error for its own link. Where a key is
 * damaged, the link that it belonged to is not found any more; its place is beside the damaged key, so
 * an absence is believed only where both neighbours are sound. That the order of the keys is right is
 * made sure of at the start (`lmdb-file.ts`).
 */
import { TinygridError } from '../../links/errors.ts'
import type { Code } from '../../links/ids.ts'
import { codeOfRecord, type LinkVersion } from '../../links/link-record.ts'
import type { Keyspace } from '../data-directory/lmdb-environment.ts'
import { isSoundKey, readLinkValue } from './link-entry.ts'

/** What stands under the link's key. @throws TinygridError store_damaged */
export function wholeValue(code: Code, value: Buffer): Omit<LinkVersion, 'code'> {
  const version = readLinkValue(value)
  if (version !== undefined && codeOfRecord(version.record) === code) return version
  throw damaged(`The stored version of ${code} is damaged`)
}

/** Nothing stands under the key. @throws TinygridError store_damaged: something may have */
export function assertAbsent(links: Keyspace, key: Buffer, code: Code): void {
  const neighbours = [
    ...links.getKeys({ start: key, limit: 1 }),
    ...links.getKeys({ start: key, limit: 1, reverse: true }),
  ]
  if (neighbours.every(isSoundKey)) return
  throw damaged(`Whether ${code} is stored is not known: what stands beside it is damaged`)
}

export function damaged(detail: string): TinygridError {
  return new TinygridError('store_damaged', { detail })
}
