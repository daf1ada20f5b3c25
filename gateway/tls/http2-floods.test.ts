/** What HTTP/2 alone lets a client do without end: others are served meanwhile, and memory stays bounded. */
import http2 from 'node:http2'
import { once } from 'node:events'
import test from 'ava'
import { floodHttp2, HTTP2_FLOODS } from '../../test/attack/http2-floods.ts'
import { until } from '../../test/deadline.ts'
import { KEY } from '../testing/test-gateway.ts'
import { connectionsOf, PATIENCE_MS, startTlsGateway } from '../testing/tls-gateway.ts'

const FLOOD = { connections: 8, ms: 300, key: KEY }
/** Clients and server are one process here. Without bounds it grows by this in a second. */
const GROWN_BYTES_MAX = 256 * 2 ** 20
/** Then it is asked again. */
const ANSWER_MS_MAX = 20_000

test('whatever frames clients flood, others are served and memory is bounded', async (t) => {
  t.timeout(300_000)
  const { port, dial, app } = await startTlsGateway(t)
  const answered = async () => {
    const session = http2.connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false })
    const ended = new AbortController()
    session.on('error', () => {})
    session.on('close', () => ended.abort())
    try {
      const stream = session.request({ ':path': '/abc' })
      stream.on('close', () => ended.abort())
      const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(ANSWER_MS_MAX)])
      const [headers] = (await once(stream, 'response', { signal })) as [Record<string, unknown>]
      return headers[':status'] === 302
    } catch {
      return false // Ended without an answer, or a machine that stood still has run into a time-out.
    } finally {
      session.destroy()
    }
  }
  const open = () => dial({ ALPNProtocols: ['h2'] })
  for (const flood of HTTP2_FLOODS) {
    const before = process.memoryUsage().rss
    let most = 0
    let longest = 0
    const attack = { isOver: false }
    const going = floodHttp2(flood, { ...FLOOD, open }).finally(() => (attack.isOver = true))
    while (!attack.isOver) {
      const began = performance.now()
      await until(`${flood.name}: others are served`, PATIENCE_MS, answered)
      longest = Math.max(longest, performance.now() - began)
      most = Math.max(most, process.memoryUsage().rss - before)
    }
    const sentAway = await going
    t.log(
      flood.name,
      `sent away ${sentAway}, longest ${Math.round(longest)} ms, ${Math.round(most / 2 ** 20)} MB`,
    )
    t.true(most < GROWN_BYTES_MAX, flood.name)
    await until('none is left', PATIENCE_MS, async () => (await connectionsOf(app.server)) === 0)
  }
})
