/**
 * The geometry of the ring: partitions as arcs, neighbours that look alike as one.
 *
 * Used by the picture of the ring. Pure. Turns are parts of a circle from 0 to 1, clockwise from the
 * top, so partition p of P spans p / P to (p + 1) / P.
 */

export interface Run<T> {
  readonly first: number
  /** Inclusive. */
  readonly last: number
  readonly value: T
}

/** Neighbours with the same value together; what has none is left out. */
export function runsOf<T>(values: readonly (T | undefined)[]): Run<T>[] {
  const runs: Run<T>[] = []
  for (const [index, value] of values.entries()) {
    if (value === undefined) continue
    const run = runs.at(-1)
    if (run !== undefined && run.value === value && run.last === index - 1) {
      runs[runs.length - 1] = { ...run, last: index }
    } else {
      runs.push({ first: index, last: index, value })
    }
  }
  return runs
}

/** The outline of a part of a ring around the origin, as the path of an SVG. */
export function arcPath(from: number, to: number, outer: number, inner: number): string {
  // An arc from a point to itself is none.
  if (to - from >= 1) {
    const half = from + 0.5
    return `${arcPath(from, half, outer, inner)}${arcPath(half, from + 1 - 1e-6, outer, inner)}`
  }
  const isLarge = to - from > 0.5 ? 1 : 0
  return [
    `M${pointAt(from, outer)}`,
    `A${outer} ${outer} 0 ${isLarge} 1 ${pointAt(to, outer)}`,
    `L${pointAt(to, inner)}`,
    `A${inner} ${inner} 0 ${isLarge} 0 ${pointAt(from, inner)}Z`,
  ].join('')
}

function pointAt(turn: number, radius: number): string {
  const angle = 2 * Math.PI * turn
  return `${round(radius * Math.sin(angle))} ${round(-radius * Math.cos(angle))}`
}

function round(value: number): number {
  return Math.round(value * 100) / 100 + 0
}
