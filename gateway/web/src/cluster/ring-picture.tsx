/**
 * The ring as a picture: each partition in its owner's colour, and around it where partitions go.
 *
 * Used by the cluster page. One image for assistive technology, whose text says what it shows; the
 * table beside it has the figures. Neighbours of one owner are one arc, so 4,096 partitions draw as
 * fast as 16.
 */
import { colourClass, type Colours } from './colours.ts'
import { arcPath, runsOf, type Run } from './ring.ts'
import type { ClusterStatus } from './status.ts'
import { ageMs, countText, headline, plural } from './words.ts'

interface RingPictureProps {
  readonly status: ClusterStatus
  readonly colours: Colours
}

const OWNERS = { outer: 88, inner: 62 }
const MOVES = { outer: 98, inner: 91 }
/** How long a partition that has arrived stays marked. */
const ARRIVED_MS = 5_000
const NOBODY = ''
/** Arcs with a line between them, which more would drown in. */
const LINED_MAX = 48

export function RingPicture({ status, colours }: RingPictureProps) {
  const { nodes, rows } = status.table
  const owners = rows.map(([owner]) => nodes[owner] ?? NOBODY)
  const under = new Map(status.moves.underWay.map((move) => [move.partition, move]))
  const targets = rows.map((_, partition) => under.get(partition)?.to)
  const arrived = arrivals(status)
  const count = rows.length
  const owned = runsOf(owners)
  const isLined = owned.length > 1 && owned.length <= LINED_MAX
  return (
    <figure class={isLined ? 'ring' : 'ring ring-unlined'}>
      <svg viewBox="-100 -100 200 200" role="img" aria-label={`The ring. ${headline(status)}`}>
        {owned.map((run) => (
          <Arc
            key={`owner ${run.first}`}
            class={
              run.value === NOBODY ? 'arc arc-nobody' : `arc ${colourClass(colours, run.value)}`
            }
            run={run}
            count={count}
            band={OWNERS}
            what={run.value === NOBODY ? 'nobody' : run.value}
          />
        ))}
        {runsOf(arrived).map((run) => (
          <Arc
            key={`arrived ${run.first}`}
            class={`arc arc-arrived ${colourClass(colours, run.value)}`}
            run={run}
            count={count}
            band={MOVES}
            what={`arrived at ${run.value}`}
          />
        ))}
        {runsOf(targets).map((run) => (
          <Arc
            key={`target ${run.first}`}
            class={`arc arc-moving ${colourClass(colours, run.value)}`}
            run={run}
            count={count}
            band={MOVES}
            what={`moving to ${run.value}`}
          />
        ))}
        <text class="ring-count" y="4">
          {countText(count)}
        </text>
        <text class="ring-caption" y="18">
          partitions
        </text>
      </svg>
      <figcaption class="muted">
        Each arc is a part of the hash ring in its owner’s colour.
        {status.mode === 'cluster' &&
          ' The rim shows what moves, and what has just arrived, in the colour of where it goes.'}
      </figcaption>
    </figure>
  )
}

interface ArcProps {
  readonly class: string
  readonly run: Run<string>
  readonly count: number
  readonly band: { readonly outer: number; readonly inner: number }
  readonly what: string
}

function Arc({ class: name, run: { first, last }, count, band, what }: ArcProps) {
  const which =
    first === last ? `Partition ${first}` : `${plural(last - first + 1, 'partition')} from ${first}`
  return (
    <path class={name} d={arcPath(first / count, (last + 1) / count, band.outer, band.inner)}>
      <title>{`${which}: ${what}`}</title>
    </path>
  )
}

/** Per partition: the node at which it has arrived just now. */
function arrivals(status: ClusterStatus): (string | undefined)[] {
  const arrived = Array.from<string | undefined>({ length: status.table.rows.length })
  for (const { partition, to, endedAt } of status.moves.done.toReversed()) {
    if (ageMs(status, endedAt) < ARRIVED_MS) arrived[partition] = to
  }
  return arrived
}
