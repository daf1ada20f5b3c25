/**
 * A root file system of Debian's packages, and Docker Compose: what the images of `docker-compose.yml`
 * are made of where no registry of images can be reached.
 *
 * Used by `npm run services`; `test/docker/` makes the images. Made by debootstrap, as root, in a minute
 * or two. Debian 13 brings HAProxy, Redis and Compose in the very versions that the project pins, or close
 * to them, so one root has them all. They appear in the cache at once or not at all. Rejected: Compose 1
 * of Debian 12, which nobody types any more; a build of Compose 2 with Go, which takes ten minutes.
 */
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { withBuildLock } from './build-lock.ts'
import { runCommand } from './command-line.ts'
import { COMPOSE, debianDirectory } from './service-program.ts'

const RELEASE = 'trixie'
const PACKAGES = [
  'ca-certificates',
  'docker-compose',
  'haproxy',
  // What Node needs.
  'libatomic1',
  'libstdc++6',
  'redis-server',
  'wget',
]
const COMPOSE_IN_ROOT = 'usr/libexec/docker/cli-plugins/docker-compose'
/** Nobody reads them in a container. */
const LEFT_OUT = [
  './dev/*',
  './proc/*',
  './sys/*',
  './usr/share/doc/*',
  './usr/share/locale/*',
  './usr/share/man/*',
  './var/cache/apt/*',
  './var/lib/apt/lists/*',
]
const BUILD_TIMEOUT_MS = 600_000

/** Of all that the images have in common. */
export const rootArchive = path.join(debianDirectory, 'root.tar')

/** @returns undefined when it is there, else why not, in one line */
export function buildDebianRoot(say: (line: string) => void): Promise<string | undefined> {
  const waits = () => say('another process builds it: waiting')
  return withBuildLock(`${debianDirectory}.lock`, waits, async () => {
    if (existsSync(debianDirectory)) return undefined
    const target = mkdtempSync(`${debianDirectory}.`)
    try {
      say(`gathering Debian's packages for images (a minute or two, once)`)
      const reason = await build(target)
      if (reason === undefined) renameSync(target, debianDirectory)
      return reason
    } finally {
      rmSync(target, { recursive: true, force: true })
    }
  })
}

/** Mounts are made in a name space of their own: none is left, whatever ends it. */
async function build(target: string): Promise<string | undefined> {
  const root = path.join(target, 'root')
  const options = { timeoutMs: BUILD_TIMEOUT_MS }
  const include = `--include=${PACKAGES.join(',')}`
  const commands: readonly (readonly [string, ...string[]])[] = [
    ['unshare', '--mount', 'debootstrap', '--variant=minbase', include, RELEASE, root],
    ['mv', path.join(root, COMPOSE_IN_ROOT), path.join(target, COMPOSE)],
    tarOf(root, path.join(target, path.basename(rootArchive))),
    ['rm', '-r', root],
  ]
  for (const command of commands) {
    const reason = await runCommand(command, options)
    if (reason !== undefined) return reason
  }
  return undefined
}

function tarOf(root: string, archive: string): readonly [string, ...string[]] {
  return ['tar', '-C', root, ...LEFT_OUT.map((each) => `--exclude=${each}`), '-cf', archive, '.']
}
