/**
 * A link version as a document of MongoDB.
 *
 * Used by the files of that store; pure. What a version decides is one field, `v`, so that one
 * operator guards all of it: `$max` compares embedded documents field by field, `s` is the first,
 * and two versions with the same position are the same. So a write needs no filter but the code, is
 * atomic, and may be repeated in any order. `t` and `g` stand in live links only: what has no `t` is
 * not listed.
 *
 * Rejected: a filter on the position (`{_id, s: {$lt: n}}`), which cannot be combined with an upsert:
 * a newer version there looks like none, and the insert fails as a duplicate.
 */
import { Binary, Double } from 'mongodb'
import type { Code, LogPosition, PartitionId } from '../../links/ids.ts'
import { decodeLink, type LinkRecord, type LinkVersion } from '../../links/link-record.ts'

const NOTHING = Buffer.alloc(0)

/** Fields of `v`, in this order. Numbers are doubles throughout: exact below 2^53. */
export interface VersionFields {
  /** Log position. */
  readonly s: Double
  /** createdAt. */
  readonly t?: Double
  /** Tags. */
  readonly g?: readonly string[]
  /** Record. */
  readonly r: Binary
}

/** As it is written. */
export interface LinkDocument {
  readonly _id: string
  /** Partition. Never changes. */
  readonly p: number
  readonly v: VersionFields
}

/** As it is read, with plain numbers and buffers. */
export interface StoredLink {
  readonly _id: string
  readonly v: { readonly s: number; readonly r: Buffer }
}

export function documentOf(version: LinkVersion, partition: PartitionId): LinkDocument {
  return { _id: version.code, p: partition, v: fieldsOf(version) }
}

export function fieldsOf({ position, record }: LinkVersion): VersionFields {
  const { lifecycle, createdAt, tags } = decodeLink(record)
  const isLive = lifecycle === 'live'
  return {
    s: new Double(position),
    ...(isLive && { t: new Double(createdAt) }),
    ...(isLive && tags.length > 0 && { g: tags }),
    r: new Binary(record),
  }
}

/** Of a document that somebody else has written, what is there: `isWholeVersion` tells. */
export function versionOf({ _id, v }: StoredLink): LinkVersion {
  const { s, r } = (v ?? {}) as Partial<StoredLink['v']>
  const record = (Buffer.isBuffer(r) ? r : NOTHING) as LinkRecord
  return { code: _id as Code, position: s as LogPosition, record }
}
