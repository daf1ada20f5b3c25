/**
 * What sends spans and metrics, by protocol; only the one that is asked for is loaded.
 *
 * Where to, and with which headers, certificates, compression and time-out, they read from
 * `OTEL_EXPORTER_OTLP_*` themselves.
 */
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics'
import type { SpanExporter } from '@opentelemetry/sdk-trace'
import type { Protocol } from './telemetry-settings.ts'

/** Requests that may wait for an answer; one more is given up with what it has. */
const OPTIONS = { concurrencyLimit: 2 }

export async function traceExporter(protocol: Protocol): Promise<SpanExporter> {
  const { OTLPTraceExporter } =
    protocol === 'http/json'
      ? await import('@opentelemetry/exporter-trace-otlp-http')
      : await import('@opentelemetry/exporter-trace-otlp-proto')
  return new OTLPTraceExporter(OPTIONS)
}

export async function metricExporter(protocol: Protocol): Promise<PushMetricExporter> {
  const { OTLPMetricExporter } =
    protocol === 'http/json'
      ? await import('@opentelemetry/exporter-metrics-otlp-http')
      : await import('@opentelemetry/exporter-metrics-otlp-proto')
  return new OTLPMetricExporter(OPTIONS)
}
