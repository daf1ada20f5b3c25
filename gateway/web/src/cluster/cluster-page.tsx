/**
 * The cluster, live: the ring, the nodes, what moves, the log and the servers. Used by the app.
 *
 * Shows what one node sees, and says which. Embedded it is one node that owns everything. What
 * someone who does not look should hear (a node comes or goes, a server is away) is announced.
 */
import { useEffect, useRef } from 'preact/hooks'
import { useAnnounce } from '../announcer.tsx'
import type { Api } from '../api.ts'
import { FailureNotice } from '../failure-notice.tsx'
import { coloursAfter, type Colours } from './colours.ts'
import { MovesSection } from './moves-section.tsx'
import { NodeCard } from './node-card.tsx'
import { NodeTable } from './node-table.tsx'
import { RingPicture } from './ring-picture.tsx'
import type { ClusterStatus } from './status.ts'
import { LogPanel, ServerPanel } from './surroundings.tsx'
import { useCluster } from './use-cluster.ts'
import { headline, newsBetween } from './words.ts'

export function ClusterPage({ api }: { api: Api }) {
  const { status, error, retry } = useCluster(api)
  useNews(status)
  return (
    <div class="cluster" aria-busy={status === undefined && error === undefined}>
      <div>
        <h1>Cluster</h1>
        {status === undefined ? (
          error === undefined && <p class="muted">Loading …</p>
        ) : (
          <p class="muted">{standing(status)}</p>
        )}
      </div>
      {error !== undefined && <FailureNotice error={error} onRetry={retry} />}
      {status !== undefined && <Picture status={status} isStale={error !== undefined} />}
    </div>
  )
}

function standing(status: ClusterStatus): string {
  const seenBy = status.mode === 'cluster' ? ` As ${status.nodeId} sees it.` : ''
  return `${headline(status)}${seenBy}`
}

function Picture({ status, isStale }: { status: ClusterStatus; isStale: boolean }) {
  const colours = useColours(status)
  return (
    <div class={isStale ? 'cluster rows-stale' : 'cluster'}>
      <div class="card overview">
        <RingPicture status={status} colours={colours} />
        <NodeTable status={status} colours={colours} />
      </div>
      <section class="cluster-section" aria-labelledby="nodes">
        <h2 id="nodes">Nodes</h2>
        <div class="panels">
          {status.nodes.map((node) => (
            <NodeCard key={node.id} node={node} status={status} colours={colours} />
          ))}
        </div>
      </section>
      {status.mode === 'cluster' && <MovesSection status={status} />}
      <section class="cluster-section" aria-labelledby="log">
        <h2 id="log">{status.mode === 'cluster' ? 'Log and servers' : 'Log'}</h2>
        <div class="panels">
          <LogPanel log={status.log} />
          {status.servers.map((server) => (
            <ServerPanel key={server.name} server={server} status={status} />
          ))}
        </div>
      </section>
    </div>
  )
}

function useColours(status: ClusterStatus): Colours {
  const colours = useRef<Colours>(new Map())
  colours.current = coloursAfter(
    colours.current,
    status.nodes.map(({ id }) => id),
  )
  return colours.current
}

function useNews(status: ClusterStatus | undefined): void {
  const announce = useAnnounce()
  const before = useRef<ClusterStatus>(undefined)
  useEffect(() => {
    const news =
      before.current === undefined || status === undefined
        ? []
        : newsBetween(before.current, status)
    before.current = status
    if (news.length > 0) announce(news.join(' '))
  }, [status, announce])
}
