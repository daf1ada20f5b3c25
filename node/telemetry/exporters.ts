/**
 * What sends spans and metrics, by protocol; only the one that is asked for is loaded.
 *
 * Where to, and with which headers, certificates, compression and time-out, they read from
 * `OTEL_EXPORTER_OTLP_*` themselves.
 */
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics'
import type { SpanExporter } from '@opentelemetry/sdk-trace'
import type { Protocol, TraceSettings } from './telemetry-settings.ts'

/**
 * As many requests may wait for an answer as hold what is queued, since a stop sends all of it at once, and one
 * that hangs. One more is given up with what it has.
 */
export async function traceExporter({
  protocol,
  queueMax,
  batchMax,
}: TraceSettings): Promise<SpanExporter> {
  const { OTLPTraceExporter } =
    protocol === 'http/json'
      ? await import('@opentelemetry/exporter-trace-otlp-http')
      : await import('@opentelemetry/exporter-trace-otlp-proto')
  return new OTLPTraceExporter({ concurrencyLimit: 1 + Math.ceil(queueMax / batchMax) })
}

export async function metricExporter(protocol: Protocol): Promise<PushMetricExporter> {
  const { OTLPMetricExporter } =
    protocol === 'http/json'
      ? await import('@opentelemetry/exporter-metrics-otlp-http')
      : await import('@opentelemetry/exporter-metrics-otlp-proto')
  return new OTLPMetricExporter({ concurrencyLimit: 2 })
}
