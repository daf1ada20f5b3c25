/**
 * Builds programs from a `go.mod`, whose versions and checksums are pinned: `nats-server`, `nats` and
 * `ferretdb` from the one here, what reads manifests of Kubernetes and what speaks S3 from their own.
 *
 * Takes the Go that is installed, or the one of Docker's image where that is all there is. The
 * binaries appear in the cache all at once or not at all: they are built in a directory beside it,
 * which is then renamed. Rejected: `go install program@version`, which pins no checksums of what
 * the program is made of, and which a proxy without a list of versions refuses.
 */
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { withBuildLock } from './build-lock.ts'
import { runCommand } from './command-line.ts'
import {
  builtDirectory,
  kubernetesDirectory,
  KUBERNETES,
  S3,
  s3Directory,
} from './service-program.ts'

interface GoBuild {
  /** Where the `go.mod` is. */
  readonly source: string
  /** Where the programs appear. */
  readonly directory: string
  /** What a build is called, where it puts what it makes (a file, or with a slash a directory), packages. */
  readonly programs: readonly (readonly [what: string, out: string, packages: string])[]
}

/** The two share most packages. */
export const SERVERS: GoBuild = {
  source: import.meta.dirname,
  directory: builtDirectory,
  programs: [
    ['ferretdb', 'ferretdb', '.'],
    ['nats-server and nats', './', 'tool'],
  ],
}
export const MANIFESTS: GoBuild = {
  source: path.resolve(import.meta.dirname, '../kubernetes'),
  directory: kubernetesDirectory,
  programs: [['the reader of manifests', KUBERNETES, '.']],
}
/** By itself: it shares few packages with the others, and they would be built anew with each new version of it. */
export const S3_SERVER: GoBuild = {
  source: path.resolve(import.meta.dirname, 's3'),
  directory: s3Directory,
  programs: [['the server of S3', S3, 'tool']],
}
const GO_IMAGE = 'golang:1.26'
const BUILD_TIMEOUT_MS = 900_000
const PROGRESS_INTERVAL_MS = 5_000
/** How long Go and Docker may take to say that they are there. */
const PROBE_TIMEOUT_MS = 10_000
/** VersityGW tells its version only if it was told it. */
const FLAGS = ['-v', '-trimpath', '-ldflags', '-s -w -X main.Version=1.8.0']
/** Static binaries, which need no C compiler, and no workspace around the repository. */
const GO_ENV = { CGO_ENABLED: '0', GOWORK: 'off' }

/** Where Go puts itself when it is not on the PATH. */
const GO_DIRECTORY = '/usr/local/go/bin'

/** @returns undefined when they are built, else why not, in one line */
export function buildWithGo(
  what: GoBuild,
  say: (line: string) => void,
): Promise<string | undefined> {
  const { directory } = what
  const waits = () => say('another process builds them: waiting')
  return withBuildLock(`${directory}.lock`, waits, async () => {
    if (existsSync(directory)) return undefined
    const target = mkdtempSync(`${directory}.`)
    try {
      const reason = await build(what, target, say)
      if (reason === undefined) renameSync(target, directory)
      return reason
    } finally {
      rmSync(target, { recursive: true, force: true })
    }
  })
}

/** With the Go that is there; where it is missing, too old or fails, with Docker's. */
async function build(
  what: GoBuild,
  target: string,
  say: (line: string) => void,
): Promise<string | undefined> {
  const go = await findGo()
  const reason = go
    ? await compile(what, (args) => [go, ...args], target, say)
    : 'Go is not installed'
  if (reason === undefined) return undefined
  const asksDocker = ['docker', 'version', '--format', '{{.Server.Version}}'] as const
  const withoutDocker = await runCommand(asksDocker, { timeoutMs: PROBE_TIMEOUT_MS })
  if (withoutDocker !== undefined) return `${reason}; ${withoutDocker}`
  say(`${reason}; taking Docker's ${GO_IMAGE}`)
  return compile(what, (args) => inDocker(what.source, args, target), '/built', say)
}

async function compile(
  { source, programs }: GoBuild,
  go: (args: readonly string[]) => readonly [string, ...string[]],
  target: string,
  say: (line: string) => void,
): Promise<string | undefined> {
  for (const [what, out, packages] of programs) {
    const progress = reportProgress(what, say)
    const options = { cwd: source, env: GO_ENV, timeoutMs: BUILD_TIMEOUT_MS }
    const command = go(['build', ...FLAGS, '-o', `${target}/${out}`, packages])
    const reason = await runCommand(command, { ...options, onLine: progress.onLine })
    progress.end()
    if (reason !== undefined) return `${what} could not be built: ${reason}`
  }
  return undefined
}

/** `go build -v` prints a line for each package; that a build goes on is said now and then. */
function reportProgress(what: string, say: (line: string) => void) {
  const startedAt = performance.now()
  let lines = 0
  const seconds = () => Math.round((performance.now() - startedAt) / 1000)
  const report = () => say(`building ${what}: ${lines} packages, ${seconds()} s`)
  const timer = setInterval(report, PROGRESS_INTERVAL_MS)
  say(`building ${what} (a minute or two, once)`)
  return { onLine: () => lines++, end: () => clearInterval(timer) }
}

async function findGo(): Promise<string | undefined> {
  for (const go of ['go', path.join(GO_DIRECTORY, 'go')]) {
    if (!(await runCommand([go, 'version'], { timeoutMs: PROBE_TIMEOUT_MS }))) return go
  }
  return undefined
}

function inDocker(
  source: string,
  args: readonly string[],
  target: string,
): readonly [string, ...string[]] {
  const volumes = ['-v', `${source}:/source:ro`, '-v', `${target}:/built`, '-w', '/source']
  const user = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`
  const env = Object.entries(GO_ENV).flatMap(([name, value]) => ['-e', `${name}=${value}`])
  const place = ['-e', 'HOME=/tmp', '--user', user, ...env, ...volumes]
  return ['docker', 'run', '--rm', ...place, GO_IMAGE, 'go', ...args]
}
