/**
 * Codes that are never given: the few words under which the service's own addresses are, and those that
 * would harm somebody: which probes and crawlers ask for unasked, which look like a place to sign in, and
 * which mean something else to JavaScript.
 *
 * Used when codes are generated and when aliases are checked. Compared without regard to case, so that
 * no link looks like a page of the service. All routes are behind the words of the first line, and new ones
 * are to be put there: a word that is taken later would be taken from whoever has a link of that name, so
 * `blog`, `link` or `events` are free. Links that have such a code from elsewhere go on.
 */

const RESERVED_WORDS = `
  api assets docs health metrics

  healthz livez readyz health-check favicon robots sitemap openapi swagger well-known
  admin administrator login logout oauth register signin signup
  __proto__ constructor prototype
`

const RESERVED: ReadonlySet<string> = new Set(RESERVED_WORDS.trim().split(/\s+/))

export function isReserved(code: string): boolean {
  return RESERVED.has(code.toLowerCase())
}
