/**
 * Refuses a request that names its host twice: 400, as RFC 9112 (3.2) asks.
 *
 * A hook of every route. Node keeps the first of two Host lines and a proxy in front may go by the
 * last, so that the two would disagree about whom the request is for. A request without a Host is
 * refused by Node itself.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { TinygridError } from '../../links/errors.ts'

export function refuseTwoHosts(
  { raw: { rawHeaders } }: FastifyRequest,
  _reply: FastifyReply,
  done: (error?: Error) => void,
): void {
  let hosts = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (rawHeaders[at]!.toLowerCase() === 'host') hosts++
  }
  if (hosts < 2) return done()
  done(new TinygridError('bad_request', { detail: 'The request has more than one Host header' }))
}
