/**
 * Everything under `/api`, with what all of it shares: the key, the security headers, the access
 * log, and no answer once the server stops.
 *
 * An encapsulated Fastify context, so that none of these hooks runs for a redirect.
 */
import assert from 'node:assert/strict'
import type { FastifyInstance, FastifySchema } from 'fastify'
import type { Logger } from 'pino'
import { TinygridError } from '../../links/errors.ts'
import type { ClusterStatus } from '../../cluster/observer/cluster-status.ts'
import type { ApiContext } from './api-context.ts'
import { authentication, type KeyCheck } from './authentication.ts'
import { auditRoutes } from '../audit/audit-routes.ts'
import { backupRoute } from './backup-route.ts'
import { blockedHostRoutes } from '../blocking/blocked-host-routes.ts'
import { bulkRoute } from './bulk-route.ts'
import { clusterRoute } from './cluster-route.ts'
import { domainsRoute } from './domains-route.ts'
import { drainRoutes, type DrainNode } from './drain-route.ts'
import { createRoute } from './create-route.ts'
import { linkRoutes } from './link-routes.ts'
import { problemReplies } from './api-replies.ts'
import { exportRoute } from './export-route.ts'
import { mayBeLeftOut, takeNoBody } from './json-body.ts'
import { keyRoutes } from './key-routes.ts'
import { listRoute } from './list-route.ts'
import { RateLimit } from './rate-limit.ts'
import { neededRole } from './route-roles.ts'
import { foldNamedCodes } from '../http/folded-codes.ts'
import { REQUEST_ID_HEADER } from '../http/request-ids.ts'
import { changeLog, type RequestTimes } from '../http/request-times.ts'
import { clickRoutes } from '../stats/click-routes.ts'
import type { EventsOptions } from '../stats/events-route.ts'
import { DATA_SECURITY_HEADERS } from '../http/security-headers.ts'
import type { Sessions } from '../sign-in/sessions.ts'

export interface ApiOptions {
  readonly context: ApiContext
  readonly keys: KeyCheck
  /** undefined: nobody signs in. */
  readonly sessions: Sessions | undefined
  readonly logger: Logger
  readonly times: RequestTimes
  readonly clusterStatus: () => Promise<ClusterStatus>
  readonly drainNode: DrainNode | undefined
  readonly live: EventsOptions
  readonly isClosing: () => boolean
}

const API_HEADERS = { ...DATA_SECURITY_HEADERS, 'cache-control': 'no-store' }
const KEYED = [{ apiKey: [] }, { bearer: [] }]
const KEYED_OR_SIGNED_IN = [...KEYED, { session: [] }]

export function api(app: FastifyInstance, options: ApiOptions): void {
  const { context, keys, sessions, logger, times, isClosing } = options
  const { settings, now } = context
  const limited = { addressesMax: settings.limitedAddressesMax, now }
  const authenticate = authentication({
    keys,
    sessions,
    publicCreate: settings.publicCreate,
    unkeyedCreates: new RateLimit({ max: settings.unkeyedCreatesPerMinuteMax, ...limited }),
  })
  const security = sessions === undefined ? KEYED : KEYED_OR_SIGNED_IN
  app.addHook('onRoute', (route) => {
    const methods = [route.method].flat()
    const role = neededRole(methods[0]!, route.url)
    assert(role !== undefined, `no role is said for ${methods.join()} ${route.url}`)
    const isNamed = route.url.includes(':')
    const always = problemReplies(403, 429, 431, ...(isNamed ? [414] : []))
    const response = { ...always, ...(route.schema?.response as object) }
    if (mayBeLeftOut(route.schema?.body)) route.preValidation = takeNoBody
    route.schema = { security, 'x-role': role, ...route.schema, response } as FastifySchema
  })
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(API_HEADERS).header(REQUEST_ID_HEADER, request.id)
    done(isClosing() ? new TinygridError('shutting_down') : undefined)
  })
  app.addHook('onRequest', authenticate)
  if (settings.codeCase === 'insensitive') {
    app.addHook('preHandler', (request, _reply, done) => {
      foldNamedCodes(request)
      done()
    })
  }
  app.addHook('onResponse', changeLog(logger, times))
  createRoute(app, context)
  bulkRoute(app, context)
  listRoute(app, context)
  exportRoute(app, context)
  backupRoute(app, context)
  domainsRoute(app, context)
  linkRoutes(app, context)
  clusterRoute(app, options.clusterStatus)
  drainRoutes(app, options.drainNode, context)
  keyRoutes(app, keys.ring.store, context)
  blockedHostRoutes(app, context.blocking, context)
  auditRoutes(app, { ...options.live, trail: context.audit.trail })
  clickRoutes(app, context, options.live)
}
