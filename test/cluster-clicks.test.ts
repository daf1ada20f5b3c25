import { ClusterWorld } from './cluster-world.ts'
import { until } from './deadline.ts'
import type { Program } from './program.ts'
import { testWith } from './services/service-test.ts'

/*
 * Clicks of a cluster: noted by any node, stored by one that has analytics, asked of any.
 */

const clusterTest = testWith('nats', 'redis', 'mongo')
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

async function clicksOf(program: Program, code: string): Promise<number | undefined> {
  const response = await program.api(`/api/links/${code}/stats`)
  if (response.status !== 200) return undefined
  const { totals } = (await response.json()) as { totals: { clicks: number } }
  return totals.clicks
}
