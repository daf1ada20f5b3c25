/** A node alone that sends traces and metrics, and one that sends none. */
import test, { type ExecutionContext } from 'ava'
import { until } from './deadline.ts'
import { OtlpReceiver, type ReceivedPoint } from './otlp-receiver.ts'
import { Program, temporaryDirectory } from './program.ts'

const PATIENCE_MS = 60_000
const TRACE = '0af7651916cd43dd8448eb211c80319c'
const CALLER = 'b7ad6b7169203331'
const SECRET = 'a-secret-of-the-target'
/** Says on standard error which modules of OpenTelemetry are loaded. */
const WATCH = `import { registerHooks } from 'node:module'
registerHooks({ resolve(name, context, next) {
  if (name.startsWith('@opentelemetry/')) process.stderr.write('loaded ' + name + '\\n')
  return next(name, context)
} })`
const WATCHED = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(WATCH)}` }

async function startNode(t: ExecutionContext, env: object) {
  const program = await Program.start({
    dataDir: temporaryDirectory(t),
    env: { ...WATCHED, ...env },
  })
  t.teardown(() => program.kill())
  const make = async (path: string) => {
    const answer = await program.create({ url: `https://example.com/${path}` })
    return ((await answer.json()) as { code: string }).code
  }
  const visit = async (code: string, flags: string, parent = CALLER) => {
    const answer = await fetch(`${program.url}/${code}`, {
      redirect: 'manual',
      headers: { traceparent: `00-${TRACE}-${parent}-${flags}` },
    })
    await answer.arrayBuffer()
    return answer.status
  }
  return { program, make, visit }
}

test('nothing of OpenTelemetry is loaded where nothing asks for it', async (t) => {
  const { program, make, visit } = await startNode(t, {
    OTEL_SERVICE_NAME: 'shortener',
    OTEL_TRACES_EXPORTER: 'none',
  })
  t.is(await visit(await make('quiet'), '01'), 302)
  await program.stop()
  // But for its interface, which prom-client loads by itself, and which does nothing.
  t.notRegex(program.output, /loaded @opentelemetry\/(?!api\n)/)
})

test('spans and metrics of a node are sent, with what they are to tell and nothing else', async (t) => {
  t.timeout(4 * PATIENCE_MS)
  const receiver = await OtlpReceiver.start()
  t.teardown(() => receiver.close())
  const { program, make, visit } = await startNode(t, {
    ...receiver.env,
    OTEL_SERVICE_NAME: 'shortener',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=me',
    TINYGRID_ROLES: 'gateway,actors,analytics',
  })
  t.regex(program.output, /loaded @opentelemetry\/sdk-trace/)
  const code = await make(SECRET)
  t.is(await visit(code, '01'), 302)
  // The client does not trace this one.
  t.is(await visit(code, '00', '00f067aa0ba902b7'), 302)
  const { spans } = receiver
  const named = (name: string) => spans.filter((span) => span.name === name)
  await until('all spans have come', PATIENCE_MS, () =>
    [
      'POST /api/links',
      'log.append',
      'GET /:code',
      'store.flush',
      'clicks.append',
      'analytics.batch',
    ].every((name) => named(name).length > 0),
  )
  const [created] = named('POST /api/links')
  t.is(created!.parentSpanId ?? '', '')
  t.is(created!.attributes['http.response.status_code'], 201)
  t.is(created!.resource['service.name'], 'shortener')
  t.is(created!.resource['deployment.environment.name'], 'test')
  const [append] = named('log.append')
  t.is(append!.parentSpanId, created!.spanId)
  t.is(append!.traceId, created!.traceId)
  const [redirect] = named('GET /:code')
  t.like(redirect, { traceId: TRACE, parentSpanId: CALLER, kind: 2 })
  t.is(redirect!.attributes['http.response.status_code'], 302)
  t.is(receiver.requests[0]!.headers['x-tenant'], 'me')

  const seen = receiver.collections
  await until('metrics have come since', PATIENCE_MS, () => receiver.collections > seen + 1)
  const told = await (await fetch(`${program.url}/metrics`)).text()
  const valueOf = (series: string) => Number(told.split(`\n${series} `)[1]?.split('\n')[0])
  const point = (name: string, labels: object): ReceivedPoint | undefined =>
    receiver.metrics.get(name)!.find(({ attributes }) => {
      return Object.entries(labels).every(([label, value]) => attributes[label] === value)
    })
  t.is(point('tinygrid_links_in_memory', {})?.asDouble, valueOf('tinygrid_links_in_memory'))
  t.is(point('tinygrid_log_appends_total', {})?.asDouble, valueOf('tinygrid_log_appends_total'))
  const labels = 'method="POST",route="/api/links",status="2xx"'
  const name = 'tinygrid_http_request_duration_seconds'
  const times = point(name, { method: 'POST', route: '/api/links' })!
  t.is(Number(times.count), valueOf(`${name}_count{${labels}}`))
  t.is(times.sum, valueOf(`${name}_sum{${labels}}`))
  t.is(
    times.bucketCounts!.map(Number).reduce((a, b) => a + b, 0),
    1,
  )
  t.is(times.explicitBounds!.length + 1, times.bucketCounts!.length)

  await program.stop()
  t.is(named('GET /:code').length, 1)
  const sent = receiver.requests.map(({ body }) => body).join('\n')
  for (const secret of [SECRET, 'test-key-0123456789', `"${code}"`]) t.false(sent.includes(secret))
})

test('nothing is sampled at 0, and a collector that hangs is nobody’s business', async (t) => {
  t.timeout(4 * PATIENCE_MS)
  const receiver = await OtlpReceiver.start()
  t.teardown(() => receiver.close())
  receiver.hang()
  const [off, on] = await Promise.all([
    startNode(t, {
      ...receiver.env,
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_TRACES_SAMPLER: 'traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0',
    }),
    startNode(t, { ...receiver.env, OTEL_RESOURCE_ATTRIBUTES: 'hangs=true' }),
  ])
  for (const { make, visit, program } of [off, on]) {
    const code = await make('any')
    for (let visits = 0; visits < 50; visits++) t.is(await visit(code, '01'), 302)
    t.is((await program.api(`/api/links/${code}`)).status, 200)
  }
  await until('it has something to hang with', PATIENCE_MS, () => receiver.spans.length > 0)
  t.is(await off.program.stop(), 0)
  // What cannot be sent is given up with the stop.
  t.is(await on.program.stop(), 0)
  t.deepEqual(
    receiver.spans.filter(({ resource }) => resource['hangs'] !== 'true'),
    [],
  )
})
