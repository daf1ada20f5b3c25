/**
 * Everything in the API that is about clicks, and about tags.
 */
import type { FastifyInstance } from 'fastify'
import { remoteDesks } from '../../clicks/hooks/hook-desks.ts'
import { TinygridError } from '../../links/errors.ts'
import type { ApiContext } from '../api/api-context.ts'
import { deletionRoutes } from './deletion-routes.ts'
import { eventsRoute, type EventsOptions } from './events-route.ts'
import { reportRoutes } from './report-routes.ts'
import { statsRoutes } from './stats-routes.ts'
import { TaggedCodes } from './tagged-codes.ts'
import { tagsRoute } from './tags-route.ts'
import { visitsRoutes } from './visits-routes.ts'
import { webhookRoutes } from './webhook-routes.ts'

/** Where no analytics process runs them. */
const NO_DESKS = remoteDesks(() => Promise.reject(new TinygridError('analytics_unavailable')))

export function clickRoutes(app: FastifyInstance, api: ApiContext, live: EventsOptions): void {
  const context = { ...api, tagged: new TaggedCodes(api.directory, api.now) }
  statsRoutes(app, context)
  visitsRoutes(app, context)
  deletionRoutes(app, context)
  eventsRoute(app, live, context.tagged)
  tagsRoute(app, context)
  const desks = api.desks ?? NO_DESKS
  webhookRoutes(app, desks.webhooks, api.audit)
  reportRoutes(app, desks.reports, api)
}
