/**
 * What the cluster leans on: the log with its durability, and the servers. Used by the cluster page.
 */
import { Fact } from '../fact.tsx'
import type { ClusterStatus, LogState, ServerState } from './status.ts'
import { ageText, bytesText, countText, durationText } from './words.ts'

export function LogPanel({ log }: { log: LogState }) {
  const { entries, bytes, bytesMax, lagMs, dirtyLinks, durability, streams } = log
  const { replicas, replicasCurrent } = durability
  const part = bytes === null || bytesMax === null ? {} : { part: bytes / bytesMax }
  return (
    <article class="panel panel-wide" aria-label="Log">
      <h3>Log {log.kind === 'jetstream' ? 'in NATS JetStream' : 'in the data directory'}</h3>
      <p>{durability.description}</p>
      <dl class="panel-facts">
        {replicas !== null && replicas > 1 && (
          <Fact name="Copies">{`${replicasCurrent ?? '?'} of ${replicas} up to date`}</Fact>
        )}
        {streams.length > 1 && <Fact name="Streams">{streamsText(streams)}</Fact>}
        {bytes !== null && (
          <Fact name="Holds" {...part}>
            {[
              ...(entries === null ? [] : [`${countText(entries)} entries`]),
              bytesText(bytes) + (bytesMax === null ? '' : ` of ${bytesText(bytesMax)}`),
            ].join(', ')}
          </Fact>
        )}
        <Fact name="Not stored">
          {dirtyLinks === 0
            ? 'nothing'
            : `${countText(dirtyLinks)} links, for ${durationText(lagMs)}`}
        </Fact>
      </dl>
    </article>
  )
}

/** How many, and which servers share their writes. */
function streamsText(streams: LogState['streams']): string {
  const leaders = new Set(streams.flatMap(({ leader }) => leader ?? []))
  const led = leaders.size === 0 ? '' : `, led by ${[...leaders].toSorted().join(', ')}`
  return `${streams.length}${led}`
}

interface ServerPanelProps {
  readonly server: ServerState
  readonly status: ClusterStatus
}

export function ServerPanel({ server, status }: ServerPanelProps) {
  const { name, address, isReachable, since, version, roundTripMs } = server
  return (
    <article class="panel" aria-label={name}>
      <h3>
        <span class="node-name">
          {name}
          {isReachable ? (
            <span class="mark">reachable</span>
          ) : (
            <strong class="badge">Unreachable</strong>
          )}
        </span>
      </h3>
      <p class="panel-address">{address}</p>
      <dl class="panel-facts">
        <Fact name="Since">{ageText(status, since)}</Fact>
        {roundTripMs !== null && (
          <Fact name="Answers in">{durationText(Math.max(1, roundTripMs))}</Fact>
        )}
        {version !== null && <Fact name="Version">{version}</Fact>}
      </dl>
    </article>
  )
}
