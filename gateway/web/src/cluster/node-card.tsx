/**
 * One node in figures: load, memory, and how far the store is behind it. Used by the cluster page.
 */
import { Fact } from '../fact.tsx'
import { OuterLink } from '../outer-link.tsx'
import type { Colours } from './colours.ts'
import { NodeName } from './node-table.tsx'
import type { ClusterNode, ClusterStatus, NodeNumbers } from './status.ts'
import { ageText, analyticsText, bytesText, countText, durationText, leaseText } from './words.ts'

interface NodeCardProps {
  readonly node: ClusterNode
  readonly status: ClusterStatus
  readonly colours: Colours
}

export function NodeCard({ node, status, colours }: NodeCardProps) {
  const { numbers, startedAt } = node
  const isEmbedded = status.mode === 'embedded'
  return (
    <article class="panel" aria-label={node.id}>
      <h3>
        <NodeName node={node} status={status} colours={colours} />
      </h3>
      {node.url !== null && (
        <p class="panel-address">
          <OuterLink address={node.url} text={node.url} />
        </p>
      )}
      <dl class="panel-facts">
        {numbers === null ? (
          <Fact name="Numbers">It did not answer in time</Fact>
        ) : (
          <Numbers numbers={numbers} />
        )}
        {node.analytics !== null && <Fact name="Analytics">{analyticsText(node.analytics)}</Fact>}
        {!isEmbedded && <Fact name="Lease">{leaseText(node)}</Fact>}
        {startedAt !== null && <Fact name="Up for">{ageText(status, startedAt)}</Fact>}
        {numbers !== null && <Fact name="Version">{numbers.version}</Fact>}
      </dl>
    </article>
  )
}

function Numbers({ numbers }: { numbers: NodeNumbers }) {
  const { partitionsOwned, partitionsComplete, memoryBytes, memoryBytesMax } = numbers
  return (
    <>
      <Fact name="Processor">{`${Math.round(numbers.cpu * 100)} % of a core`}</Fact>
      <Fact name="Redirects">{`${countText(numbers.redirectsPerSecond)} per second`}</Fact>
      <Fact name="Writes">{`${countText(numbers.appendsPerSecond)} batches per second`}</Fact>
      {numbers.requestsHeld > 0 && (
        <Fact name="Held">{countText(numbers.requestsHeld)} requests</Fact>
      )}
      <Fact name="Links">{`${countText(numbers.linksInMemory)} in memory`}</Fact>
      <Fact name="Complete">{`${partitionsComplete} of ${partitionsOwned} partitions`}</Fact>
      <Fact name="Memory" part={memoryBytes / memoryBytesMax}>
        {`${bytesText(memoryBytes)} of ${bytesText(memoryBytesMax)}`}
      </Fact>
      <Fact name="Process">{bytesText(numbers.rssBytes)}</Fact>
      <Fact name="Not stored" part={numbers.dirtyBytes / numbers.dirtyBytesMax}>
        {numbers.dirtyLinks === 0
          ? 'nothing'
          : `${countText(numbers.dirtyLinks)} links, ${bytesText(numbers.dirtyBytes)}, for ${durationText(numbers.flushLagMs)}`}
      </Fact>
    </>
  )
}
