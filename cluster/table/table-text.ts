/**
 * The table as text, in one of two forms. Written by the controller alone, and read by everybody as
 * what a stranger may have written (`stored-value.ts`).
 *
 * Plain: JSON that a person can read with `nats kv get`: the table's version, the nodes by name, then
 * per partition the owner's place in that list (-1: nobody), the epoch, and the target's place. Packed,
 * where that is longer than PLAIN_LENGTH_MAX: the same numbers in columns, as small as they get, since
 * each change of the table goes to every node. It is of a format of its own, which older programs refuse
 * plainly; so it is written only where every node reads it (`NodeLease.reads`).
 *
 * Rejected: changes alone, beside the whole. Whoever misses one has to find that out and ask, and the
 * table would not be one value any more that is changed by compare-and-set.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import {
  fieldsOf,
  isCount,
  isEpoch,
  isNodeName,
  Malformed,
  must,
  STORED_FORMAT,
} from '../stored-value.ts'
import type { Epoch, NodeId } from '../../links/ids.ts'
import { PARTITIONS_MAX } from '../../links/ring.ts'
import { ByteReader, varintsOf } from './varints.ts'
import { Table, type Ownership, type TableData } from './table.ts'

/** Of the packed form; the highest that this program reads. */
export const PACKED_FORMAT = 2
/** Of a few hundred partitions, whose table is still for people to read. */
const PLAIN_LENGTH_MAX = 4_096
/** An owner, an epoch and a target, of at most seven bytes each. */
const ROW_BYTES_MAX = 21

type Row = TableData['rows'][number]

/** @param mayPack whether every node reads the packed form */
export function textOfTable(table: Table, mayPack = false): string {
  const data = table.toData()
  const plain = JSON.stringify({ format: STORED_FORMAT, ...data })
  return mayPack && plain.length > PLAIN_LENGTH_MAX ? packed(data) : plain
}

export function isPacked(text: string): boolean {
  return text.startsWith(`{"format":${PACKED_FORMAT},`)
}

/** @param partitions of the cluster  @throws Malformed if it is no table of so many */
export function parseTable(text: string, partitions: number): Table {
  const { version, nodes, rows: given } = fieldsOf(text, PACKED_FORMAT)
  must(isCount(version), 'its version is no number')
  must(Array.isArray(nodes) && nodes.every(isNodeName), 'its nodes are no list of names')
  const rows = typeof given === 'string' ? unpacked(given, partitions) : given
  must(Array.isArray(rows), 'it has no rows')
  must(rows.length === partitions, `it has ${rows.length} rows, and not ${partitions}`)
  return new Table(
    rows.map((row: unknown) => parseRow(row, nodes as NodeId[])),
    version,
  )
}

function parseRow(row: unknown, nodes: readonly NodeId[]): Ownership {
  must(Array.isArray(row) && row.length === 3, 'a row has not three numbers')
  const [owner, epoch, target] = row as unknown[]
  must(isEpoch(epoch), 'an epoch is no number')
  return { owner: nodeAt(owner, nodes), epoch: epoch as Epoch, target: nodeAt(target, nodes) }
}

function nodeAt(place: unknown, nodes: readonly NodeId[]): NodeId | null {
  if (place === -1) return null
  must(isCount(place, nodes.length - 1), 'a row names a node that is not in the list')
  return nodes[place]!
}

/** All owners, then all epochs, then all targets: what is alike stands together. */
function packed({ version, nodes, rows }: TableData): string {
  const bytes = varintsOf([
    ...rows.map(([owner]) => owner + 1),
    ...rows.map(([, epoch]) => epoch),
    ...rows.map(([, , target]) => target + 1),
  ])
  const text = deflateRawSync(bytes).toString('base64')
  return JSON.stringify({ format: PACKED_FORMAT, version, nodes, rows: text })
}

function unpacked(text: string, partitions: number): Row[] {
  must(partitions <= PARTITIONS_MAX, 'there are too many partitions')
  const reader = new ByteReader(inflated(text, partitions * ROW_BYTES_MAX))
  const column = () => Array.from({ length: partitions }, () => reader.varint())
  const [owners, epochs, targets] = [column(), column(), column()]
  must(reader.isAtEnd, 'its rows are too long')
  return owners.map((owner, index) => [owner - 1, epochs[index] as Epoch, targets[index]! - 1])
}

function inflated(text: string, maxOutputLength: number): Uint8Array {
  try {
    return inflateRawSync(Buffer.from(text, 'base64'), { maxOutputLength })
  } catch {
    throw new Malformed('its rows cannot be unpacked')
  }
}
