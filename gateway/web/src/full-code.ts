/**
 * A link's code with its domain before it, `go.example/spring`, or alone on the default domain.
 *
 * Used by the page wherever it goes by codes, since two domains may have the same one: what the service sends
 * apart `api.ts` puts together, and it is taken apart again where the service is asked. Statistics have it so anyway.
 */

interface Named {
  readonly code: string
  readonly domain?: string
}

export function fullCodeOf({ code, domain }: Named): string {
  return domain === undefined ? code : `${domain}/${code}`
}

/** @param below what follows in the path, with its slash */
export function linkPath(fullCode: string, below = '', query: Record<string, string> = {}): string {
  const slash = fullCode.indexOf('/')
  const domain = slash < 0 ? {} : { domain: fullCode.slice(0, slash) }
  const path = `/api/links/${encodeURIComponent(fullCode.slice(slash + 1))}${below}`
  const asked = new URLSearchParams({ ...domain, ...query })
  return asked.size === 0 ? path : `${path}?${asked}`
}

/** As people see it: `/spring`, `go.example/spring`. */
export function shownCode(fullCode: string): string {
  return fullCode.includes('/') ? fullCode : `/${fullCode}`
}
