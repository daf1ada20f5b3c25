/**
 * Clicks of some days as a small curve. Used by the rows of the list.
 *
 * Each curve has a scale of its own: it shows how a link fares, not how many clicks it has.
 */

const WIDTH = 64
const HEIGHT = 20
const EDGE = 2

export function Sparkline({ counts }: { counts: readonly number[] }) {
  const most = Math.max(1, ...counts)
  const step = (WIDTH - 2 * EDGE) / (counts.length - 1)
  const points = counts.map((count, index) => {
    const y = HEIGHT - EDGE - (count / most) * (HEIGHT - 2 * EDGE)
    return `${(EDGE + index * step).toFixed(1)},${y.toFixed(1)}`
  })
  const sum = counts.reduce((total, count) => total + count, 0)
  return (
    <>
      <svg class="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
        <polyline points={points.join(' ')} />
      </svg>
      <span class="visually-hidden">{`, ${sum} in the last ${counts.length} days`}</span>
    </>
  )
}
