/**
 * One line per API call that changes a link, and the time of every call in the metrics.
 *
 * No keys, no bodies, no query strings; JSON escapes what a client may have put into the path.
 * Creates are logged at debug level: there may be ten thousand a second, and each link knows when
 * it was made.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { pathOfTarget } from './request-target.ts'
import type { RequestTimes } from './request-times.ts'

const CREATE_ROUTES = new Set<string | undefined>(['/api/links', '/api/links/bulk'])

export function accessLog(logger: Logger, times: RequestTimes) {
  return (request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    const { method, routeOptions, ip } = request
    const { statusCode: status, elapsedTime } = reply
    times.observe(elapsedTime, method, routeOptions.url ?? '', status)
    if (method !== 'GET' && method !== 'HEAD') {
      const level = CREATE_ROUTES.has(routeOptions.url) ? 'debug' : 'info'
      if (logger.isLevelEnabled(level)) {
        const path = pathOfTarget(request.raw.url!)
        logger[level]({ method, path, status, ms: Math.round(elapsedTime), ip }, 'api')
      }
    }
    done()
  }
}
