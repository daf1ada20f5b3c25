import { execFileSync } from 'node:child_process'
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { PROGRAM_VERSION } from '../../node/program-version.ts'
import { temporaryDirectory } from '../program.ts'
import { testWith } from '../services/service-test.ts'
import { configOf } from './pod-environment.ts'
import {
  nodeContainerOf,
  nodeSetsOf,
  renderManifests,
  statefulSetsOf,
} from './rendered-manifests.ts'

/*
 * What docs/kubernetes.md says, done word by word, as far as it needs no cluster.
 */

const manifestTest = testWith('manifests')
const ROOT = path.resolve(import.meta.dirname, '../..')
/** What needs a cluster, or Docker. */
const ELSEWHERE = /^(docker|helm|kubectl) /

const guide = readFileSync(path.join(ROOT, 'docs/kubernetes.md'), 'utf8')
/** Its blocks of commands. */
const blocks = Array.from(guide.matchAll(/(?:^ {4}.*\n)+/gm), ([block]) =>
  block.replaceAll(/^ {4}/gm, ''),
)

manifestTest(
  'the overlay that the guide makes is rendered, and its nodes take their settings',
  (t) => {
    const directory = temporaryDirectory(t)
    for (const folder of ['k8s', 'deploy']) {
      cpSync(path.join(ROOT, folder), path.join(directory, folder), { recursive: true })
    }
    const commands = blocks.filter((block) => !ELSEWHERE.test(block))
    t.is(commands.length, 1)
    execFileSync('sh', ['-eu', '-c', commands[0]!], { cwd: directory })
    const { error, refused, objects } = renderManifests(path.join(directory, 'mine'))[0]!
    t.is(error, undefined)
    t.deepEqual(refused, [])
    t.notRegex(JSON.stringify(objects), /links\.example\.com/)
    for (const [, set] of nodeSetsOf(objects)) {
      const container = nodeContainerOf(set)
      t.is(container.image, `registry.example.org/tinygrid:${PROGRAM_VERSION}`)
      const { baseUrl, apiKey } = configOf(container, objects)
      t.is(baseUrl, 'https://go.example.org')
      t.regex(apiKey!, /^t[0-9a-f]{48}$/)
    }
  },
)

manifestTest('the alerts that the guide applies are those that are shipped', (t) => {
  const directory = temporaryDirectory(t)
  const block = blocks.find((commands) => commands.includes('PrometheusRule'))!
  // In the place of kubectl: keeps what it is given to apply.
  const commands = `kubectl() { if [ "$3" = apply ]; then cat >"${directory}/rule.yaml"; fi; }\n${block}`
  execFileSync('bash', ['-eu', '-c', commands], { cwd: ROOT })
  writeFileSync(path.join(directory, 'kustomization.yaml'), 'resources: [rule.yaml]\n')
  const [object] = renderManifests(directory)[0]!.objects
  t.is(object!.kind, 'PrometheusRule')
  const { groups } = object!.spec as { groups: { rules: { alert?: string; expr: string }[] }[] }
  const rules = groups.flatMap((group) => group.rules)
  const shipped = readFileSync(path.join(ROOT, 'deploy/observe/prometheus/rules.yml'), 'utf8')
  t.deepEqual(
    rules.flatMap(({ alert = [] }) => alert),
    Array.from(shipped.matchAll(/- alert: (\w+)/g), ([, name]) => name!),
  )
  for (const { expr } of rules) t.true(shipped.includes(expr))
  const [, folder] = /--from-file=(\S+)/.exec(block)!
  t.true(readdirSync(path.join(ROOT, folder!)).every((file) => file.endsWith('.json')))
})

manifestTest('what the guide applies, watches and names is there', (t) => {
  t.true(blocks.some((block) => block.includes('kubectl apply -k mine\n')))
  for (const [, overlay] of guide.matchAll(/^\| `(\w+)`/gm)) {
    const { error, objects } = renderManifests(overlay!)[0]!
    t.is(error, undefined)
    t.true(statefulSetsOf(objects).has('tinygrid'))
  }
  for (const [file] of guide.matchAll(/\bk8s\/[\w./-]+\w/g)) {
    t.notThrows(() =>
      cpSync(path.join(ROOT, file), path.join(temporaryDirectory(t), 'a'), { recursive: true }),
    )
  }
  const { terminationGracePeriodSeconds } = statefulSetsOf(
    renderManifests('production')[0]!.objects,
  ).get('tinygrid')!.template.spec
  t.true(guide.includes(`of the ${terminationGracePeriodSeconds} s that it has`))
})
