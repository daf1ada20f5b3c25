/**
 * Where a link is under the HTTP interface: its code in the path, its domain in the query.
 *
 * Used by every command that asks for one link. Without a domain it is the default one.
 */

export function linkPath(code: string, domain?: string, more: Record<string, string> = {}): string {
  const query = new URLSearchParams({ ...(domain === undefined ? {} : { domain }), ...more })
  const path = `/api/links/${encodeURIComponent(code)}`
  return query.size === 0 ? path : `${path}?${query.toString()}`
}
