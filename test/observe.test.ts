/** What is shipped for Prometheus and Grafana, as Prometheus' own tool and this test read it. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import test from 'ava'
import { complaintsAbout, PROMETHEUS, readDashboards } from './observed.ts'
import { Program, temporaryDirectory } from './program.ts'
import { findProgram } from './services/service-program.ts'
import { testWith } from './services/service-test.ts'

const promtoolTest = testWith('promtool')
const run = promisify(execFile)
const promtool = () => findProgram('promtool')!.path

promtoolTest('the configuration and its rules are what Prometheus takes', async (t) => {
  const { stdout } = await run(promtool(), ['check', 'config', 'prometheus.yml'], {
    cwd: PROMETHEUS,
  })
  t.regex(stdout, /rules\.yml\s+SUCCESS: \d+ rules found/)
})

promtoolTest(
  'each alert fires for what it is for, and not in a cluster that is well',
  async (t) => {
    await t.notThrowsAsync(
      run(promtool(), ['test', 'rules', 'rules.test.yml'], { cwd: PROMETHEUS }),
    )
    const tests = readFileSync(path.join(PROMETHEUS, 'rules.test.yml'), 'utf8')
    const rules = readFileSync(path.join(PROMETHEUS, 'rules.yml'), 'utf8')
    const alerts = Array.from(rules.matchAll(/- alert: (\w+)/g), ([, name]) => name!)
    t.true(alerts.length > 20)
    for (const alert of alerts) {
      t.regex(tests, new RegExp(`alertname: ${alert}\n +exp_alerts:\n +- exp_labels:`))
      t.true(tests.includes(`{ eval_time: 30m, alertname: ${alert} }`), alert)
    }
  },
)

promtoolTest('metrics are named and described as Prometheus wants them', async (t) => {
  const env = { TINYGRID_ROLES: 'gateway,actors,analytics', TINYGRID_AUDIT: 'true' }
  const program = await Program.start({ dataDir: temporaryDirectory(t), env })
  t.teardown(() => program.kill())
  const make = async (link: Record<string, unknown>) => {
    return (await (await program.create(link)).json()) as { code: string }
  }
  const { code } = await make({ url: 'https://example.com/' })
  const limited = await make({ url: 'https://example.com/few', maxVisits: 5 })
  await Promise.all(
    [code, limited.code, 'nothing', `${code}+`].map(async (one) => {
      await (await program.visit(one)).arrayBuffer()
    }),
  )
  await (await program.api('/api/links/nothing')).arrayBuffer()
  const metrics = await (await fetch(`${program.url}/metrics`)).text()
  t.regex(metrics, /^tinygrid_http_request_duration_seconds_count\{.*status="4xx"\} 1$/m)
  t.regex(metrics, /^nodejs_active_resources\{/m)
  t.deepEqual(await complaintsAbout(metrics), [])
})

test('dashboards can be told apart, and no panel lies on another', (t) => {
  const dashboards = readDashboards()
  t.is(new Set(dashboards.map(({ uid }) => uid)).size, dashboards.length)
  for (const { uid, tags, templating, panels } of dashboards) {
    // By this tag they link to each other, and to the one of clicks.
    t.true(tags.includes('tinygrid'), uid)
    t.deepEqual(
      templating.list.map(({ name }) => name),
      ['datasource', 'instance'],
    )
    t.is(new Set(panels.map(({ id }) => id)).size, panels.length)
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) => {
      t.true(x + w <= 24)
      return Array.from(
        { length: w * h },
        (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`,
      )
    })
    t.is(new Set(cells).size, cells.length, uid)
  }
})
