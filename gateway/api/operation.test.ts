import { once } from 'node:events'
import net from 'node:net'
import { setImmediate } from 'node:timers/promises'
import test from 'ava'
import type { FastifyInstance } from 'fastify'
import { TinygridError } from '../../links/errors.ts'
import type { Code } from '../../links/ids.ts'
import { KEY, startGateway } from '../testing/test-gateway.ts'

test('a node is live as long as it answers, and ready when its partitions are', async (t) => {
  const { call, status } = await startGateway(t)
  t.is((await call('GET', '/health/live')).status, 200)
  const partitions = { owned: 256, complete: 254, known: 255 }
  t.deepEqual((await call('GET', '/health/ready')).json, { status: 'ready', partitions })
  status.ready = false
  const starting = await call('GET', '/health/ready')
  t.is(starting.status, 503)
  t.deepEqual(starting.json, { status: 'starting', partitions })
  t.is((await call('GET', '/health/live')).status, 200)
})

test('metrics show what an operator needs, as it is now', async (t) => {
  const { call, status, redirects } = await startGateway(t)
  redirects.fast = 41
  const first = await metricsOf(call)
  t.is(first.get('tinygrid_redirects_total{result="fast"}'), 41)
  t.is(first.get('tinygrid_dirty_links'), 7)
  t.is(first.get('tinygrid_flush_lag_seconds'), 1.5)
  t.is(first.get('tinygrid_ready'), 1)
  for (const name of NAMES) t.true(first.has(name), name)
  status.dirtyLinks = 70
  redirects.fast = 42
  const second = await metricsOf(call)
  t.is(second.get('tinygrid_dirty_links'), 70)
  t.is(second.get('tinygrid_redirects_total{result="fast"}'), 42)
})

test('metrics show who answered, and what had to wait', async (t) => {
  const { call, router } = await startGateway(t)
  router.answers.near = 3
  router.answers.redis = 1
  router.writesHeld = 4
  router.heldNow = 2
  const metrics = await metricsOf(call)
  const count = (source: string) =>
    metrics.get(`tinygrid_redirect_sources_total{source="${source}"}`)
  t.deepEqual(['owner', 'near', 'redis', 'store', 'stale'].map(count), [0, 3, 1, 0, 0])
  t.is(metrics.get('tinygrid_writes_held_total'), 4)
  t.is(metrics.get('tinygrid_requests_held'), 2)
  t.is(metrics.get('tinygrid_requests_given_up_total'), 0)
})

test('metrics show what part a node has in its cluster', async (t) => {
  const { call } = await startGateway(t)
  const metrics = await metricsOf(call)
  t.is(metrics.get('tinygrid_fenced'), 0)
  t.is(metrics.get('tinygrid_controller'), 1)
  t.is(metrics.get('tinygrid_lease_age_seconds'), 0.25)
  t.is(metrics.get('tinygrid_partitions_without_owner'), 2)
  t.is(metrics.get('tinygrid_hand_overs_total'), 40)
  t.is(metrics.get('tinygrid_hand_over_wait_seconds_total'), 0.5)
  t.is(metrics.get('tinygrid_take_overs_total'), 30)
  t.is(metrics.get('tinygrid_node_info{node="test"}'), 1)
})

test('metrics show the log as a whole, and do not make up what it does not tell', async (t) => {
  const metrics = await metricsOf((await startGateway(t)).call)
  const value = (name: string) => metrics.get(`tinygrid_log_${name}`)
  t.deepEqual(['bytes', 'max_bytes', 'replicas', 'replicas_current'].map(value), [600, NaN, 3, 2])
  t.is(value('fullness_ratio'), 0.5, 'of the fullest of its streams')
})

test('errors of the server are counted by code, of each link of a bulk request', async (t) => {
  const { call, links } = await startGateway(t)
  const counted = async () => {
    const metrics = await metricsOf(call)
    const codes = ['log_full', 'mailbox_full', 'link_not_found']
    return codes.map((code) => metrics.get(`tinygrid_request_errors_total{code="${code}"}`))
  }
  t.deepEqual(await counted(), [0, 0, undefined])
  links.failure = new TinygridError('log_full')
  const url = 'https://example.com/'
  await call('POST', '/api/links', { url })
  await call('POST', '/api/links/bulk', { links: [{ url }, { url }] })
  links.failure = undefined
  await call('GET', '/api/links/nothing')
  t.deepEqual(await counted(), [3, 0, undefined])
})

test('metrics tell how long the event loop was at work', async (t) => {
  const { call } = await startGateway(t)
  const active = async () => {
    return (await metricsOf(call)).get('tinygrid_event_loop_active_seconds_total')!
  }
  const before = await active()
  const busyUntil = performance.now() + 100
  while (performance.now() < busyUntil);
  t.true((await active()) - before >= 0.099)
})

