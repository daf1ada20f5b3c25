/**
 * Which programs the tests and `npm run cluster` can start as servers, and where they are.
 *
 * A program is looked for on the PATH and in a cache outside the repository; nothing is built or
 * installed here (`npm run services` does that), so looking is quick enough to decide, while a test
 * file loads, whether its tests can run. A program that is too old or does not answer is passed
 * over. Rejected: building from within a test, which would look like a test that hangs.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { accessSync, constants, readFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

export type ProgramName =
  | 'nats'
  | 'nats-cli'
  | 'redis'
  | 'mongo'
  | 'mongo-java'
  | 'clickhouse'
  | 'manifests'
  | 'prometheus'
  | 'promtool'
  | 's3'
  | 'docker'
  | 'compose'
  | 'shlink-web'
/** What a cluster needs. */
export const PROGRAM_NAMES: readonly ProgramName[] = ['nats', 'nats-cli', 'redis', 'mongo']
/** And what tests ask besides. */
export const TEST_PROGRAM_NAMES: readonly ProgramName[] = [
  ...PROGRAM_NAMES,
  'mongo-java',
  'clickhouse',
  'manifests',
  'prometheus',
  'promtool',
  's3',
  'docker',
  'compose',
  'shlink-web',
]
/** What the second opinion on MongoDB is called in the cache. */
export const MONGO_JAVA = 'mongo-java-server'
/** And ClickHouse's engine, where there is no server of it. */
export const CLICKHOUSE = 'clickhouse-engine'
/** What renders and decodes manifests of Kubernetes. */
export const KUBERNETES = 'kubernetes-manifests'
/** What speaks S3. */
export const S3 = 'versitygw'
/** And Docker Compose, which is kept beside the root file system that images are made of. */
export const COMPOSE = 'docker-compose-for-tests'
/** And the page with Shlink's web client, whose program says only which version it is. */
export const SHLINK_WEB = 'shlink-web-component'

export interface FoundProgram {
  readonly path: string
  readonly version: string
  readonly from: 'PATH' | 'cache'
}

interface Program {
  /** What it is called on the PATH, and in the cache. */
  readonly onPath: string
  readonly inCache: string
  readonly versionFlag: string
  /** Oldest version that will do: major and minor. */
  readonly oldest: readonly [number, number]
  /** The variable that names a running server set aside for tests. */
  readonly variable?: string
  /** Whether only root can run it. */
  readonly needsRoot?: true
}

const PROGRAMS: Readonly<Record<ProgramName, Program>> = {
  nats: {
    onPath: 'nats-server',
    inCache: 'nats-server',
    versionFlag: '--version',
    oldest: [2, 11],
    variable: 'NATS_URL',
  },
  'nats-cli': { onPath: 'nats', inCache: 'nats', versionFlag: '--version', oldest: [0, 1] },
  redis: {
    onPath: 'redis-server',
    inCache: 'redis-server',
    versionFlag: '--version',
    oldest: [6, 2],
    variable: 'REDIS_URL',
  },
  mongo: {
    onPath: 'mongod',
    inCache: 'ferretdb',
    versionFlag: '--version',
    oldest: [1, 24],
    variable: 'MONGO_URL',
  },
  'mongo-java': {
    onPath: MONGO_JAVA,
    inCache: MONGO_JAVA,
    versionFlag: '--version',
    oldest: [1, 47],
  },
  clickhouse: {
    onPath: 'clickhouse',
    inCache: CLICKHOUSE,
    versionFlag: '--version',
    oldest: [25, 3],
    variable: 'CLICKHOUSE_URL',
  },
  manifests: named(KUBERNETES, [1, 0]),
  prometheus: named('prometheus', [2, 42]),
  promtool: named('promtool', [2, 42]),
  s3: named(S3, [1, 8]),
  docker: { ...named('dockerd', [20, 10]), needsRoot: true },
  compose: { ...named(COMPOSE, [2, 20]), versionFlag: 'version' },
  'shlink-web': named(SHLINK_WEB, [0, 18]),
}

/** One that is called the same everywhere. */
function named(name: string, oldest: readonly [number, number]): Program {
  return { onPath: name, inCache: name, versionFlag: '--version', oldest }
}

/** What the programs are built from: a change of any of them makes a new cache directory. */
const GO_INPUTS = ['go.mod', 'go.sum', 'ferretdb.go', 'ferretdb-index.go']
const JAVA_INPUTS = ['mongo-java-pom.xml', 'MongoJavaServer.java', 'java-build.ts']
const PYTHON_INPUTS = ['clickhouse-requirements.txt', 'clickhouse_server.py', 'python-build.ts']
const KUBERNETES_INPUTS = ['go.mod', 'go.sum', 'manifests.go'].map(
  (file) => `../kubernetes/${file}`,
)
const S3_INPUTS = ['s3/go.mod', 's3/go.sum']
const CONFORMANCE_INPUTS = ['../conformance/requirements.txt']
const DEBIAN_INPUTS = ['debian-root.ts']
const SHLINK_WEB_INPUTS = [
  'shlink-web-build.ts',
  ...[
    'package.json',
    'package-lock.json',
    'index.html',
    'main.jsx',
    'style.css',
    'vite.config.js',
  ].map((file) => `../shlink-web/${file}`),
]
const VERSION_TIMEOUT_MS = 10_000

