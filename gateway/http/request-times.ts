/**
 * How long requests took, by route: the latency histogram of the metrics.
 *
 * Used by the API's hooks and, for redirects that had to wait, by the redirect route. Redirects from
 * memory are only counted: they take microseconds, of which measuring would be a good part.
 */
import { Histogram, type Registry } from 'prom-client'

const BUCKETS_SECONDS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
]

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
