/**
 * The nodes as a table: who owns how much and does how much. Used beside the ring, as its text.
 */
import { colourClass, colourNumber, type Colours } from './colours.ts'
import type { ClusterNode, ClusterStatus } from './status.ts'
import { countText, troubleOf } from './words.ts'

/** States that a person should see; a node that is gone is a trouble. */
const MARKED = new Set(['draining', 'drained', 'leaving'])

interface NodeTableProps {
  readonly status: ClusterStatus
  readonly colours: Colours
}

export function NodeTable({ status, colours }: NodeTableProps) {
  return (
    <table class="nodes">
      <caption class="visually-hidden">Nodes</caption>
      <thead>
        <tr>
          <th scope="col">Node</th>
          <th scope="col">Partitions</th>
          <th scope="col">Links</th>
          <th scope="col">Redirects/s</th>
        </tr>
      </thead>
      <tbody>
        {status.nodes.map((node) => (
          <NodeRow key={node.id} node={node} status={status} colours={colours} />
        ))}
      </tbody>
    </table>
  )
}

function NodeRow({ node, status, colours }: NodeTableProps & { node: ClusterNode }) {
  const { numbers } = node
  const { underWay } = status.moves
  const coming = underWay.filter(({ to }) => to === node.id).length
  const going = underWay.filter(({ from }) => from === node.id).length
  return (
    <tr>
      <th scope="row">
        <NodeName node={node} status={status} colours={colours} />
      </th>
      <td>
        {countText(node.partitionsOwned)}
        {coming > 0 && <span class="muted"> +{coming}</span>}
        {going > 0 && <span class="muted"> −{going}</span>}
      </td>
      <td>{numbers === null ? '–' : countText(numbers.linksInMemory)}</td>
      <td>{numbers === null ? '–' : countText(numbers.redirectsPerSecond)}</td>
    </tr>
  )
}

/** A node's name with its colour and number, and what is special about it. */
export function NodeName({ node, status, colours }: NodeTableProps & { node: ClusterNode }) {
  const trouble = troubleOf(node)
  return (
    <span class="node-name">
      <span class={`swatch ${colourClass(colours, node.id)}`} aria-hidden="true">
        {colourNumber(colours, node.id)}
      </span>
      <span class="node-id">{node.id}</span>
      {node.isController && status.mode === 'cluster' && <span class="mark">controller</span>}
      {MARKED.has(node.state) && <span class="mark">{node.state}</span>}
      {trouble !== undefined && <strong class="badge">{trouble}</strong>}
    </span>
  )
}
