/**
 * Containers, really run: the image, and `docker-compose.yml` as it is, on an engine of the tests' own.
 *
 * One test after the other: they take the machine, and one project, for themselves.
 */
import test, { type ExecutionContext } from 'ava'
import { until } from './deadline.ts'
import { ComposeProject } from './docker/compose-project.ts'
import { DockerEngine } from './docker/docker-engine.ts'
import { makeStandInImages } from './docker/stand-in-images.ts'
import { Visitors } from './docker/visitors.ts'
import { withBuildLock } from './services/build-lock.ts'
import { serialTestWith } from './services/service-test.ts'
import { dockerDirectory } from './services/service-program.ts'

const IMAGE = 'tinygrid:local'
const KEY = 'key-of-the-test-0123456789'
const OBSERVE = ['--profile', 'observe']
const PARTITIONS = 256
const NO_ANSWER = { status: 0, text: '' }
const BECOMES_MS_MAX = 120_000

const dockerTest = serialTestWith('docker', 'compose', 'nats', 'mongo', 'prometheus')

let running: Promise<DockerEngine> | undefined
const end = Promise.withResolvers<void>()
let unlocked: Promise<void> = Promise.resolve()

/** One for all tests of this file, with the image built. */
function engineWithImage(): Promise<DockerEngine> {
  running ??= new Promise((resolve, reject) => {
    unlocked = withBuildLock(
      `${dockerDirectory}.lock`,
      () => {},
      async () => {
        const engine = await DockerEngine.start()
        await prepare(engine).then(() => resolve(engine), reject)
        await end.promise
        await engine.close()
      },
    )
    unlocked.catch(reject)
  })
  return running
}

async function prepare(engine: DockerEngine): Promise<void> {
  await makeStandInImages(engine)
  await (await ComposeProject.open(engine)).build()
}

test.after.always('the engine ends', async () => {
  end.resolve()
  await unlocked
})

async function openProject(t: ExecutionContext, options?: readonly string[]) {
  t.timeout(600_000)
  const engine = await engineWithImage()
  const project = await ComposeProject.open(engine, options)
  t.teardown(() => project.compose(['--profile', '*', 'down', '--volumes', '--timeout', '1']))
  return { engine, project }
}

dockerTest('the image has the program, and nothing else', async (t) => {
  t.timeout(600_000)
  const engine = await engineWithImage()
  const printed = await engine.docker(['image', 'inspect', '--format', '{{json .Config}}', IMAGE])
  const config = JSON.parse(printed) as Record<string, unknown>
  t.is(config['User'], '1000:1000')
  t.is(config['StopSignal'], 'SIGTERM')
  t.deepEqual(config['Entrypoint'], ['node', '--max-semi-space-size=64', 'main.ts'])
  t.truthy(config['Healthcheck'])
  t.is((config['Labels'] as Record<string, string>)['org.opencontainers.image.licenses'], 'MIT')
  const list = ['find', '/app', '/usr/local', '/root', '/home', '-type', 'f']
  const run = ['run', '--rm', '--network', 'none', '--entrypoint']
  const files = (
    await engine.docker([...run, list[0]!, '--user=0', IMAGE, ...list.slice(1)])
  ).split('\n')
  t.true(files.includes('/app/main.ts'))
  t.true(files.includes('/app/gateway/web/dist/index.html'))
  const unwanted =
    /\.map$|\.test\.tsx?$|\.npmrc$|\.d\.[cm]?ts$|(npm|npx)-cli|^\/app\/(test|bench|simulation|docs|deploy|data)\/|\/testing\/|^\/app\/gateway\/web\/src|node_modules\/(vite|typescript|ava|node|playwright-core)\//
  t.deepEqual(
    files.filter((file) => unwanted.test(file)),
    [],
  )
  const late = ['/app', '!', '-type', 'd', '-newermt', '1970-01-02']
  t.is(await engine.docker([...run, 'find', IMAGE, ...late]), '', 'times of files are fixed')
})

dockerTest('every service has a pinned image and bounds that fit what it is told', async (t) => {
  const { project } = await openProject(t)
  const printed = await project.compose(['--profile', '*', 'config', '--format', 'json'])
  const { services } = JSON.parse(printed) as { services: Record<string, Service> }
  t.is(Object.keys(services).length, 14)
  for (const [name, { image, deploy, environment, ports }] of Object.entries(services)) {
    t.regex(image, /^tinygrid:local$|:v?\d+\.\d+/, name)
    t.true(
      (ports ?? []).every(({ host_ip: address }) => address === '127.0.0.1'),
      name,
    )
    if (name === 'keys') continue
    t.truthy(deploy?.resources?.limits?.cpus, name)
    const memory = Number(deploy?.resources?.limits?.memory)
    t.true(memory > 0, name)
    if (environment?.['TINYGRID_MEMORY_MAX'] === undefined) continue
    t.is(environment['TINYGRID_MEMORY_MAX'], `${memory / 2 ** 21}MB`, name)
  }
})

dockerTest('one process without any server keeps its links when it is made anew', async (t) => {
  const { project } = await openProject(t)
  const start = () => project.up(['embedded'], { TINYGRID_API_KEY: KEY })
  await start()
  const visitors = new Visitors(project.url, KEY)
  t.is(await visitors.create('kept'), 201)
  await project.compose(['down'])
  await start()
  t.is((await visitors.ask('/kept')).status, 302)
})

