/**
 * Everything in the API that is about clicks, and about tags.
 */
import type { FastifyInstance } from 'fastify'
import type { ApiContext } from '../api/api-context.ts'
import { eventsRoute, type EventsOptions } from './events-route.ts'
import { statsRoutes } from './stats-routes.ts'
import { TaggedCodes } from './tagged-codes.ts'
import { tagsRoute } from './tags-route.ts'
import { visitsRoutes } from './visits-routes.ts'

export function clickRoutes(app: FastifyInstance, api: ApiContext, live: EventsOptions): void {
  const context = { ...api, tagged: new TaggedCodes(api.directory, api.now) }
  statsRoutes(app, context)
  visitsRoutes(app, context)
  eventsRoute(app, live)
  tagsRoute(app, context)
}
