/**
 * Where a link is under the HTTP interface, or something of it: its code in the path, its domain in the query.
 *
 * Used by every command that asks for one link. Without a domain it is the default one.
 */

/** @param below what follows in the path, with its slash */
export function linkPath(
  code: string,
  domain?: string,
  { below = '', query = {} }: { below?: string; query?: Record<string, string> } = {},
): string {
  const asked = new URLSearchParams({ ...(domain === undefined ? {} : { domain }), ...query })
  const path = `/api/links/${encodeURIComponent(code)}${below}`
  return asked.size === 0 ? path : `${path}?${asked.toString()}`
}
