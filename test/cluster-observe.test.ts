/** Every dashboard and every rule asked of a real Prometheus that watches a real node of a cluster. */
import { copyFileSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { ExecutionContext } from 'ava'
import { ClusterWorld } from './cluster-world.ts'
import { until } from './deadline.ts'
import { asked, complaintsAbout, metricsIn, PROMETHEUS, readDashboards } from './observed.ts'
import { temporaryDirectory, type Program } from './program.ts'
import { PrometheusService } from './services/prometheus-service.ts'
import { testWith } from './services/service-test.ts'

const observeTest = testWith('nats', 'redis', 'mongo', 'prometheus', 'promtool')
const PATIENCE_MS = 90_000

interface Rule {
  readonly name: string
  readonly query: string
  readonly health: 'ok' | 'err' | 'unknown'
  readonly lastError?: string
}

observeTest('every panel and every rule has data of a node under load', async (t) => {
  t.timeout(4 * PATIENCE_MS)
  const env = { TINYGRID_ROLES: 'gateway,actors,analytics' }
  const world = await ClusterWorld.start(t, { nodes: 1, env })
  const { program } = world.pick()
  const prometheus = await watch(t, program)
  const ask = (query: string) => valuesOf(prometheus, query)
  await until('Prometheus has met the node', PATIENCE_MS, async () => {
    return (await ask('up{job="tinygrid"} == 1')).length === 1
  })
  const rules = await rulesOf(prometheus)
  t.true(rules.length > 20)
  const expressions = new Set([
    ...readDashboards().flatMap(({ panels }) => {
      return panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => asked(expr)))
    }),
    ...rules.map(({ query }) => asked(query)),
  ])
  t.true(expressions.size > 60)
  // It gets half of the partitions, so there are moves, and links of others.
  const [visits] = await Promise.all([load(world, program), world.addNode()])
  const waiting = new Set(expressions)
  await until('each has data', PATIENCE_MS, async () => {
    await visits()
    const asking = Array.from(waiting, async (expr) => {
      if ((await ask(expr)).some((value) => !Number.isNaN(value))) waiting.delete(expr)
    })
    await Promise.all(asking)
    return waiting.size === 0
  }).catch(() => t.deepEqual([...waiting], []))
  await everyMetricIsTold(t, program, [...expressions])
  await until('each rule has been tried', PATIENCE_MS, async () => {
    return (await rulesOf(prometheus)).every(({ health }) => health !== 'unknown')
  })
  for (const { name, health, lastError } of await rulesOf(prometheus))
    t.is(health, 'ok', `${name}: ${lastError}`)
})

/** The shipped configuration, but for where the nodes are, and how often they are asked. */
async function watch(t: ExecutionContext, program: Program): Promise<PrometheusService> {
  const directory = temporaryDirectory(t)
  copyFileSync(path.join(PROMETHEUS, 'rules.yml'), path.join(directory, 'rules.yml'))
  const shipped = readFileSync(path.join(PROMETHEUS, 'prometheus.yml'), 'utf8')
  const target = `    static_configs:\n      - targets: ['${new URL(program.url).host}']\n`
  const config = shipped
    .replace(/ {4}dns_sd_configs:\n( {6}.*\n)+/, target)
    .replaceAll(/: 1[05]s$/gm, ': 2s')
  t.true(config.includes(target))
  const prometheus = await PrometheusService.start({ directory, config })
  t.teardown(() => prometheus.close())
  return prometheus
}

/** Links made one by one and in bulk; what it returns follows them, and asks what cannot be answered. */
async function load(world: ClusterWorld, program: Program) {
  const codes = Array.from({ length: 40 }, () => world.newCode())
  const url = 'https://example.com/'
  const links = codes.map((code) => ({ url: `${url}${code}`, code }))
  await program.api('/api/links/bulk', { method: 'POST', json: { links } })
  return async () => {
    await program.create({ url: `${url}${world.newCode()}` })
    const answers = await Promise.all([...codes, 'nothing'].map((code) => program.visit(code)))
    await Promise.all(answers.map((answer) => answer.arrayBuffer()))
    await (await program.api('/api/links/nothing')).arrayBuffer()
    // With a key the fast path leaves a redirect to the server.
    await (await program.api(`/${codes[0]!}`)).arrayBuffer()
  }
}

async function everyMetricIsTold(
  t: ExecutionContext,
  program: Program,
  expressions: readonly string[],
): Promise<void> {
  const text = await (await fetch(`${program.url}/metrics`)).text()
  t.deepEqual(await complaintsAbout(text), [])
  const told = new Set(text.match(/^\w+/gm))
  const wanted = new Set(expressions.flatMap(metricsIn))
  t.deepEqual(
    [...wanted].filter((metric) => !told.has(metric)),
    [],
  )
}

async function valuesOf({ url }: PrometheusService, query: string): Promise<number[]> {
  const body = new URLSearchParams({ query })
  const response = await fetch(`${url}/api/v1/query`, { method: 'POST', body })
  const answer = (await response.json()) as Answer
  if (answer.status !== 'success') throw new Error(`${query}: ${answer.error}`)
  return answer.data.result.map(({ value: [, value] }) => Number(value))
}

interface Answer {
  readonly status: string
  readonly error?: string
  readonly data: { readonly result: readonly { readonly value: readonly [number, string] }[] }
}

async function rulesOf({ url }: PrometheusService): Promise<Rule[]> {
  const answer = (await (await fetch(`${url}/api/v1/rules`)).json()) as {
    data: { groups: { rules: Rule[] }[] }
  }
  return answer.data.groups.flatMap(({ rules }) => rules)
}
