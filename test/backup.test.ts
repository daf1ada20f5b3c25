/**
 * Backups by the commands: from one process into a cluster by way of S3, from the cluster into a data directory,
 * and NATS made anew for what MongoDB has.
 */
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import type { ExecutionContext } from 'ava'
import { startCommand } from '../cli/testing/command-process.ts'
import { until } from './deadline.ts'
import { API_KEY, Program, temporaryDirectory } from './program.ts'
import { ClusterServices } from './services/cluster-services.ts'
import { NatsService } from './services/nats-service.ts'
import { S3Service } from './services/s3-service.ts'
import { serialTestWith } from './services/service-test.ts'

const clusterTest = serialTestWith('nats', 'redis', 'mongo', 's3')
const WAIT_MS = 60_000
const LINKS = 40
/** Keys, blocked hosts and changes. */
const ACCESS = 3
const ROLES = 'gateway,actors,analytics'
const AUDIT = { TINYGRID_AUDIT: 'true' }

async function tinygrid(env: Readonly<Record<string, string>>, ...args: readonly string[]) {
  const ended = await startCommand('tinygrid', args, '', { TINYGRID_API_KEY: API_KEY, ...env })
    .ended
  return { code: ended.exitCode, said: ended.stderr }
}

/** Links of all kinds, in all states. */
async function fill(t: ExecutionContext, node: Program): Promise<void> {
  const links = Array.from({ length: LINKS }, (_, n) => ({
    url: `https://example.org/${n}?a=b`,
    code: `c${n}`,
    tags: [`t${n % 3}`],
    ...(n % 4 === 0 ? { maxVisits: 2 } : { title: `Title ${n}` }),
    ...(n === 7 ? { password: 'sesame' } : {}),
    ...(n === 9 ? { rules: [{ devices: ['ios'], url: 'https://example.org/ios' }] } : {}),
  }))
  const made = await node.api('/api/links/bulk', { method: 'POST', json: { links } })
  t.is(made.status, 200)
  for (const code of ['c0', 'c0', 'c4']) await node.visit(code)
  await node.api('/api/links/c1', { method: 'DELETE' })
  await node.api('/api/links/c2?purge=true', { method: 'DELETE' })
  const key = { name: 'A tool', role: 'read' }
  t.is((await node.api('/api/keys', { method: 'POST', json: key })).status, 201)
  const blocked = await node.api('/api/blocked-hosts/evil.example', { method: 'PUT', json: {} })
  t.true(blocked.ok)
}

/** All that can be compared: keys, blocked hosts, who changed what, and every link with its hash of a password. */
async function contentOf(node: Program): Promise<string[]> {
  let links = ''
  await until('the node exports', WAIT_MS, async () => {
    const response = await node.api('/api/export')
    links = await response.text()
    return response.status === 200
  })
  const read = async (route: string) => (await node.api(route)).text()
  const { entries } = JSON.parse(await read('/api/audit?limit=500')) as {
    entries: Record<string, unknown>[]
  }
  const changes = entries.map(({ id: _id, ...entry }) => entry)
  const access = [
    await read('/api/keys'),
    await read('/api/blocked-hosts'),
    JSON.stringify(changes),
  ]
  return [...access, ...links.replaceAll(node.url, '').trim().split('\n').sort()]
}

/** Clicks of all links; waits until there are so many. */
async function clicksOf(node: Program, count: number): Promise<string> {
  const question = 'groupBy=code&from=2020-01-01T00:00:00Z&to=2040-01-01T00:00:00Z'
  let answer = ''
  await until(`${count} clicks are stored`, WAIT_MS, async () => {
    const response = await node.api(`/api/stats?${question}`)
    answer = await response.text()
    return (JSON.parse(answer) as { totals?: { clicks?: number } }).totals?.clicks === count
  })
  return answer
}

async function make(node: Program, code: string): Promise<void> {
  await until('a link is made', WAIT_MS, async () => {
    return (await node.create({ url: `https://example.org/${code}`, code })).status < 300
  })
}

