import type { ExecutionContext } from 'ava'
import { connectPatiently } from '../cluster/testing/patient-connection.ts'
import { namesOf } from '../cluster/nats/namespace.ts'
import { decodeBatch } from '../clicks/log/batch-codec.ts'
import type { ClickRecord } from '../clicks/log/click-batch.ts'
import { JetStreamClickReader } from '../clicks/log/jetstream-click-reader.ts'
import { systemClock } from '../links/clock.ts'
import { ClusterWorld } from './cluster-world.ts'
import { until } from './deadline.ts'
import type { Program } from './program.ts'
import { testWith } from './services/service-test.ts'

/*
 * Clicks of a cluster: from the redirects of all nodes into one log.
 */

const clusterTest = testWith('nats', 'redis', 'mongo')
const PATIENCE_MS = 60_000
const VISITS = 100

clusterTest('clicks of all nodes are in one log, once each, also if NATS is killed', async (t) => {
  const world = await ClusterWorld.start(t, { nodes: 2 })
  const code = world.newCode()
  t.is((await world.pick().program.create({ url: 'https://example.com/', code })).status, 201)
  const [first, second] = world.nodes
  await passBy(t, world)
  await visit(first!.program, code, VISITS)
  await visit(second!.program, code, VISITS)
  await world.services.nats.kill()
  await visit(first!.program, code, VISITS)
  await world.services.nats.restart()
  await world.settled()
  await visit(second!.program, code, VISITS)
  for (const { program } of world.nodes)
    await until('all are logged', PATIENCE_MS, () => isLogged(program))
  const clicks = await loggedClicks(world)
  t.is(clicks.length, 4 * VISITS + 1)
  t.is(new Set(clicks.map(({ query }) => query)).size, 4 * VISITS + 1)
  // One visitor, whichever node is met: the salt of the day is shared.
  t.is(new Set(clicks.map(({ visitor }) => visitor)).size, 1)
  t.true(clicks.every(({ address }) => address === '127.0.0.0'))
  // What a graceful stop finds is logged too.
  await visit(first!.program, code, VISITS)
  t.is(await world.stop(first!), 0)
  t.is((await loggedClicks(world)).length, 5 * VISITS + 1)
})

/** A link for one visit, which no prefetch or preview bot uses up, whichever node they ask. */
async function passBy(t: ExecutionContext, world: ClusterWorld): Promise<void> {
  const code = world.newCode()
  const link = { url: 'https://example.com/', code, maxVisits: 1 }
  t.is((await world.pick().program.create(link)).status, 201)
  for (const { program } of world.nodes) {
    const asked = async (headers: Record<string, string>) => {
      const response = await fetch(`${program.url}/${code}/`, { headers, redirect: 'manual' })
      await response.arrayBuffer()
      return response.status
    }
    t.is(await asked({ 'Sec-Purpose': 'prefetch' }), 503)
    t.is(
      await asked({ 'User-Agent': 'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)' }),
      200,
    )
  }
  await visit(world.pick().program, code, 1)
}

let visits = 0

async function visit(program: Program, code: string, times: number): Promise<void> {
  for (let time = 0; time < times; time++) {
    const query = `?visit=${visits++}`
    const slash = visits % 2 === 0 ? '/' : ''
    const response = await program.visit(`${code}${slash}${query}`)
    await response.arrayBuffer()
    if (response.status !== 302) throw new Error(`a visit was answered ${response.status}`)
    const location = response.headers.get('location')
    if (location !== `https://example.com/${query}`) throw new Error(`it leads to ${location}`)
  }
}

async function isLogged(program: Program): Promise<boolean> {
  const text = await (await program.api('/metrics')).text()
  const number = (name: string) =>
    Number(new RegExp(String.raw`^tinygrid_clicks_${name} (\d+)$`, 'm').exec(text)?.[1])
  return number('waiting') === 0 && number('accepted_total') === number('logged_total')
}

async function loggedClicks(world: ClusterWorld): Promise<ClickRecord[]> {
  const namespace = 'tinygrid'
  const url = world.services.nats.url
  const connection = await connectPatiently({ url, name: 'scenario', ...namesOf(namespace) })
  const reader = new JetStreamClickReader({ connection, namespace, clock: systemClock })
  const clicks: ClickRecord[] = []
  for (let last = 0; ;) {
    const batches = await reader.read(last)
    if (batches.length === 0) break
    clicks.push(...batches.flatMap(({ payload }) => decodeBatch(payload).clicks))
    last = batches.at(-1)!.position
  }
  await connection.close()
  return clicks
}
