/**
 * Shlink's REST interface, version 3, on `/rest/v3/`: enough for its SDK and its web client.
 *
 * Keys come in `X-Api-Key` and are ours. `/rest/health` says which version of Shlink this is like, because clients
 * offer by it what the server can: 5.0 is the last that has nothing in it that links here do not have.
 */
import type { FastifyInstance } from 'fastify'
import { presentedKey } from '../../api/authentication.ts'
import type { ForeignContext } from '../foreign-context.ts'
import { foreignScope } from '../foreign-scope.ts'
import { domainRoutes } from './domain.ts'
import { redirectRuleRoutes } from './redirect-rule-routes.ts'
import { MERCURE_NOT_CONFIGURED, sendShlinkError, sendShlinkProblem } from './shlink-problem.ts'
import { shortUrlRoutes } from './short-url-routes.ts'
import { tagRoutes } from './tag-routes.ts'
import { visitRoutes } from './visit-routes.ts'

const VERSION_LIKE = '5.0.0'
const HEALTH_PATHS = ['/rest/health', '/rest/v3/health']

export function shlinkInterface(app: FastifyInstance, context: ForeignContext): void {
  foreignScope(app, context, {
    sendError: sendShlinkError(context.errors),
    keyOf: ({ headers }) => presentedKey(headers),
    keyIsIn: 'headers',
    open: new Set(HEALTH_PATHS),
  })
  for (const path of HEALTH_PATHS) healthRoute(app, path, context)
  app.get('/rest/v3/mercure-info', (_request, reply) =>
    sendShlinkProblem(reply, MERCURE_NOT_CONFIGURED),
  )
  shortUrlRoutes(app, context)
  redirectRuleRoutes(app, context)
  visitRoutes(app, context)
  tagRoutes(app, context)
  domainRoutes(app, context)
}

function healthRoute(app: FastifyInstance, path: string, { status }: ForeignContext): void {
  app.get(path, (_request, reply) => {
    const isReady = status().ready
    return reply
      .code(isReady ? 200 : 503)
      .type('application/health+json')
      .send(JSON.stringify({ status: isReady ? 'pass' : 'fail', version: VERSION_LIKE, links: {} }))
  })
}
