/**
 * Partitions on the move and lately moved, in words. Used by the cluster page.
 */
import type { ClusterStatus } from './status.ts'
import { ageText, durationText, groupEnded, groupMoves, plural } from './words.ts'

const ENDED_SHOWN_MAX = 6

export function MovesSection({ status }: { status: ClusterStatus }) {
  const underWay = groupMoves(status.moves.underWay)
  const ended = groupEnded(status.moves.done).slice(0, ENDED_SHOWN_MAX)
  return (
    <section class="cluster-section" aria-labelledby="moves">
      <h2 id="moves">Moves</h2>
      {underWay.length + ended.length === 0 && (
        <p class="muted">No partition has moved since this node began to watch.</p>
      )}
      <ul class="moves">
        {underWay.map(({ from, to, partitions, active }) => (
          <li key={`now ${from} ${to}`}>
            <span class="mark">now</span>
            <Between from={from} to={to} />
            {`${plural(partitions, 'partition')}, ${active} at this moment`}
          </li>
        ))}
        {ended.map(({ from, to, partitions, isCut, endedAt, waitMs }) => (
          <li key={`${endedAt} ${from} ${to}`}>
            <Between from={from} to={to} />
            {`${isCut ? 'at least ' : ''}${plural(partitions, 'partition')}`}
            <span class="muted">
              {`${ageText(status, endedAt)} ago`}
              {waitMs !== null && `, writes waited at most ${durationText(waitMs)}`}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Between({ from, to }: { from: string | null; to: string }) {
  return (
    <span class="node-id">
      {from ?? 'the log'}
      <span aria-hidden="true"> → </span>
      <span class="visually-hidden"> to </span>
      {to}
    </span>
  )
}
