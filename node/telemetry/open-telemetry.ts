/**
 * OpenTelemetry's SDK as the sink of our spans and the sender of our metrics.
 *
 * Loaded only where telemetry is asked for. What it guarantees: spans wait in one queue of a fixed length and
 * go in batches, one at a time; beyond it they are dropped. A collector that is away, slow or hostile
 * costs that queue, and a few requests with what they carry; nobody waits for it but a stop, for a bounded time.
 *
 * Spans are our own: nothing is instrumented by patching modules, no global tracer is set, and no context but
 * the mark of a request is followed. Sampling is decided before a span is made, as most are not.
 */
import {
  diag,
  DiagLogLevel,
  ROOT_CONTEXT,
  SpanKind as Kind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Context,
  type DiagLogger,
  type Link,
  type SpanContext,
  type Span,
  type Tracer,
} from '@opentelemetry/api'
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
  type Resource,
} from '@opentelemetry/resources'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import {
  BatchSpanProcessor,
  RandomIdGenerator,
  SamplingDecision,
  TracerProvider,
  type Sampler,
} from '@opentelemetry/sdk-trace'
import { pause, systemClock } from '../../links/clock.ts'
import { TinygridError } from '../../links/errors.ts'
import {
  parseTraceparent,
  type OpenSpan,
  type SpanAttributes,
  type SpanKind,
  type SpanOptions,
  type SpanSink,
} from '../../links/tracing.ts'
import { metricExporter, traceExporter } from './exporters.ts'
import { RegistryMetrics } from './registry-metrics.ts'
import { samplerOf } from './samplers.ts'
import type { ReadMetrics, Telemetry } from './telemetry.ts'
import type { MetricSettings, TelemetrySettings, TraceSettings } from './telemetry-settings.ts'

export interface Identity {
  readonly nodeId: string
  readonly version: string
}

const SCOPE = 'tinygrid'
const REASON_LENGTH_MAX = 300

export class OpenTelemetry implements Telemetry {
  readonly spans: SpanSink | undefined
  readonly #traces: TracerProvider | undefined
  readonly #metrics: MetricSettings | undefined
  readonly #identity: Identity
  readonly #resource: Resource
  #meters: MeterProvider | undefined
  readonly #exporter: Awaited<ReturnType<typeof metricExporter>> | undefined

  private constructor(
    { metrics }: TelemetrySettings,
    identity: Identity,
    resource: Resource,
    tracing: Tracing | undefined,
    exporter: Awaited<ReturnType<typeof metricExporter>> | undefined,
  ) {
    this.#metrics = metrics
    this.#identity = identity
    this.#resource = resource
    this.#traces = tracing?.provider
    this.spans = tracing?.spans
    this.#exporter = exporter
  }

  /** @param complain told why something could not be sent, however often */
  static async open(
    settings: TelemetrySettings,
    identity: Identity,
    complain: (reason: string) => void,
  ): Promise<OpenTelemetry> {
    diag.setLogger(complaining(complain), DiagLogLevel.WARN)
    const resource = resourceOf(identity)
    const { traces, metrics } = settings
    const tracing = traces && (await tracingOf(traces, identity, resource))
    const exporter = metrics && (await metricExporter(metrics.protocol))
    return new OpenTelemetry(settings, identity, resource, tracing, exporter)
  }

