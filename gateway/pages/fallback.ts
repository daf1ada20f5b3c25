/**
 * Where a visitor is sent whose code leads nowhere: where the link's maker wants him, or the operator, or
 * nowhere.
 *
 * Used by the redirect route for GET. Whatever stood in the way stays what it is for counters and clicks.
 * Each domain may have an address of its own. The operator's address is left out where it would be a loop, being the service's own, and for the
 * service's own words: `/docs` on a service without it is no code that anybody was given.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { TinygridError } from '../../links/errors.ts'
import { domainOf, plainCodeOf, type Domain } from '../../links/full-code.ts'
import type { Code } from '../../links/ids.ts'
import { isOwnAddress } from '../../links/own-address.ts'
import { isReserved } from '../../links/reserved-codes.ts'
import type { GatewaySettings } from '../gateway-settings.ts'
import type { Blocking } from '../blocking/blocked-target.ts'
import type { PublicAddress } from '../http/public-address.ts'
import { LinkIsOver } from './visitor-pages.ts'

export class Fallback {
  /** By domain; none: the operator has no such page. */
  readonly #urls: ReadonlyMap<Domain | null, URL>
  readonly #address: PublicAddress
  readonly #blocked: Blocking['blocked']

  constructor(
    { fallbackUrl, domains }: Pick<GatewaySettings, 'fallbackUrl' | 'domains'>,
    address: PublicAddress,
    blocked: Blocking['blocked'],
  ) {
    const urls = new Map<Domain | null, URL>()
    if (fallbackUrl !== undefined) urls.set(null, new URL(fallbackUrl))
    for (const { name, fallbackUrl: url } of domains) if (url !== null) urls.set(name, new URL(url))
    this.#urls = urls
    this.#address = address
    this.#blocked = blocked
  }

  /** Sends the visitor there; false: nobody wants him anywhere. */
  send(request: FastifyRequest, reply: FastifyReply, code: Code, obstacle: unknown): boolean {
    if (request.method !== 'GET') return false
    const url = this.#urlFor(request, code, obstacle)
    if (url === undefined) return false
    void reply.code(302).headers({ location: url, 'cache-control': 'no-store' }).send()
    return true
  }

  #urlFor(request: FastifyRequest, code: Code, obstacle: unknown): string | undefined {
    const wanted = obstacle instanceof LinkIsOver ? obstacle.url : undefined
    if (wanted !== undefined) return this.#blocked.has(wanted) ? undefined : wanted
    const url = this.#urls.get(domainOf(code))
    if (url === undefined || !isNoLink(obstacle) || isReserved(plainCodeOf(code))) return undefined
    return isOwnAddress(url, this.#address.own(request)) ? undefined : url.href
  }
}

/** Rather than a failure of ours. */
function isNoLink(obstacle: unknown): boolean {
  return obstacle instanceof TinygridError && (obstacle.status === 404 || obstacle.status === 410)
}
