/**
 * The links that the measurements load and visit: a million URLs that follow from their number.
 *
 * A URL is 60 to 70 bytes long, as shared links are; the code that the server gave each is kept, so
 * that any visit can be checked against the address it must lead to.
 */

/** Visits go to this many of the links, spread over all of them. */
const VISITED_LINKS = 100_000

export function urlOfLink(index: number): string {
  return `https://www.example.com/articles/${index}/a-page-with-quite-a-long-title`
}

/** A URL that no other call gives: `salt` names the run. */
export function newUrl(salt: string, index: number): string {
  return `https://www.example.com/new/${salt}/${index}/a-page-with-a-title`
}

export interface VisitedLink {
  readonly code: string
  readonly url: string
}

/** Every n-th link, so that they lie all over the ring and the table. */
export function visitedLinks(codes: readonly string[]): VisitedLink[] {
  const count = Math.min(VISITED_LINKS, codes.length)
  const step = codes.length / count
  return Array.from({ length: count }, (_, i) => {
    const index = Math.floor(i * step)
    return { code: codes[index]!, url: urlOfLink(index) }
  })
}
