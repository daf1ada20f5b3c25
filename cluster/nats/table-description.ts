/**
 * The table as JSON that a person reads in a terminal: a line per node and per partition. Pure.
 *
 * Rejected: the text that is stored, whose rows name nodes by their place in a list.
 */
import type { NodeId } from '../../links/ids.ts'
import type { NodeLease } from '../membership/lease.ts'
import type { Table } from '../table/table.ts'

export function describeTable(membership: {
  readonly table: Table
  readonly leases: ReadonlyMap<NodeId, NodeLease>
  readonly controller: NodeId | undefined
}): string {
  const { table, leases, controller = null } = membership
  const named = table.toData().nodes
  const ids = [...new Set([...leases.keys(), ...named])].sort()
  const nodes = ids.map((node) => {
    const { state: said = 'gone', isDrained = false, url = null } = leases.get(node) ?? {}
    const state = isDrained ? 'drained' : said
    return JSON.stringify({ node, state, partitions: table.ownedBy(node).length, url })
  })
  const rows = table.rows.map(({ owner, epoch, target }, partition) =>
    JSON.stringify({ partition, owner, epoch, target }),
  )
  const head = `"version": ${table.version},\n"controller": ${JSON.stringify(controller)}`
  return `{${head},\n"nodes": [\n${nodes.join(',\n')}\n],\n"rows": [\n${rows.join(',\n')}\n]}`
}
