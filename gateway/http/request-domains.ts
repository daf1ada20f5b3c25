/**
 * The domain that a request is for, by its Host: the edge at which a plain code becomes a full one.
 *
 * Used by the routes of visitors and by the fast path, which alone see a code without its domain. A host that
 * is none of the further domains is the default one, as it is for a service with one domain. That service
 * has none of this, so it costs it nothing. Where a proxy is trusted its X-Forwarded-Host counts, the last of
 * several, as Fastify has it; the port does not, nor case. Pure.
 */
import type { IncomingMessage } from 'node:http'
import { DOMAIN_LENGTH_MAX, fullCode, prefixOf, type Domain } from '../../links/full-code.ts'
import type { Code, PlainCode } from '../../links/ids.ts'

const HOST = 'host'
const FORWARDED_HOST = 'x-forwarded-host'
const ABSOLUTE = /^https?:\/\/([^/?]*)/i
/** A name, the dot at its end, a port. */
const HOST_LENGTH_MAX = DOMAIN_LENGTH_MAX + 8

export class RequestDomains {
  readonly #byHost: ReadonlyMap<string, Domain>
  readonly #trustProxy: boolean

  /** @param domains the further ones; at least one */
  constructor(domains: readonly Domain[], trustProxy: boolean) {
    this.#byHost = new Map(domains.map((domain) => [domain, domain]))
    this.#trustProxy = trustProxy
  }

  /** The full code of a plain one that stands in the target of a request. */
  fullCode(code: PlainCode, request: Pick<IncomingMessage, 'url' | 'rawHeaders'>): Code {
    return fullCode(this.of(request), code)
  }

  /** null: the default one. */
  of({ url, rawHeaders }: Pick<IncomingMessage, 'url' | 'rawHeaders'>): Domain | null {
    // RFC 9112, 3.2.2: what an absolute target names counts instead of the Host.
    const named = url!.startsWith('/') ? undefined : ABSOLUTE.exec(url!)?.[1]
    return this.#named(this.#hostIn(rawHeaders, named))
  }

  /** What stands before the plain codes of requests with this head, which begins behind the target. */
  prefixOfHead(head: string): string {
    const headers = head
      .split('\r\n')
      .slice(1)
      .flatMap((line) => {
        const colon = line.indexOf(':')
        return colon < 0 ? [] : [line.slice(0, colon), line.slice(colon + 1).trim()]
      })
    return prefixOf(this.#named(this.#hostIn(headers)))
  }

  #hostIn(headers: readonly string[], named?: string): string {
    let host = named
    let forwarded = ''
    for (let at = 0; at < headers.length; at += 2) {
      const name = headers[at]!
      if (name.length === HOST.length) {
        if (name.toLowerCase() === HOST) host ??= headers[at + 1]!
      } else if (this.#trustProxy && name.length === FORWARDED_HOST.length) {
        if (name.toLowerCase() === FORWARDED_HOST) forwarded = headers[at + 1]!
      }
    }
    if (forwarded === '') return host ?? ''
    return forwarded.slice(forwarded.lastIndexOf(',') + 1).trim()
  }

  #named(host: string): Domain | null {
    const known = this.#byHost.get(host)
    if (known !== undefined) return known
    if (host.length > HOST_LENGTH_MAX) return null
    const name = host.replace(/:\d{0,5}$/, '').replace(/\.$/, '')
    return this.#byHost.get(name.toLowerCase()) ?? null
  }
}

/** undefined: there is the default domain alone. */
export function requestDomainsOf(
  domains: readonly { readonly name: Domain }[],
  trustProxy: boolean,
): RequestDomains | undefined {
  if (domains.length === 0) return undefined
  return new RequestDomains(
    domains.map(({ name }) => name),
    trustProxy,
  )
}
