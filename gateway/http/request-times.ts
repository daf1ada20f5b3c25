/**
 * What is written down of requests: how long they took, by route, in a histogram of the metrics; and
 * one line in the log for each API call that changes a link.
 *
 * Used by the API's hooks and, for redirects that had to wait, by the redirect route. Redirects from
 * memory are only counted: they take microseconds, of which measuring would be a good part.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { Histogram, type Registry } from 'prom-client'
import { pathOfTarget } from './request-target.ts'

const BUCKETS_SECONDS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
]

const CREATE_ROUTES = new Set<string | undefined>(['/api/links', '/api/links/bulk'])

/** Take as long as somebody listens, which is no time to answer. */
const STREAM_ROUTES = new Set<string | undefined>(['/api/events', '/api/audit/events'])

export class RequestTimes {
  readonly #histogram: Histogram<'method' | 'route' | 'status'>

  constructor(registry: Registry) {
    this.#histogram = new Histogram({
      name: 'tinygrid_http_request_duration_seconds',
      help: 'Time to answer, by route; of redirects only those not answered from memory',
      labelNames: ['method', 'route', 'status'],
      buckets: BUCKETS_SECONDS,
      registers: [registry],
    })
  }

  start(): number {
    return performance.now()
  }

  end(startedAt: number, method: string, route: string, status: number): void {
    this.observe(performance.now() - startedAt, method, route, status)
  }

  observe(ms: number, method: string, route: string, status: number): void {
    this.#histogram.observe({ method, route, status: `${Math.floor(status / 100)}xx` }, ms / 1000)
  }
}

/**
 * No keys, no bodies, no query strings; JSON escapes what a client may have put into the path.
 * Creates are logged at debug level: there may be ten thousand a second, and each link knows when
 * it was made.
 */
export function changeLog(logger: Logger, times: RequestTimes) {
  return (request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    const { method, routeOptions, ip } = request
    const { statusCode: status, elapsedTime } = reply
    const isStream = STREAM_ROUTES.has(routeOptions.url)
    if (!isStream) times.observe(elapsedTime, method, routeOptions.url ?? '', status)
    if (method !== 'GET' && method !== 'HEAD') {
      const level = CREATE_ROUTES.has(routeOptions.url) ? 'debug' : 'info'
      if (logger.isLevelEnabled(level)) {
        const path = pathOfTarget(request.raw.url!)
        const ms = Math.round(elapsedTime)
        logger[level]({ requestId: request.id, method, path, status, ms, ip }, 'api')
      }
    }
    done()
  }
}