const NAMES = [
  'tinygrid_dead_letters_total',
  'tinygrid_dirty_bytes',
  'tinygrid_evictions_total',
  'tinygrid_links_in_memory',
  'tinygrid_log_errors_total',
  'tinygrid_mailbox_depth',
  'tinygrid_memory_bytes',
  'tinygrid_partitions_owned',
  'tinygrid_store_errors_total',
  'nodejs_eventloop_lag_seconds',
  'process_resident_memory_bytes',
]

test('visitors are counted by what they got', async (t) => {
  const { add, call, links } = await startGateway(t)
  add({ code: 'found' })
  add({ code: 'metered', maxVisits: 1 })
  for (const path of ['/found', '/found', '/metered', '/metered', '/nothing', '/no.code']) {
    await call('GET', path)
  }
  links.evicted.add('away' as Code)
  links.failure = new TinygridError('store_unavailable')
  await call('GET', '/away')
  const metrics = await metricsOf(call)
  const count = (result: string) => metrics.get(`tinygrid_redirects_total{result="${result}"}`)
  t.deepEqual(['found', 'metered', 'gone', 'absent', 'failed'].map(count), [2, 1, 1, 2, 1])
})

test('API calls are timed by route, so that addresses do not become labels', async (t) => {
  const { call } = await startGateway(t)
  for (const code of ['one', 'two']) await call('GET', `/api/links/${code}`)
  await call('POST', '/api/links', { url: 'https://example.com/' })
  const metrics = await metricsOf(call)
  const count = (labels: string) =>
    metrics.get(`tinygrid_http_request_duration_seconds_count{${labels}}`)
  t.is(count('method="GET",route="/api/links/:code",status="4xx"'), 2)
  t.is(count('method="POST",route="/api/links",status="2xx"'), 1)
})

test('a stopping server finishes what is under way and takes nothing new', async (t) => {
  const { app, add, links, listen } = await startGateway(t)
  add({ code: 'slow' })
  const gate = Promise.withResolvers<void>()
  const entered = Promise.withResolvers<void>()
  links.evicted.add('slow' as Code)
  links.read = async (code) => {
    entered.resolve()
    await gate.promise
    return links.links.get(code)
  }
  const port = await listen()
  const client = await open(app)
  await client.send(get('/slow'))
  await entered.promise
  const closed = app.close()
  gate.resolve()
  t.true((await client.all).startsWith('HTTP/1.1 302 '))
  await closed
  await t.throwsAsync(once(net.connect(port, '127.0.0.1'), 'connect'))
})

test('a call that comes while the server stops is told to go elsewhere', async (t) => {
  const { app, links, listen } = await startGateway(t)
  const gate = Promise.withResolvers<void>()
  const entered = Promise.withResolvers<void>()
  links.read = async () => {
    entered.resolve()
    await gate.promise
    return undefined
  }
  await listen()
  const [busy, late] = [await open(app), await open(app)]
  await busy.send(get('/api/links/abc1234'))
  await entered.promise
  await late.send('GET /api/links HTTP/1.1\r\n')
  const closed = app.close()
  await late.send(`Host: a\r\nX-Api-Key: ${KEY}\r\n\r\n`)
  const reply = await late.all
  t.true(reply.startsWith('HTTP/1.1 503 '), reply)
  t.regex(reply, /connection: close/i)
  t.true(reply.includes('"code":"shutting_down"'))
  gate.resolve()
  t.true((await busy.all).startsWith('HTTP/1.1 404 '))
  await closed
})

test('a connection beyond the bound is closed at once', async (t) => {
  const { app, listen } = await startGateway(t, { connectionsMax: 2 })
  const port = await listen()
  const kept = [await open(app), await open(app)]
  const refused = net.connect(port, '127.0.0.1')
  refused.on('error', () => {})
  await once(refused, 'close')
  await kept[0]!.send(get('/health/live').replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))
  t.true((await kept[0]!.all).startsWith('HTTP/1.1 200 '))
})

function get(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: a\r\nX-Api-Key: ${KEY}\r\n\r\n`
}

async function metricsOf(call: (method: 'GET', path: string) => Promise<{ text: string }>) {
  const { text } = await call('GET', '/metrics')
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(' ')
      return [line.slice(0, end), Number(line.slice(end + 1))] as const
    }),
  )
}

interface Client {
  /** Everything that comes back until the server closes. */
  readonly all: Promise<string>
  /** Resolves when the server has read it. */
  readonly send: (text: string) => Promise<void>
}

async function open(app: FastifyInstance): Promise<Client> {
  const accepted = once(app.server, 'connection') as Promise<[net.Socket]>
  const socket = net.connect((app.server.address() as net.AddressInfo).port, '127.0.0.1')
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  const all = once(socket, 'close').then(() => String(Buffer.concat(chunks)))
  const [peer] = await accepted
  let sent = 0
  return {
    all,
    send: async (text) => {
      socket.write(text)
      sent += text.length
      while (peer.bytesRead < sent) await setImmediate()
    },
  }
}
