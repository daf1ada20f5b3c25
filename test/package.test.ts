/**
 * The npm package on a machine with nothing but Node: packed, installed into an empty directory, and used, on
 * the oldest Node that `package.json` allows and on the one that runs the tests. Packages come from npm's
 * cache, else from the registry.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import { until } from './deadline.ts'

const ROOT = path.resolve(import.meta.dirname, '..')
const TEST_MS_MAX = 500_000
const START_MS_MAX = 60_000
const KEY = 'test-key-0123456789'
const INSTALL = ['install', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']

const PAGE = ['dist/gateway/web/**']
const IMPORTED =
  /^(?:import|export|\})[^'"\n]*from '([^'\n]+)'|^import '([^'\n]+)'|\bimport\('([^'\n]+)'\)/gm

const { engines, devDependencies } = JSON.parse(
  readFileSync(path.join(ROOT, 'package.json'), 'utf8'),
) as { engines: { node: string }; devDependencies: Record<string, string> }

/** What is not needed by a package that production needs, too. */
function onlyForDevelopment(): readonly string[] {
  const lock = readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8')
  const { packages } = JSON.parse(lock) as { packages: Record<string, { dev?: true }> }
  return Object.keys(devDependencies).filter((name) => packages[`node_modules/${name}`]?.dev)
}

/** Nothing of npm's that runs the tests, and none of our settings. */
function environment(more: Readonly<Record<string, string>> = {}) {
  const foreign =
    /^(npm_(?!config_)|TINYGRID_|NODE_(ENV|OPTIONS|PATH)$|NATS_URL|REDIS_URL|MONGO_URL|CLICKHOUSE_URL|PORT$|HOST$)/i
  const kept = Object.entries(process.env).filter(([name]) => !foreign.test(name))
  return { ...Object.fromEntries(kept), ...more }
}

function run(cwd: string, program: string, args: readonly string[], env = environment()) {
  return promisify(execFile)(program, [...args], { cwd, env, maxBuffer: 2 ** 26 })
}

async function emptyDirectory(folder: string, name: string): Promise<string> {
  const directory = path.join(folder, name)
  await mkdir(directory)
  await writeFile(path.join(directory, 'package.json'), '{"private":true}')
  return directory
}

/**
 * Starts the package's server by npx, makes a link, follows it, has the click counted and stops: what is started by
 * its path (the process of clicks) and what is compiled for a platform (LMDB, DuckDB) has part in it.
 */
async function use(t: ExecutionContext, installed: string, node: string): Promise<void> {
  const env = environment({
    PATH: `${path.dirname(node)}:${process.env['PATH']}`,
    PORT: '0',
    TINYGRID_API_KEY: KEY,
    TINYGRID_DATA_DIR: path.join(installed, `data-${process.hrtime.bigint()}`),
  })
  // A group of its own: npx and what it starts end together.
  const server = spawn('npx', ['tinygrid', 'serve'], { cwd: installed, env, detached: true })
  const closed = once(server, 'close')
  let output = ''
  for (const stream of [server.stdout, server.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  }
  try {
    const address = () => /listens on (http:\S+)/.exec(output)?.[1]
    await until('the package serves', START_MS_MAX, () => {
      if (server.exitCode !== null) throw new Error(`it ended: ${output}`)
      return address() !== undefined
    })
    const asked = { ...env, TINYGRID_URL: address()! }
    const url = 'https://example.org/packed'
    const command = ['tinygrid', 'shorten', url, '--code', 'packed']
    const made = await run(installed, 'npx', command, asked)
    const followed = await fetch(made.stdout.trim(), { redirect: 'manual' })
    t.is(followed.headers.get('location'), url)
    t.regex(await (await fetch(address()!)).text(), /<script[^]*assets/)
    await until('the click is counted', START_MS_MAX, async () => {
      const request = { headers: { 'x-api-key': KEY } }
      const answer = await fetch(`${address()}/api/links/packed/stats`, request)
      const { totals } = (await answer.json()) as { totals?: { clicks: number } }
      return totals?.clicks === 1
    })
  } finally {
    process.kill(-server.pid!, 'SIGTERM')
    await closed
  }
}

/** What a program of the package imports and would not find. */
function missingImports(installed: string): readonly string[] {
  const root = path.join(installed, 'node_modules/tinygrid')
  const { dependencies } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    dependencies: Readonly<Record<string, string>>
  }
  const isThere = (file: string, name: string): boolean => {
    if (name.startsWith('.')) return existsSync(path.resolve(root, path.dirname(file), name))
    const parts = name.split('/').slice(0, name.startsWith('@') ? 2 : 1)
    return isBuiltin(name) || parts.join('/') in dependencies
  }
  const files = globSync('dist/{main,config,[a-z]*/**/*}.js', { cwd: root, exclude: PAGE })
  return files.flatMap((file) => {
    const text = readFileSync(path.join(root, file), 'utf8')
    const names = Array.from(text.matchAll(IMPORTED), ([, ...found]) => found.find(Boolean)!)
    return names.filter((name) => !isThere(file, name)).map((name) => `${file} imports ${name}`)
  })
}

test('the package runs after npm install, on the oldest and on the newest Node', async (t) => {
  t.timeout(TEST_MS_MAX)
  const folder = await mkdtemp(path.join(tmpdir(), 'tinygrid-package-'))
  t.teardown(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  // As `npm pack` does, but for the page, which is built: other tests read it.
  await run(ROOT, process.execPath, ['cli/package-build.ts'])
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder]
  const [packed] = JSON.parse((await run(ROOT, 'npm', pack)).stdout) as [{ filename: string }]
  const installed = await emptyDirectory(folder, 'installed')
  await run(installed, 'npm', [...INSTALL, path.join(folder, packed.filename)])
  const sources = globSync('node_modules/tinygrid/**/*.ts', { cwd: installed })
  t.deepEqual(sources, [], 'TypeScript is in the package')
  // Which needs the sources, and says so.
  t.deepEqual(missingImports(installed), ['dist/cli/command-table.js imports ./cluster.js'])
  const there = onlyForDevelopment().filter(
    (name) => globSync(`node_modules/${name}/package.json`, { cwd: installed }).length > 0,
  )
  t.deepEqual(there, [], 'what only development needs was installed')

  const oldest = engines.node.replace('>=', '')
  const nodes = await emptyDirectory(folder, 'node')
  const name = `node-${process.platform}-${process.arch}`
  await run(nodes, 'npm', [...INSTALL, `${name}@${oldest}`])
  const binary = path.join(nodes, 'node_modules', name, 'bin', 'node')
  t.is((await run(nodes, binary, ['--version'])).stdout, `v${oldest}\n`)
  await use(t, installed, binary)
  await use(t, installed, process.execPath)
})
