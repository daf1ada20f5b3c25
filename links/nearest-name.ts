/**
 * Which name was probably meant: for settings, flags and commands that do not exist.
 *
 * The distance is that of Damerau and Levenshtein with neighbours swapped at most once (optimal string
 * alignment, https://en.wikipedia.org/wiki/Damerau%E2%80%93Levenshtein_distance).
 */

/** A name this far away, in parts of its length, is another name. */
const DISTANCE_SHARE_MAX = 0.4
/** Of a name that is compared: what is longer is no name. */
const LENGTH_MAX = 100

/** undefined: none is near. */
export function nearestName(given: string, known: Iterable<string>): string | undefined {
  let nearest: string | undefined
  let least = Math.max(1, Math.floor(given.length * DISTANCE_SHARE_MAX)) + 1
  if (given.length > LENGTH_MAX) return undefined
  for (const name of known) {
    const distance = distanceOf(given, name)
    if (distance >= least) continue
    least = distance
    nearest = name
  }
  return nearest
}

/** Ends a sentence about a name that does not exist. */
export function didYouMean(given: string, known: Iterable<string>): string {
  const nearest = nearestName(given, known)
  return nearest === undefined ? '' : `; did you mean ${nearest}?`
}

function distanceOf(a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1]
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const replaced = last[j - 1]! + (isSame ? 0 : 1)
      const swapped = isSwapped ? before[j - 2]! + 1 : Infinity
      row.push(Math.min(last[j]! + 1, row[j - 1]! + 1, replaced, swapped))
    }
    before = last
    last = row
  }
  return last[b.length]!
}
