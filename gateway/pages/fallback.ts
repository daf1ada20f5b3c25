/**
 * Where a visitor is sent whose code leads nowhere: where the link's maker wants him, or the operator, or
 * nowhere.
 *
 * Used by the redirect route for GET. Whatever stood in the way stays what it is for counters and clicks.
 * The operator's address is left out where it would be a loop, being the service's own, and for the
 * service's own words: `/docs` on a service without it is no code that anybody was given.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { TinygridError } from '../../links/errors.ts'
import type { Code } from '../../links/ids.ts'
import { isOwnAddress } from '../../links/own-address.ts'
import { isReserved } from '../../links/reserved-codes.ts'
import type { PublicAddress } from '../http/public-address.ts'
import { LinkIsOver } from './visitor-pages.ts'

export class Fallback {
  readonly #url: URL | undefined
  readonly #address: PublicAddress

  /** @param url undefined: the operator has no such page */
  constructor(url: string | undefined, address: PublicAddress) {
    this.#url = url === undefined ? undefined : new URL(url)
    this.#address = address
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
    if (obstacle instanceof LinkIsOver) return obstacle.url
    const url = this.#url
    if (url === undefined || !isNoLink(obstacle) || isReserved(code)) return undefined
    return isOwnAddress(url, this.#address.own(request)) ? undefined : url.href
  }
}

/** Rather than a failure of ours. */
function isNoLink(obstacle: unknown): boolean {
  return obstacle instanceof TinygridError && (obstacle.status === 404 || obstacle.status === 410)
}
