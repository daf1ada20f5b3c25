import test from 'ava'
import { readTelemetry } from './telemetry-settings.ts'

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }

function read(env: Record<string, string>) {
  const warnings: string[] = []
  const settings = readTelemetry(env, (what) => warnings.push(what))
  return { settings, warnings }
}

for (const [what, env] of [
  ['nothing is set', {}],
  ['names are set alone', { OTEL_SERVICE_NAME: 'a', OTEL_TRACES_SAMPLER: 'always_on' }],
  ['what is set is empty', { OTEL_EXPORTER_OTLP_ENDPOINT: ' ', OTEL_TRACES_EXPORTER: '' }],
  ['the SDK is disabled', { ...ENDPOINT, OTEL_SDK_DISABLED: 'true' }],
  [
    'no exporter is wanted',
    { ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none' },
  ],
] as const) {
  test(`nothing is sent where ${what}`, (t) => {
    t.deepEqual(read(env), { settings: undefined, warnings: [] })
  })
}

test('an endpoint is enough for both signals, with the standard’s defaults', (t) => {
  t.deepEqual(read(ENDPOINT).settings, {
    traces: {
      protocol: 'http/protobuf',
      sampler: 'parentbased_always_on',
      ratio: 1,
      scheduleDelayMs: 5_000,
      exportTimeoutMs: 30_000,
      queueMax: 2_048,
      batchMax: 512,
    },
    metrics: { protocol: 'http/protobuf', intervalMs: 60_000, timeoutMs: 30_000 },
  })
})

test('each signal can be sent by itself', (t) => {
  const traces = read({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces' })
  t.is(traces.settings?.metrics, undefined)
  t.truthy(traces.settings?.traces)
  const metrics = read({ OTEL_METRICS_EXPORTER: 'otlp' })
  t.is(metrics.settings?.traces, undefined)
  t.truthy(metrics.settings?.metrics)
})

test('what is set for the signal goes before what is set for all', (t) => {
  const env = {
    ...ENDPOINT,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/protobuf',
    OTEL_TRACES_SAMPLER: 'traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0.25',
    OTEL_BSP_MAX_QUEUE_SIZE: '100',
    OTEL_METRIC_EXPORT_INTERVAL: '1000',
  }
  const { settings, warnings } = read(env)
  t.like(settings?.traces, {
    protocol: 'http/json',
    sampler: 'traceidratio',
    ratio: 0.25,
    queueMax: 100,
    batchMax: 100,
  })
  t.deepEqual(settings?.metrics, { protocol: 'http/protobuf', intervalMs: 1_000, timeoutMs: 1_000 })
  t.deepEqual(warnings, [])
})

test('what cannot be understood is told, and stops no start', (t) => {
  const { settings, warnings } = read({
    ...ENDPOINT,
    OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'grpc',
    OTEL_TRACES_SAMPLER: 'sometimes',
    OTEL_TRACES_SAMPLER_ARG: '2',
    OTEL_BSP_MAX_QUEUE_SIZE: '-1',
    OTEL_BSP_SCHEDULE_DELAY: 'soon',
  })
  t.is(settings?.metrics, undefined)
  t.like(settings?.traces, {
    sampler: 'parentbased_always_on',
    ratio: 1,
    queueMax: 2_048,
    scheduleDelayMs: 5_000,
  })
  t.is(warnings.length, 5)
  t.is(read({ OTEL_TRACES_EXPORTER: 'zipkin' }).warnings.length, 1)
})
