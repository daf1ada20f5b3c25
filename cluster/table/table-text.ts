/**
 * The table as text: JSON that a person can read with `nats kv get`.
 *
 * Its format, the table's version, the nodes by name, then per partition the owner's place in that
 * list (-1: nobody), the epoch, and the target's place. Written by the controller alone, and read
 * by everybody as what a stranger may have written (`stored-value.ts`).
 */
import { fieldsOf, isCount, isEpoch, isNodeName, must, STORED_FORMAT } from '../stored-value.ts'
import type { Epoch, NodeId } from '../../links/ids.ts'
import { Table, type Ownership } from './table.ts'

export function textOfTable(table: Table): string {
  return JSON.stringify({ format: STORED_FORMAT, ...table.toData() })
}

/** @param partitions of the cluster  @throws Malformed if it is no table of so many */
export function parseTable(text: string, partitions: number): Table {
  const { version, nodes, rows } = fieldsOf(text)
  must(isCount(version), 'its version is no number')
  must(Array.isArray(nodes) && nodes.every(isNodeName), 'its nodes are no list of names')
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
