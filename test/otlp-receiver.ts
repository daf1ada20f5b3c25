/**
 * A collector of OpenTelemetry for tests: takes spans and metrics by HTTP on a loopback address.
 *
 * It understands JSON; of other bodies it keeps the text. It can be told to answer nothing, as one that hangs.
 */
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface ReceivedSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  /** undefined: it is a root. */
  readonly parentSpanId?: string
  /** As OTLP counts: 1 internal, 2 server, 3 client. */
  readonly kind: number
  /** 2: it failed. */
  readonly status: { readonly code?: number }
  readonly links: readonly { readonly spanId: string }[]
  readonly attributes: Attributes
  /** Of the node that sent it. */
  readonly resource: Attributes
}

export interface ReceivedPoint {
  readonly attributes: Attributes
  readonly asDouble?: number
  readonly count?: number
  readonly sum?: number
  readonly bucketCounts?: readonly number[]
  readonly explicitBounds?: readonly number[]
}

type Attributes = Readonly<Record<string, string | number | boolean>>

/** As OTLP writes attributes. */
type Written = readonly { key: string; value: Record<string, string | number | boolean> }[]
type Resourced = { resource: { attributes: Written } }
type WrittenSpan = Omit<ReceivedSpan, 'attributes' | 'resource'> & { attributes?: Written }
type WrittenPoint = Omit<ReceivedPoint, 'attributes'> & { attributes?: Written }
interface WrittenMetric {
  readonly name: string
  readonly sum?: { dataPoints: WrittenPoint[]; isMonotonic: boolean }
  readonly gauge?: { dataPoints: WrittenPoint[] }
  readonly histogram?: { dataPoints: WrittenPoint[] }
}
interface Body {
  readonly resourceSpans?: (Resourced & { scopeSpans: { spans: WrittenSpan[] }[] })[]
  readonly resourceMetrics?: (Resourced & { scopeMetrics: { metrics: WrittenMetric[] }[] })[]
}

export interface Received {
  readonly path: string
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

export class OtlpReceiver {
  readonly url: string
  readonly requests: Received[] = []
  readonly spans: ReceivedSpan[] = []
  /** By name, as they were sent last. */
  readonly metrics = new Map<string, readonly ReceivedPoint[]>()
  /** How often all metrics came. */
  collections = 0
  readonly #server: http.Server
  readonly #held: http.ServerResponse[] = []
  #isHanging = false

  private constructor(server: http.Server) {
    this.#server = server
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    server.on('request', (request: http.IncomingMessage, response: http.ServerResponse) => {
      void this.#take(request, response)
    })
  }

  static async start(): Promise<OtlpReceiver> {
    const server = http.createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new OtlpReceiver(server)
  }

  /** Settings of a program that is to send here, soon. */
  get env(): Readonly<Record<string, string>> {
    return {
      OTEL_EXPORTER_OTLP_ENDPOINT: this.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_BSP_SCHEDULE_DELAY: '200',
      OTEL_METRIC_EXPORT_INTERVAL: '500',
    }
  }

  /** Takes what comes from now on and does not answer. */
  hang(): void {
    this.#isHanging = true
  }

  /** Answers what waits for it, and all that comes. */
  goOn(): void {
    this.#isHanging = false
    for (const response of this.#held.splice(0)) response.end('{}')
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #take(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const body = await text(request)
    const { url: path = '', headers } = request
    this.requests.push({ path, headers, body })
    if (headers['content-type']?.includes('json') === true) this.#read(JSON.parse(body) as Body)
    if (this.#isHanging) this.#held.push(response)
    else response.end('{}')
  }

  #read({ resourceSpans = [], resourceMetrics = [] }: Body): void {
    for (const { resource, scopeSpans } of resourceSpans) {
      const of = attributesOf(resource.attributes)
      for (const span of scopeSpans.flatMap(({ spans }) => spans)) {
        this.spans.push({ ...span, attributes: attributesOf(span.attributes), resource: of })
      }
    }
    for (const { name, sum, gauge, histogram } of resourceMetrics.flatMap(metricsOf)) {
      const { dataPoints } = (sum ?? gauge ?? histogram)!
      this.metrics.set(name, dataPoints.map(pointOf))
    }
    if (resourceMetrics.length > 0) this.collections++
  }
}

function metricsOf({ scopeMetrics }: { scopeMetrics: { metrics: WrittenMetric[] }[] }) {
  return scopeMetrics.flatMap(({ metrics }) => metrics)
}

function pointOf(point: WrittenPoint): ReceivedPoint {
  return { ...point, attributes: attributesOf(point.attributes) }
}

function attributesOf(written: Written = []): Attributes {
  return Object.fromEntries(written.map(({ key, value }) => [key, Object.values(value)[0]!]))
}
