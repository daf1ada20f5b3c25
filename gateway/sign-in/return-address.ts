/**
 * Where a sign-in ends: on the page of the service, in one of its parts.
 *
 * The path is always `/`, since every other one may be a short link, by which anybody could send people elsewhere.
 */
export const RETURN_LENGTH_MAX = 512

const RETURN_PATTERN = /^\/(?:[?#][\x21-\x5b\x5d-\x7e]*)?$/

/** undefined: it is none. */
export function parseReturnAddress(text: string): string | undefined {
  return text.length <= RETURN_LENGTH_MAX && RETURN_PATTERN.test(text) ? text : undefined
}
