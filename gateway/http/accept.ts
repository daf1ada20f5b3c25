/**
 * Whether a client would rather have an error as data than as a page, by its Accept header.
 *
 * Used for the addresses that people open: short links and previews. A browser names `text/html`, a
 * program `application/json` or `application/problem+json`; who names neither or both alike gets
 * the page.
 */

const PAGE_TYPES = ['text/html', 'text/*', '*/*']
const DATA_TYPES = ['application/problem+json', 'application/json', 'application/*', '*/*']

export function prefersData(accept: string | undefined): boolean {
  if (accept === undefined) return false
  const weights = weightsOf(accept)
  return weightOf(DATA_TYPES, weights) > weightOf(PAGE_TYPES, weights)
}

/** The weight (q, 0 to 1) of each media range. */
function weightsOf(accept: string): Map<string, number> {
  const ranges = accept.toLowerCase().split(',')
  return new Map(
    ranges.map((range) => {
      const [type = '', ...parameters] = range.split(';').map((part) => part.trim())
      const q = parameters.find((parameter) => parameter.startsWith('q='))
      return [type, q === undefined ? 1 : Number(q.slice(2)) || 0]
    }),
  )
}

function weightOf(types: readonly string[], weights: ReadonlyMap<string, number>): number {
  return Math.max(0, ...types.map((type) => weights.get(type) ?? 0))
}