dockerTest(
  'a project of three nodes is changed in every planned way without a failed request',
  async (t) => {
    const { engine, project } = await openProject(t)
    await project.up()
    const visitors = new Visitors(project.url, await project.apiKey())
    t.is((await visitors.ask('/')).status, 200)
    t.is(await visitors.create('counted'), 201)
    const follow = () => visitors.ask('/counted').then(({ status }) => t.is(status, 302))
    await follow()
    await project.compose([...OBSERVE, 'up', '--detach', '--no-deps', 'prometheus'])
    visitors.start()
    const unharmed = async (what: string, change: () => Promise<void>) => {
      t.deepEqual(await visitors.during(change), [], what)
      await follow()
    }

    await unharmed('scaled to five', async () => {
      await project.up(['--no-recreate', '--scale', 'node=5'])
      t.is((await project.containersOf('node')).length, 5)
      await until('five nodes share the partitions', BECOMES_MS_MAX, async () => {
        return (await owners(visitors)).length === 5
      })
    })
    await unharmed('scaled back to three', async () => {
      await project.up(['--no-recreate', '--scale', 'node=3'])
      t.is((await project.containersOf('node')).length, 3)
    })
    await unharmed('updated one by one', async () => {
      const before = await project.containersOf('node')
      await project.script('rolling-update.sh', { TINYGRID_RATE_LIMIT: '61' })
      const after = await project.containersOf('node')
      t.is(after.length, 3)
      t.deepEqual(
        after.filter((id) => before.includes(id)),
        [],
      )
      const all = [...after, ...(await project.containersOf('analytics'))]
      const env = await engine.docker(['inspect', '-f', '{{.Config.Env}}', ...all])
      t.is(env.match(/TINYGRID_RATE_LIMIT=61/g)?.length, 3 + 1)
    })

    await until('Prometheus has found the new nodes, and forgotten the old', BECOMES_MS_MAX, () => {
      return seesInPrometheus(project, 3 + 1)
    })
    await until('every click is counted', BECOMES_MS_MAX, () => hasVisits(visitors, 4))
    const alive = await owners(visitors)
    const [victim] = await project.containersOf('node')
    await engine.crash(victim!)
    await until('the killed node is back, as another', BECOMES_MS_MAX, async () => {
      const now = await owners(visitors)
      return now.length === 3 && now.some((id) => !alive.includes(id))
    })
    await visitors.stop()
    t.deepEqual(await visitors.lost(), [])

    await project.compose(['--profile', '*', 'down'])
    await project.up()
    t.true(visitors.codes.length > 0 && visitors.followed > 0)
    t.deepEqual(await visitors.lost(), [])
    await follow()
    await until('every click is counted', BECOMES_MS_MAX, () => hasVisits(visitors, 5))
  },
)

dockerTest('a project with three NATS servers goes on when one of them is killed', async (t) => {
  const { project } = await openProject(t, ['--env-file', 'deploy/docker/ha.env'])
  await project.up(['--scale', 'node=2'])
  const visitors = new Visitors(project.url, await project.apiKey())
  t.is(await visitors.create('before'), 201)
  const copies = async () => {
    const { text } = await visitors.ask('/api/cluster')
    const { log } = JSON.parse(text) as {
      log: { durability: Durability }
    }
    return log.durability
  }
  await until('the log has three copies', BECOMES_MS_MAX, async () => {
    const { replicas, replicasCurrent } = await copies()
    return replicas === 3 && replicasCurrent === 3
  })
  await until(
    'the servers tell who may call elections that they sync later',
    BECOMES_MS_MAX,
    async () => {
      return (await copies()).syncsBeforeAnswer === false
    },
  )
  await project.compose(['kill', 'nats-1'])
  let next = 0
  await until('links are made again', BECOMES_MS_MAX, async () => {
    const status = await visitors.create(`after${next++}`).catch(() => 0)
    return status === 201
  })
  t.is((await visitors.ask('/before')).status, 302)
})

interface Durability {
  readonly replicas: number
  readonly replicasCurrent: number
  readonly syncsBeforeAnswer: boolean | null
}

/** Of what Compose makes of its file. */
interface Service {
  readonly image: string
  readonly deploy?: { resources?: { limits?: { cpus?: number; memory?: string } } }
  readonly environment?: Readonly<Record<string, string>>
  readonly ports?: readonly { host_ip: string }[]
}

async function hasVisits(visitors: Visitors, count: number): Promise<boolean> {
  const { text, status } = await visitors.ask('/api/links/counted')
  return status === 200 && (JSON.parse(text) as { visits: number | null }).visits === count
}

/** Whether so many nodes are scraped, and all of them answer. */
async function seesInPrometheus(project: ComposeProject, count: number): Promise<boolean> {
  const url = 'http://127.0.0.1:9090/api/v1/targets?state=active&scrapePool=tinygrid'
  const ask = [...OBSERVE, 'exec', '--no-TTY', 'prometheus', 'wget', '-q', '-O', '-', url]
  const answer = await project.compose(ask).catch(() => '')
  const healthy = answer.match(/"health":"up"/g) ?? []
  return healthy.length === count && !answer.includes('"health":"down"')
}

/** The nodes that have partitions; empty while a partition has no living owner, or nobody knows. */
async function owners(visitors: Visitors): Promise<readonly string[]> {
  const { text, status } = await visitors.ask('/api/cluster').catch(() => NO_ANSWER)
  if (status !== 200) return []
  const { nodes } = JSON.parse(text) as {
    nodes: { id: string; isAlive: boolean; partitionsOwned: number }[]
  }
  const having = nodes.filter(({ isAlive, partitionsOwned }) => isAlive && partitionsOwned > 0)
  const owned = having.reduce((sum, { partitionsOwned }) => sum + partitionsOwned, 0)
  return owned === PARTITIONS ? having.map(({ id }) => id) : []
}
