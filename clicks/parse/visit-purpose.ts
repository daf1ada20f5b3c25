/**
 * The headers by which a browser says that nobody has followed a link yet: it only prepares for it.
 *
 * Used by the click parser, which counts such visits apart, and by the redirect route, which lets none of
 * them use up a visit. Chrome sends Sec-Purpose or Purpose, Firefox X-Moz before Sec-Purpose, Safari
 * X-Purpose for its pictures of pages.
 */
export const PURPOSE_HEADERS = ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'] as const

const PREPARES = /prefetch|prerender|preview/i

/** @param purposes what these headers say, one after the other */
export function saysPrefetch(purposes: string): boolean {
  return PREPARES.test(purposes)
}
