/**
 * How strong a colour is for a count, in seven steps: 0 is none.
 *
 * Used by the map and the heat map. By the square root, because a few countries have most clicks and
 * the rest would all look alike.
 */

export const LEVELS = 6

export function levelOf(count: number, most: number): number {
  if (count <= 0 || most <= 0) return 0
  return Math.max(1, Math.ceil(Math.sqrt(Math.min(1, count / most)) * LEVELS))
}
