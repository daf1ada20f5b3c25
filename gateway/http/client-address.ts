/**
 * The address of who sent a request, as limits count it and the log names it.
 *
 * Used by authentication and rate limits. Without a proxy it is the socket's. Behind one (only where
 * `TINYGRID_TRUST_PROXY` says so) it is what the nearest proxy put last into X-Forwarded-For: some
 * proxies write a port behind it, which changes with every connection, and is cut off. What is no
 * address (`unknown`, `_hidden`, junk) counts as the proxy itself, so that nobody gets an address of
 * his own by making one up.
 */
import type { FastifyRequest } from 'fastify'
import { parseAddress } from '../../links/ip-address.ts'

export function clientAddress(request: FastifyRequest): string {
  return parseAddress(request.ip) ?? request.raw.socket.remoteAddress ?? 'unknown'
}