/** Follows a node's changes into a file. */
async function follow(t: ExecutionContext, node: Program, file: string) {
  const args = ['backup', '--follow', file]
  const env = { TINYGRID_API_KEY: API_KEY, TINYGRID_URL: node.url }
  const { child, ended } = startCommand('tinygrid', args, '', env)
  const isOver = () => existsSync(file) || child.exitCode !== null
  await until('a first moment is in the file', WAIT_MS, isOver)
  t.is(child.exitCode, null)
  const begunAt = new Date()
  const check = (...to: string[]) => tinygrid({}, 'restore', '--check', file, ...to)
  return {
    /** Once it has the one key that was made, and not before that. */
    end: async () => {
      await until('it has what was made', WAIT_MS, async () => {
        return / [1-9]\d* versions of links .* 1 keys/.test((await check()).said)
      })
      child.kill('SIGINT')
      const { exitCode, stderr } = await ended
      t.is(exitCode, 0, stderr)
      t.regex(stderr, /followed\.tgb reaches to 20/)
      const before = await check('--to', begunAt.toISOString())
      t.regex(before.said, / 0 versions of links .* 0 keys/)
      const never = await check('--to', '2001-01-01T00:00:00Z')
      t.is(never.code, 2)
      t.regex(never.said, /reaches from 20.* to 20.*, and no other time/)
    },
  }
}

clusterTest(
  'a backup goes from one process into a cluster and back, and NATS can be lost',
  async (t) => {
    t.timeout(240_000)
    const services = await ClusterServices.start({ isGuarded: true })
    t.teardown(() => services.close())
    const s3 = await S3Service.start()
    t.teardown(() => s3.close())
    await s3.makeBucket('backups')
    const toS3 = s3.env
    const folder = temporaryDirectory(t)
    const start = async (env: Readonly<Record<string, string>>, name: string) => {
      const place = { TINYGRID_DATA_DIR: path.join(folder, name), TINYGRID_ROLES: ROLES, ...AUDIT }
      const settings = { ...place, ...env }
      const node = await Program.start({ dataDir: folder, env: settings })
      t.teardown(() => node.kill())
      return node
    }

    const alone = await start({}, 'alone')
    const followed = await follow(t, alone, path.join(folder, 'followed.tgb'))
    await fill(t, alone)
    const content = await contentOf(alone)
    t.is(content.length, ACCESS + LINKS - 1 + 1)
    const clicks = await clicksOf(alone, 3)
    const asked = { ...toS3, TINYGRID_URL: alone.url }
    const backup = await tinygrid(asked, 'backup', 's3://backups/links.tgb')
    t.is(backup.code, 0, backup.said)
    t.notRegex(backup.said, /Clicks are not in it/)
    await followed.end()
    const into = { ...toS3, ...services.env, TINYGRID_DATA_DIR: path.join(folder, 'node') }
    const restored = await tinygrid(into, 'restore', 's3://backups/links.tgb')
    t.is(restored.code, 0, restored.said)
    t.regex(restored.said, /a whole backup of a data directory .* 1 keys, and the clicks/)

    const node = await start(services.env, 'node')
    t.deepEqual(await contentOf(node), content)
    t.is(await clicksOf(node, 3), clicks)
    t.is((await node.visit('c0')).status, 410)
    t.is((await node.visit('c3')).headers.get('location'), 'https://example.org/3?a=b')
    await make(node, 'new')
    // c0 was used up: it led nowhere.
    const inBoth = await clicksOf(node, 4)
    const inCluster = await contentOf(node)
    const file = path.join(folder, 'cluster.tgb')
    const again = await tinygrid({ TINYGRID_URL: node.url }, 'backup', file)
    t.is(again.code, 0, again.said)
    t.false(readdirSync(folder).includes('cluster.tgb.part'))
    const refused = await tinygrid(services.env, 'restore', file)
    t.is(refused.code, 2)
    t.regex(refused.said, /MongoDB holds links of a cluster tinygrid already/)

    const back = await tinygrid({ TINYGRID_DATA_DIR: path.join(folder, 'back') }, 'restore', file)
    t.is(back.code, 0, back.said)
    const second = await start({}, 'back')
    t.deepEqual(await contentOf(second), inCluster)
    t.is(await clicksOf(second, 4), inBoth)

    t.is(await node.stop(), 0, node.output)
    const nats = await NatsService.start({ isGuarded: true })
    t.teardown(() => nats.close())
    const lost = { ...services.env, NATS_URL: nats.url }
    const adopted = await tinygrid(lost, 'restore', '--from-mongodb')
    t.is(adopted.code, 0, adopted.said)
    const survivor = await start({ ...lost, TINYGRID_ROLES: 'gateway,actors' }, 'survivor')
    const left = await contentOf(survivor)
    t.deepEqual(left.slice(ACCESS), inCluster.slice(ACCESS))
    t.is(left[0], '{"keys":[]}')
    await make(survivor, 'newer')
    t.is((await survivor.visit('newer')).status, 302)
    await until('an unknown code is unknown', WAIT_MS, async () => {
      return (await survivor.visit('never')).status === 404
    })
  },
)
