/**
 * The domain that a request of another interface names: the one place in which one is looked up.
 *
 * Domains are those of the service. The default one may be named by the address that the request uses.
 */
import type { FastifyRequest } from 'fastify'
import type { Domain } from '../../links/full-code.ts'
import { invalid } from '../stats/question-request.ts'
import type { ForeignContext } from './foreign-context.ts'

/** The address of the default domain: without a scheme, with a port that is not the usual one. */
export function defaultAuthority({ address }: ForeignContext, request: FastifyRequest): string {
  return address.own(request).base.host.toLowerCase()
}

/** null: the default one. @throws TinygridError invalid_field */
export function domainOfRequest(
  context: ForeignContext,
  request: FastifyRequest,
  given: unknown,
): Domain | null {
  if (given === undefined || given === null) return null
  if (typeof given !== 'string') throw invalid('domain', 'domain must be a text')
  if (given.toLowerCase() === defaultAuthority(context, request)) return null
  return context.domains.parse(given)
}
