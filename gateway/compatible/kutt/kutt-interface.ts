/**
 * Kutt's REST interface, version 2, on `/api/v2/`: links, their statistics, the user, and health.
 *
 * Keys come in `X-API-KEY` and are ours. The user is the key: it has a name in the place of an address, and its
 * secret is not told again. Domains are settings here, so to add and remove them is refused. Not here are the pages
 * and calls of Kutt's administrators. Our own interface has no version in its addresses, so `/api/v2` was free.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { presentedKey } from '../../api/authentication.ts'
import { callerOf, domainsOfCaller, isWithin } from '../../api/caller.ts'
import type { ForeignContext } from '../foreign-context.ts'
import { foreignScope } from '../foreign-scope.ts'
import { sendKuttError } from './kutt-error.ts'
import { KuttIds } from './kutt-ids.ts'
import { kuttLinkRoutes } from './kutt-link-routes.ts'

const HEALTH_PATH = '/api/v2/health'
const DOMAINS_PATH = '/api/v2/domains'
/** Of domains: they are settings, of which no time is kept. */
const NO_TIME = new Date(0).toISOString()
/** Of the key of the settings, which has no name. */
const NAME_OF_FIRST_KEY = 'admin'

export function kuttInterface(app: FastifyInstance, context: ForeignContext): void {
  foreignScope(app, context, {
    sendError: sendKuttError(context.errors),
    keyOf: ({ headers }) => presentedKey(headers),
    keyIsIn: 'headers',
    open: new Set([HEALTH_PATH]),
  })
  const ids = new KuttIds(context.domains.names)
  app.get(HEALTH_PATH, (_request, reply) => {
    if (!context.status().ready) return reply.code(503).send({ error: 'The server is not ready' })
    return reply.type('text/html; charset=utf-8').send('OK')
  })
  kuttLinkRoutes(app, context, ids)
  app.get('/api/v2/users', (request, reply) => {
    const email = callerOf(request)?.key?.name ?? NAME_OF_FIRST_KEY
    return reply.send({ apikey: '', email, domains: domainsOf(context, request, ids) })
  })
  app.post(DOMAINS_PATH, refuseDomains)
  app.delete(`${DOMAINS_PATH}/:id`, refuseDomains)
}

/** Those beside the default one that the key has to do with; its clients show `homepage` as their name. */
function domainsOf({ settings }: ForeignContext, request: FastifyRequest, ids: KuttIds): object[] {
  const within = domainsOfCaller(request)
  return settings.domains
    .filter(({ name }) => isWithin(within, name))
    .map(({ name }) => ({
      id: ids.idOfDomain(name),
      address: name,
      banned: false,
      homepage: name,
      created_at: NO_TIME,
      updated_at: NO_TIME,
    }))
}

function refuseDomains(_request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const error = 'Domains are a setting of the service: TINYGRID_DOMAINS'
  return reply.code(501).send({ error })
}
