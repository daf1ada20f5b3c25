/**
 * The domains that Shlink's interface knows, and the codes on them.
 *
 * They are those of the service (`foreign-domain.ts`). Links of the default one have the domain null, as in Shlink;
 * requests may name it `DEFAULT`, or by the address that they use.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { hasCode, TinygridError } from '../../../links/errors.ts'
import { fullCode, type Domain } from '../../../links/full-code.ts'
import { parseCode, type Code } from '../../../links/ids.ts'
import { codeWithin, domainsOfCaller, isWithin } from '../../api/caller.ts'
import type { ForeignContext } from '../foreign-context.ts'
import { defaultAuthority, domainOfRequest } from '../foreign-domain.ts'
import { notSupported, sendShlinkProblem } from './shlink-problem.ts'

/** The full code that path and query name. @throws TinygridError link_not_found; forbidden */
export function codeOfRequest(context: ForeignContext, request: FastifyRequest): Code {
  const code = parseCode((request.params as { code: string }).code)
  if (code === undefined) throw new TinygridError('link_not_found')
  const { domain } = request.query as { domain?: unknown }
  return codeWithin(request, fullCode(knownDomain(context, request, domain), code))
}

/** @throws TinygridError link_not_found */
function knownDomain(
  context: ForeignContext,
  request: FastifyRequest,
  given: unknown,
): Domain | null {
  try {
    return domainOfRequest(context, request, given)
  } catch (error) {
    throw hasCode(error, 'invalid_field') ? new TinygridError('link_not_found') : error
  }
}

export function domainRoutes(app: FastifyInstance, context: ForeignContext): void {
  const { settings } = context
  app.get('/rest/v3/domains', (request) => {
    const defaults = redirectsTo(settings.fallbackUrl ?? null)
    const within = domainsOfCaller(request)
    const further = settings.domains.filter(({ name }) => isWithin(within, name))
    const data = [
      { domain: defaultAuthority(context, request), isDefault: true, redirects: defaults },
      ...further.map(({ name, fallbackUrl }) => ({
        domain: name,
        isDefault: false,
        redirects: redirectsTo(fallbackUrl),
      })),
    ]
    return Promise.resolve({ domains: { data, defaultRedirects: defaults } })
  })
  app.patch('/rest/v3/domains/redirects', (_request, reply) => {
    const detail =
      'Where visitors of unknown codes are sent is a setting of the service: TINYGRID_FALLBACK_URL'
    return sendShlinkProblem(reply, notSupported(detail))
  })
}

/** The page at / is the service's own, and what is no code is a 404. */
function redirectsTo(invalidShortUrlRedirect: string | null): object {
  return { baseUrlRedirect: null, regular404Redirect: null, invalidShortUrlRedirect }
}
