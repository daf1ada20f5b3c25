import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { until } from '../../test/deadline.ts'
import { OtlpReceiver } from '../../test/otlp-receiver.ts'
import { OpenTelemetry } from './open-telemetry.ts'
import { readTelemetry } from './telemetry-settings.ts'

const PATIENCE_MS = 60_000
const IDENTITY = { nodeId: 'a', version: '1' }
/** No program of a user listens there. */
const NOBODY = 'http://127.0.0.1:1'
const QUEUE_MAX = 100
const BATCH_MAX = 10

/** Exporters read where to send from the environment of the process. */
async function openTo(env: Record<string, string>) {
  Object.assign(process.env, env)
  const settings = readTelemetry(env, (what) => {
    throw new Error(what)
  })
  const complaints: string[] = []
  const opened = await OpenTelemetry.open(settings!, IDENTITY, (what) => complaints.push(what))
  return { opened, spans: opened.spans!, complaints }
}

/** Sends spans alone, to a collector that takes requests and answers none. */
async function openToHanging(t: ExecutionContext, env: Record<string, string> = {}) {
  const receiver = await OtlpReceiver.start()
  t.teardown(() => receiver.close())
  receiver.hang()
  const opened = await openTo({
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_METRICS_EXPORTER: 'none',
    ...env,
  })
  return { receiver, ...opened }
}

test.serial('while a collector hangs, no more spans are kept than the queue holds', async (t) => {
  const { receiver, opened, spans } = await openToHanging(t, {
    OTEL_BSP_SCHEDULE_DELAY: '10',
    OTEL_BSP_MAX_QUEUE_SIZE: String(QUEUE_MAX),
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: String(BATCH_MAX),
  })
  spans.begin('first', {})!.end()
  await until('the collector hangs', PATIENCE_MS, () => receiver.requests.length === 1)
  for (let made = 0; made < 20_000; made++) spans.begin('more', {})!.end()
  receiver.goOn()
  await opened.close(PATIENCE_MS)
  t.true(receiver.spans.length > BATCH_MAX)
  t.true(receiver.spans.length <= 1 + QUEUE_MAX + BATCH_MAX, String(receiver.spans.length))
})

test.serial('a stop waits for a collector as long as it may', async (t) => {
  const { opened, spans } = await openToHanging(t)
  spans.begin('last', {})!.end()
  const closed = opened.close(50).then(() => 'closed')
  t.is(await Promise.race([closed, sleep(PATIENCE_MS, 'late', { ref: false })]), 'closed')
})

test.serial('one that refuses, or is away, is complained of and nothing else', async (t) => {
  const { opened, spans, complaints } = await openTo({
    OTEL_EXPORTER_OTLP_ENDPOINT: NOBODY,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_EXPORTER_OTLP_TIMEOUT: '500',
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_BSP_SCHEDULE_DELAY: '10',
  })
  spans.begin('lost', {})!.end()
  await until('it is told', PATIENCE_MS, () => complaints.length > 0)
  await opened.close(PATIENCE_MS)
  t.true(complaints.every((what) => !what.includes('lost')))
})

test.serial('by default spans go as protobuf', async (t) => {
  const receiver = await OtlpReceiver.start()
  t.teardown(() => receiver.close())
  delete process.env['OTEL_EXPORTER_OTLP_PROTOCOL']
  const { opened, spans } = await openTo({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url })
  spans.begin('in-few-bytes', { attributes: { 'tinygrid.links': 3 } })!.end()
  opened.exportMetrics(async () => [])
  await opened.close(PATIENCE_MS)
  const traces = receiver.requests.find(({ path }) => path === '/v1/traces')
  t.is(traces!.headers['content-type'], 'application/x-protobuf')
  t.true(traces!.body.includes('in-few-bytes'))
})

test.serial('a sampled parent is followed, and one that is not, is not', async (t) => {
  const receiver = await OtlpReceiver.start()
  t.teardown(() => receiver.close())
  const { opened, spans } = await openTo({
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0',
  })
  const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331'
  t.is(spans.begin('root', {}), undefined)
  t.is(spans.begin('child', { parent: `${parent}-00` }), undefined)
  const child = spans.begin('child', { parent: `${parent}-01` })
  t.regex(child!.traceparent, /^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/)
  await opened.close(PATIENCE_MS)
})
