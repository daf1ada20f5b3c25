/** A trace through a cluster: a client's, over the node that is asked, to the one that owns the link. */
import { ClusterWorld } from './cluster-world.ts'
import { until } from './deadline.ts'
import { OtlpReceiver, type ReceivedSpan } from './otlp-receiver.ts'
import { testWith } from './services/service-test.ts'

const clusterTest = testWith('nats', 'redis', 'mongo')
const PATIENCE_MS = 90_000
const TRACE = '0af7651916cd43dd8448eb211c80319c'
const CALLER = 'b7ad6b7169203331'
const HEADERS = { traceparent: `00-${TRACE}-${CALLER}-01` }

clusterTest('a create and a redirect are one trace across two nodes', async (t) => {
  t.timeout(4 * PATIENCE_MS)
  const receiver = await OtlpReceiver.start()
  t.teardown(() => receiver.close())
  const env = { ...receiver.env, OTEL_METRICS_EXPORTER: 'none' }
  const world = await ClusterWorld.start(t, { nodes: 2, env })
  const { id: asked, program } = world.pick()
  const ofTrace = (name: string, node?: string): ReceivedSpan[] =>
    receiver.spans.filter((span) => {
      const isOf = span.name === name && span.traceId === TRACE
      return isOf && (node === undefined || nodeOf(span) === node)
    })

  // About half of the links are the other node's.
  const isOwnedElsewhere = () => receiver.spans.some((span) => isWrittenBy(span, asked))
  let code = ''
  await until('the other node has written a link', PATIENCE_MS, async () => {
    code = world.newCode()
    const made = await program.api('/api/links', {
      method: 'POST',
      headers: HEADERS,
      json: { url: `https://example.com/${code}`, code },
    })
    await made.arrayBuffer()
    const redirected = await fetch(`${program.url}/${code}`, {
      redirect: 'manual',
      headers: HEADERS,
    })
    await redirected.arrayBuffer()
    return isOwnedElsewhere()
  })
  const theirs = (name: string) => ofTrace(name).filter((span) => nodeOf(span) !== asked)
  /** From what the other node did up to what the client asked for. */
  const wayOf = (done: string, call: string, request: string): ReceivedSpan[] | undefined => {
    for (const last of theirs(done)) {
      const served = done === call ? last : parentIn(theirs(call), last)
      const called = served && parentIn(ofTrace(call, asked), served)
      const began = called && parentIn(ofTrace(request, asked), called)
      if (began !== undefined) return [last, served!, called!, began]
    }
    return undefined
  }
  const create = () => wayOf('log.append', 'links.write', 'POST /api/links')
  const redirect = () => wayOf('links.lookup', 'links.lookup', 'GET /:code')
  await until('all of both has come', PATIENCE_MS, () => {
    return create() !== undefined && redirect() !== undefined
  })
  t.deepEqual(
    create()!.map(({ kind }) => kind),
    [1, 2, 3, 2],
  )
  t.deepEqual(
    redirect()!.map(({ kind }) => kind),
    [2, 2, 3, 2],
  )
  for (const way of [create()!, redirect()!]) {
    const [, served, called, began] = way
    t.is(called!.attributes['tinygrid.node'], nodeOf(served!))
    t.is(began!.parentSpanId, CALLER)
  }
})

function isWrittenBy({ name, resource, traceId }: ReceivedSpan, asked: string): boolean {
  return name === 'log.append' && traceId === TRACE && resource['service.instance.id'] !== asked
}

const nodeOf = ({ resource }: ReceivedSpan) => resource['service.instance.id']

function parentIn(spans: readonly ReceivedSpan[], child: ReceivedSpan): ReceivedSpan | undefined {
  return spans.find(({ spanId }) => spanId === child.parentSpanId)
}
