/**
 * Codes that are never given: the service's own addresses, now and likely later.
 *
 * Used when codes are generated and when aliases are checked. Compared without regard to case, so
 * that no link looks like a page of the service.
 */

const RESERVED_WORDS = `
  about account admin administrator api app assets auth blog bulk cluster contact
  dashboard docs events export favicon graphql health healthz help home imprint index
  import legal link links livez login logout manifest metrics oauth openapi pages preview
  privacy public ready readyz register robots root search security settings signin signup
  sitemap static stats status support swagger system terms tinygrid user users visits
  well-known www __proto__ constructor prototype
`

const RESERVED: ReadonlySet<string> = new Set(RESERVED_WORDS.trim().split(/\s+/))

export function isReserved(code: string): boolean {
  return RESERVED.has(code.toLowerCase())
}
