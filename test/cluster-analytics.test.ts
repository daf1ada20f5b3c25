import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ExecutionContext } from 'ava'
import { connectPatiently } from '../cluster/testing/patient-connection.ts'
import { namesOf } from '../cluster/nats/namespace.ts'
import { ClusterWorld } from './cluster-world.ts'
import { until } from './deadline.ts'
import type { Program } from './program.ts'
import { serialTestWith } from './services/service-test.ts'

/*
 * Clicks of a cluster: noted by any node, stored by one that has analytics, asked of any.
 */

const clusterTest = serialTestWith('nats', 'redis', 'mongo')
const PATIENCE_MS = 60_000
const VISITS = 20

clusterTest('clicks of all nodes can be asked of each, whoever has analytics', async (t) => {
  t.timeout(200_000)
  // On one machine they share a data directory, so one of them has the store, and the other one waits.
  const env = { TINYGRID_ROLES: 'gateway,actors,analytics' }
  const world = await ClusterWorld.start(t, { nodes: 2, env })
  const programs = world.nodes.map(({ program }) => program)
  const code = world.newCode()
  t.is((await programs[0]!.create({ url: 'https://example.com/', code })).status, 201)
  for (const program of programs) {
    for (let visit = 0; visit < VISITS; visit++) t.is((await program.visit(code)).status, 302)
  }
  for (const program of programs) {
    await until('all clicks are told', PATIENCE_MS, async () => {
      return (await clicksOf(program, code)) === programs.length * VISITS
    })
  }
  t.pass()
})

clusterTest(
  'a webhook that one node was told of is told by one, of the clicks of all; so is the feed',
  async (t) => {
    t.timeout(200_000)
    const receiver = await startReceiver(t)
    const env = {
      TINYGRID_ROLES: 'gateway,actors,analytics',
      TINYGRID_WEBHOOK_PRIVATE: 'true',
      TINYGRID_CLICKS_FEED: 'true',
    }
    const world = await ClusterWorld.start(t, { nodes: 2, env })
    const programs = world.nodes.map(({ program }) => program)
    const code = world.newCode()
    t.is((await programs[0]!.create({ url: 'https://example.com/', code })).status, 201)
    const webhook = { url: receiver.url, events: ['click'] }
    await until('the webhook is made', PATIENCE_MS, async () => {
      const made = await programs[1]!.api('/api/webhooks', { method: 'POST', json: webhook })
      return made.status === 201
    })
    const wrong = await programs[0]!.api('/api/webhooks', {
      method: 'POST',
      json: { ...webhook, url: 'ftp://receiver.example' },
    })
    t.like(await wrong.json(), { status: 400, field: 'url' })
    for (const program of programs) t.is((await program.visit(code)).status, 302)
    await until('both clicks are told', PATIENCE_MS, () => receiver.told().length >= 2)
    for (const program of programs) {
      const listed = (await (await program.api('/api/webhooks')).json()) as { webhooks: unknown[] }
      t.is(listed.webhooks.length, 1)
    }
    t.deepEqual(receiver.told(), ['click', 'click'])
    const rows: string[] = []
    await until('both are rows of the feed', PATIENCE_MS, async () => {
      rows.splice(0, rows.length, ...(await codesIn(world)))
      return rows.length >= 2
    })
    t.deepEqual(rows, [code, code])
  },
)

/** What was told, each message once. */
async function startReceiver(t: ExecutionContext) {
  const messages = new Map<string, string[]>()
  const server = http.createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (text: string) => (body += text))
    request.on('end', () => {
      const { id, events } = JSON.parse(body) as { id: string; events: { type: string }[] }
      messages.set(
        id,
        events.map(({ type }) => type),
      )
      response.writeHead(204).end()
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return { url, told: () => [...messages.values()].flat() }
}

async function clicksOf(program: Program, code: string): Promise<number | undefined> {
  const response = await program.api(`/api/links/${code}/stats`)
  if (response.status !== 200) return undefined
  const { totals } = (await response.json()) as { totals: { clicks: number } }
  return totals.clicks
}

/** Of the rows on the feed's stream. */
async function codesIn({ services }: ClusterWorld): Promise<string[]> {
  const connection = await connectPatiently({
    url: services.nats.url,
    name: 'test',
    ...namesOf('tinygrid'),
  })
  try {
    const { streams } = await connection.jetstreamManager()
    const { feedStream } = namesOf('tinygrid')
    const { state } = await streams.info(feedStream)
    let text = ''
    for (let sequence = 1; sequence <= state.last_seq; sequence++) {
      const { data } = await streams.getMessage(feedStream, { seq: sequence })
      text += Buffer.from(data).toString()
    }
    const lines = text.split('\n').slice(0, -1)
    return lines.map((line) => (JSON.parse(line) as { code: string }).code)
  } catch {
    return [] // there is none yet
  } finally {
    await connection.close()
  }
}
