/**
 * The address of who sent a request, as limits count it and the log names it.
 *
 * Used by authentication and rate limits. Without a proxy it is the socket's. Behind one (only where
 * `TINYGRID_TRUST_PROXY` says so) it is what the nearest proxy put last into X-Forwarded-For: some
 * proxies write a port behind it, which changes with every connection, and is cut off. What is no
 * address (`unknown`, `_hidden`, junk) counts as the proxy itself, so that nobody gets an address of
 * his own by making one up.
 */
import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'
import { plainHost } from '../../links/own-address.ts'

export function clientAddress(request: FastifyRequest): string {
  return parseAddress(request.ip) ?? request.raw.socket.remoteAddress ?? 'unknown'
}

/** An address as proxies write it: `1.2.3.4`, `1.2.3.4:5`, `::1`, `[::1]`, `[::1]:5`, each maybe quoted. */
export function parseAddress(text: string): string | undefined {
  const plain = text.trim().replace(/^"(.*)"$/, '$1')
  const bracketed = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(plain)?.[1]
  const candidate = bracketed ?? /^([\d.]+):\d{1,5}$/.exec(plain)?.[1] ?? plain
  const family = isIP(candidate)
  if (family !== 6) return family === 4 ? candidate : undefined
  // One way to write each: without a zone, short, and IPv4 as such.
  return plainHost(new URL(`http://[${candidate.replace(/%.*$/, '')}]`)).replaceAll(/[[\]]/g, '')
}