  exportMetrics(read: ReadMetrics): void {
    if (this.#metrics === undefined || this.#exporter === undefined) return
    const { intervalMs, timeoutMs } = this.#metrics
    const scope = { name: SCOPE, version: this.#identity.version }
    const reader = new PeriodicExportingMetricReader({
      exporter: this.#exporter,
      exportIntervalMillis: intervalMs,
      exportTimeoutMillis: timeoutMs,
      metricProducers: [new RegistryMetrics(read, scope, this.#resource)],
    })
    this.#meters = new MeterProvider({ resource: this.#resource, readers: [reader] })
  }

  async close(timeoutMs: number): Promise<void> {
    const sent = new AbortController()
    const sending = Promise.allSettled([this.#traces?.shutdown(), this.#meters?.shutdown()])
    await Promise.race([sending, pause(systemClock, timeoutMs, sent.signal)])
    sent.abort()
  }
}

interface Tracing {
  readonly provider: TracerProvider
  readonly spans: SpanSink
}

async function tracingOf(
  settings: TraceSettings,
  { version }: Identity,
  resource: Resource,
): Promise<Tracing> {
  const sampler = samplerOf(settings)
  const ids = new GivenIds()
  const provider = new TracerProvider({
    resource,
    sampler,
    idGenerator: ids,
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: await traceExporter(settings),
        maxQueueSize: settings.queueMax,
        maxExportBatchSize: settings.batchMax,
        scheduledDelayMillis: settings.scheduleDelayMs,
        exportTimeoutMillis: settings.exportTimeoutMs,
      }),
    ],
  })
  return { provider, spans: new Spans(provider.getTracer(SCOPE, version), sampler, ids) }
}

/** What the environment says of this service goes before what it is called without. */
function resourceOf({ nodeId, version }: Identity): Resource {
  const own = resourceFromAttributes({
    'service.name': 'tinygrid',
    'service.version': version,
    'service.instance.id': nodeId,
  })
  const detectors = [resourceAttributesEnvDetector, serviceNameEnvDetector]
  return defaultResource().merge(own).merge(detectResources({ detectors }))
}

/** Random ids, of which the next trace's can be told before it begins. */
class GivenIds extends RandomIdGenerator {
  next: string | undefined

  override generateTraceId = (): string => {
    const id = this.next ?? randomTraceId()
    this.next = undefined
    return id
  }
}

const random = new RandomIdGenerator()
const randomTraceId = (): string => random.generateTraceId()

const KINDS: Readonly<Record<SpanKind, Kind>> = {
  internal: Kind.INTERNAL,
  server: Kind.SERVER,
  client: Kind.CLIENT,
}

class Spans implements SpanSink {
  readonly #tracer: Tracer
  readonly #sampler: Sampler
  readonly #ids: GivenIds

  constructor(tracer: Tracer, sampler: Sampler, ids: GivenIds) {
    this.#tracer = tracer
    this.#sampler = sampler
    this.#ids = ids
  }

  begin(name: string, options: SpanOptions): OpenSpan | undefined {
    const { attributes = {}, startedAt, links } = options
    const kind = KINDS[options.kind ?? 'internal']
    const parent = contextOf(options.parent)
    const context = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent)
    const traceId = parent?.traceId ?? randomTraceId()
    if (!this.#isSampled(context, traceId, name, kind)) return undefined
    if (parent === undefined) this.#ids.next = traceId
    const given = { kind, attributes, links: linksOf(links) }
    const span = this.#tracer.startSpan(
      name,
      startedAt === undefined ? given : { ...given, startTime: startedAt },
      context,
    )
    return new SdkSpan(span)
  }

  #isSampled(context: Context, traceId: string, name: string, kind: Kind): boolean {
    const { decision } = this.#sampler.shouldSample(context, traceId, name, kind, {}, [])
    return decision === SamplingDecision.RECORD_AND_SAMPLED
  }
}

function contextOf(traceparent: string | undefined): SpanContext | undefined {
  const parent = traceparent === undefined ? undefined : parseTraceparent(traceparent)
  if (parent === undefined) return undefined
  const { traceId, spanId, isSampled } = parent
  const traceFlags = isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE
  return { traceId, spanId, traceFlags, isRemote: true }
}

function linksOf(links: readonly string[] = []): Link[] {
  return links.flatMap((link) => {
    const context = contextOf(link)
    return context === undefined ? [] : [{ context }]
  })
}

class SdkSpan implements OpenSpan {
  readonly traceparent: string
  readonly #span: Span

  constructor(span: Span) {
    const { traceId, spanId } = span.spanContext()
    this.traceparent = `00-${traceId}-${spanId}-01`
    this.#span = span
  }

  set(attributes: SpanAttributes): void {
    this.#span.setAttributes(attributes)
  }

  end(error?: unknown, endedAt?: number): void {
    if (error !== undefined) {
      // Not its message: it may tell of what was asked for.
      const type = error instanceof TinygridError ? error.code : nameOf(error)
      this.#span.setAttributes({ 'error.type': type })
      this.#span.setStatus({ code: SpanStatusCode.ERROR })
    }
    this.#span.end(endedAt)
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown'
}

const nothing = (): void => {}

function complaining(complain: (reason: string) => void): DiagLogger {
  const tell = (what: string, ...more: unknown[]) => {
    const [first] = more
    const detail = first instanceof Error ? `: ${first.message}` : ''
    complain(`${what}${detail}`.slice(0, REASON_LENGTH_MAX))
  }
  return { error: tell, warn: tell, info: nothing, debug: nothing, verbose: nothing }
}
