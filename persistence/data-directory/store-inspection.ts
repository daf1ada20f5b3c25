/**
 * Reads a whole embedded store and says what is wrong with it. Changes nothing.
 *
 * Used where a data directory is checked or mended. Every entry is read: keys, checksums, the indexes
 * of the list against the links and back, checkpoints. Steps, so that its caller can tell how far it is.
 */
import { POSITION_NONE, type Code, type LogPosition, type PartitionId } from '../../links/ids.ts'
import { codeOfRecord, type LinkRecord } from '../../links/link-record.ts'
import type { Ring } from '../../links/ring.ts'
import {
  codeOfLinkKey,
  isSoundKey,
  linkKey,
  partitionOfKey,
  readCheckpoint,
  readLinkValue,
  STORE_KEYSPACES,
} from '../store/link-entry.ts'
import { codeOfTagKey, codeOfTimeKey, indexChange } from '../store/link-index.ts'
import type { Keyspace, LmdbEnvironment } from './lmdb-environment.ts'

export interface StoreKeyspaces {
  readonly links: Keyspace
  readonly byTime: Keyspace
  readonly byTag: Keyspace
  readonly checkpoints: Keyspace
}

/** An entry of an index that is there and should not be, or the other way round. */
interface IndexFault {
  readonly index: 'byTime' | 'byTag'
  readonly key: Buffer
  readonly isMissing: boolean
  readonly code: Code
}

export interface StoreInspection {
  links: number
  readonly damagedLinks: { readonly key: Buffer; readonly code: Code }[]
  readonly indexFaults: IndexFault[]
  readonly checkpoints: Map<PartitionId, LogPosition>
  readonly damagedCheckpoints: PartitionId[]
  /** The highest position of a version in each partition. */
  readonly reached: Map<PartitionId, LogPosition>
}

export function storeKeyspaces(environment: LmdbEnvironment): StoreKeyspaces {
  return {
    links: environment.keyspace(STORE_KEYSPACES.links),
    byTime: environment.keyspace(STORE_KEYSPACES.byTime),
    byTag: environment.keyspace(STORE_KEYSPACES.byTag),
    checkpoints: environment.keyspace(STORE_KEYSPACES.checkpoints),
  }
}

/** One entry per step. */
export function* inspectStore(
  keyspaces: StoreKeyspaces,
  ring: Ring,
): Generator<undefined, StoreInspection> {
  const found: StoreInspection = {
    links: 0,
    damagedLinks: [],
    indexFaults: [],
    checkpoints: new Map(),
    damagedCheckpoints: [],
    reached: new Map(),
  }
  for (const { key, value } of keyspaces.links.getRange({})) {
    inspectLink(keyspaces, ring, found, key, value)
    yield
  }
  for (const index of ['byTime', 'byTag'] as const) {
    for (const key of keyspaces[index].getKeys({})) {
      inspectIndexKey(keyspaces, found, index, key)
      yield
    }
  }
  for (const { key, value } of keyspaces.checkpoints.getRange({})) {
    const position = readCheckpoint(key, value)
    const partition = partitionOfKey(key)
    if (position === undefined) found.damagedCheckpoints.push(partition)
    else found.checkpoints.set(partition, position)
  }
  return found
}

function inspectLink(
  { byTime, byTag }: StoreKeyspaces,
  ring: Ring,
  found: StoreInspection,
  key: Buffer,
  value: Buffer,
): void {
  found.links++
  const code = codeOfLinkKey(key)
  const version = readLinkValue(value)
  if (version === undefined || !isSoundKey(key) || codeOfRecord(version.record) !== code) {
    found.damagedLinks.push({ key, code })
    return
  }
  const partition = ring.partitionOf(code)
  const reached = found.reached.get(partition) ?? POSITION_NONE
  if (version.position > reached) found.reached.set(partition, version.position)
  const { timeAfter, tagsAfter } = indexChange(code, undefined, version.record)
  const missing = (index: IndexFault['index']) => (indexKey: Buffer) =>
    void found.indexFaults.push({ index, key: indexKey, isMissing: true, code })
  const times = timeAfter === undefined ? [] : [timeAfter]
  times.filter((time) => !byTime.doesExist(time)).forEach(missing('byTime'))
  tagsAfter.filter((tag) => !byTag.doesExist(tag)).forEach(missing('byTag'))
}

function inspectIndexKey(
  { links }: StoreKeyspaces,
  found: StoreInspection,
  index: IndexFault['index'],
  key: Buffer,
): void {
  const code = index === 'byTime' ? codeOfTimeKey(key) : codeOfTagKey(key)
  const record = recordOf(links, code)
  const { timeAfter, tagsAfter } = indexChange(code, undefined, record)
  const expected = index === 'byTime' ? [timeAfter] : tagsAfter
  if (expected.some((wanted) => wanted?.equals(key) === true)) return
  found.indexFaults.push({ index, key, isMissing: false, code })
}

function recordOf(links: Keyspace, code: Code): LinkRecord | undefined {
  const value = code === '' ? undefined : links.getBinary(linkKey(code))
  return value && readLinkValue(value)?.record
}
