import test from 'ava'
import { until } from './deadline.ts'
import { Program, temporaryDirectory } from './program.ts'

/*
 * The analytics process of the real program.
 */

const WITH_ANALYTICS = { TINYGRID_ROLES: 'gateway,actors,analytics' }
const PATIENCE_MS = 60_000

async function metricsOf(program: Program): Promise<string> {
  return (await program.api('/metrics')).text()
}

function isReady(program: Program): Promise<boolean> {
  return metricsOf(program).then((text) => /^tinygrid_analytics_ready 1$/m.test(text))
}

test('a node has an analytics process, which ends with it', async (t) => {
  const dataDir = temporaryDirectory(t)
  for (const end of ['stop', 'kill'] as const) {
    const program = await Program.start({ dataDir, env: WITH_ANALYTICS })
    t.teardown(() => program.kill())
    await until('questions are answered', PATIENCE_MS, () => isReady(program))
    const status = (await (await program.api('/api/cluster')).json()) as {
      nodes: { analytics: object }[]
    }
    const expected = { store: 'duckdb', isAnswering: true, lag: 0, lost: 0, lastError: null }
    t.like(status.nodes[0]!.analytics, expected)
    t.is(await program[end](), end === 'stop' ? 0 : null)
  }
})

test('a node without the role, or without clicks, has none', async (t) => {
  for (const env of [{}, { ...WITH_ANALYTICS, TINYGRID_CLICKS: 'false' }]) {
    const program = await Program.start({ dataDir: temporaryDirectory(t), env })
    t.teardown(() => program.kill())
    t.notRegex(await metricsOf(program), /tinygrid_analytics_ready/)
    const status = await (await program.api('/api/cluster')).text()
    t.true(status.includes('"analytics":null'))
  }
})