const cacheRoot = path.join(
  process.env['XDG_CACHE_HOME'] || path.join(os.homedir(), '.cache'),
  'tinygrid',
  'services',
)
/** Where the programs that are not built here are kept. */
export const packagedDirectory = path.join(cacheRoot, 'packaged')
export const builtDirectory = path.join(cacheRoot, hashOf(GO_INPUTS))
export const javaDirectory = path.join(cacheRoot, `java-${hashOf(JAVA_INPUTS)}`)

export const pythonDirectory = path.join(cacheRoot, `python-${hashOf(PYTHON_INPUTS)}`)
/** What holds the HTTP interface to its document; no server, and asked for by hand alone. */
export const conformanceDirectory = path.join(
  cacheRoot,
  `conformance-${hashOf(CONFORMANCE_INPUTS)}`,
)
export const debianDirectory = path.join(cacheRoot, `debian-${hashOf(DEBIAN_INPUTS)}`)
/** What the Docker engine of the tests keeps from one run to the next: images, and parts of builds. */
export const dockerDirectory = path.join(cacheRoot, 'docker')
export const s3Directory = path.join(cacheRoot, `s3-${hashOf(S3_INPUTS)}`)
export const shlinkWebDirectory = path.join(cacheRoot, `shlink-web-${hashOf(SHLINK_WEB_INPUTS)}`)
export const kubernetesDirectory = path.join(cacheRoot, `kubernetes-${hashOf(KUBERNETES_INPUTS)}`)

const found = new Map<ProgramName, FoundProgram>()

/** Finds a program; undefined if it is neither on the PATH nor in the cache. */
export function findProgram(name: ProgramName): FoundProgram | undefined {
  const known = found.get(name)
  if (known) return known
  if (PROGRAMS[name].needsRoot && process.getuid?.() !== 0) return undefined
  for (const [candidate, from] of candidatesOf(PROGRAMS[name])) {
    const version = versionOf(candidate, PROGRAMS[name])
    if (version === undefined) continue
    const program = { path: candidate, version, from }
    found.set(name, program)
    return program
  }
  return undefined
}

/** The URL of a running server that the environment sets aside for tests. */
export function urlSetAside(name: ProgramName): string | undefined {
  const variable = variableOf(name)
  return variable === undefined ? undefined : process.env[variable] || undefined
}

export function variableOf(name: ProgramName): string | undefined {
  return PROGRAMS[name].variable
}

function hashOf(inputs: readonly string[]): string {
  const hash = createHash('sha256')
  for (const file of inputs) hash.update(readFileSync(path.join(import.meta.dirname, file)))
  return hash.digest('hex').slice(0, 16)
}

function* candidatesOf({ onPath, inCache }: Program): Iterable<[string, FoundProgram['from']]> {
  for (const directory of (process.env['PATH'] ?? '').split(path.delimiter)) {
    // npm puts the repository's own programs on the PATH: none of them is a server.
    if (directory !== '' && !directory.includes('node_modules')) {
      yield [path.join(directory, onPath), 'PATH']
    }
  }
  yield [path.join(builtDirectory, inCache), 'cache']
  yield [path.join(javaDirectory, inCache), 'cache']
  yield [path.join(pythonDirectory, inCache), 'cache']
  yield [path.join(kubernetesDirectory, inCache), 'cache']
  yield [path.join(s3Directory, inCache), 'cache']
  yield [path.join(debianDirectory, inCache), 'cache']
  yield [path.join(shlinkWebDirectory, inCache), 'cache']
  yield [path.join(packagedDirectory, inCache), 'cache']
}

/** Its version, if it runs and is new enough. */
function versionOf(program: string, { versionFlag, oldest }: Program): string | undefined {
  try {
    accessSync(program, constants.X_OK)
    const options = { encoding: 'utf8', timeout: VERSION_TIMEOUT_MS, stdio: 'pipe' } as const
    const [version, major, minor] =
      /(\d+)\.(\d+)\.\d+/.exec(execFileSync(program, [versionFlag], options)) ?? []
    const isNewEnough =
      Number(major) > oldest[0] || (Number(major) === oldest[0] && Number(minor) >= oldest[1])
    return isNewEnough ? version : undefined
  } catch {
    return undefined
  }
}
