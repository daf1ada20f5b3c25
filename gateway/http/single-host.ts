/**
 * Refuses a request that names its host twice: 400, as RFC 9112 (3.2) asks.
 *
 * A hook of every route; the redirects that are answered before a route is found ask `hasTwoHosts`
 * themselves. Node keeps the first of two Host lines and a proxy in front may go by the last, so that the
 * two would disagree about whom the request is for. A request without a Host is refused by Node itself.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { TinygridError } from '../../links/errors.ts'

const HOST = 'host'

/** By its names alone: an object of all headers costs more than the rest of a redirect. */
export function hasTwoHosts(rawHeaders: readonly string[]): boolean {
  let hosts = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!
    if (name.length === HOST.length && name.toLowerCase() === HOST) hosts++
  }
  return hosts > 1
}

export function refuseTwoHosts(
  { raw: { rawHeaders } }: FastifyRequest,
  _reply: FastifyReply,
  done: (error?: Error) => void,
): void {
  if (!hasTwoHosts(rawHeaders)) return done()
  done(new TinygridError('bad_request', { detail: 'The request has more than one Host header' }))
}
