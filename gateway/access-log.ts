/**
 * One line per API call that changes something, and its time in the metrics.
 *
 * No keys, no bodies, no query strings; JSON escapes what a client may have put into the path.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { pathOf } from './error-reply.ts'
import type { RequestTimes } from './request-times.ts'

export function accessLog(logger: Logger, times: RequestTimes) {
  return (request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    const { method } = request
    const ms = reply.elapsedTime
    const route = request.routeOptions.url ?? 'unknown'
    times.observe(ms, method, route, reply.statusCode)
    if (method !== 'GET' && method !== 'HEAD') {
      const line = { method, path: pathOf(request), status: reply.statusCode, ms: Math.round(ms) }
      logger.info({ ...line, ip: request.ip }, 'api')
    }
    done()
  }
}
