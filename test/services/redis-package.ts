/**
 * Gets Redis where it is missing: Debian's package, else Docker's image.
 *
 * The package is `redis-tools`: it holds the server's very binary (`redis-check-rdb`, which is the
 * server when it is called so) without the service that `redis-server` starts on port 6379. Only
 * root, or a user whose sudo asks for no password, has it installed.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import path from 'node:path'
import { withBuildLock } from './build-lock.ts'
import { runCommand } from './command-line.ts'
import { findProgram, packagedDirectory } from './service-program.ts'

const INSTALLED_BINARY = '/usr/bin/redis-check-rdb'
const IMAGE = 'redis:7.0-bookworm'
const INSTALL_TIMEOUT_MS = 300_000

/** @returns undefined when Redis is there, else why not, in one line */
export function installRedis(say: (line: string) => void): Promise<string | undefined> {
  const waits = () => say('another process installs it: waiting')
  return withBuildLock(`${packagedDirectory}.lock`, waits, async () => {
    if (findProgram('redis')) return undefined
    const reasons = [await fromDebian(say)]
    if (reasons[0] !== undefined) reasons.push(await fromDocker(say))
    return reasons.includes(undefined) ? undefined : reasons.join('; ')
  })
}

async function fromDebian(say: (line: string) => void): Promise<string | undefined> {
  if (!existsSync(INSTALLED_BINARY)) {
    if (!existsSync('/usr/bin/apt-get')) return 'this is no Debian'
    const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n']
    const aptGet = (...args: string[]) => {
      const [program, ...rest] = [...sudo, 'apt-get', ...args]
      const env = { DEBIAN_FRONTEND: 'noninteractive' }
      return runCommand([program!, ...rest], { env, timeoutMs: INSTALL_TIMEOUT_MS })
    }
    say("installing Debian's redis-tools")
    const install = ['install', '-y', '-q', '--no-install-recommends', 'redis-tools']
    if ((await aptGet(...install)) !== undefined) {
      const reason = (await aptGet('update', '-q')) ?? (await aptGet(...install))
      if (reason !== undefined) return reason
    }
  }
  return place((file) => symlinkSync(INSTALLED_BINARY, file))
}

async function fromDocker(say: (line: string) => void): Promise<string | undefined> {
  say(`taking Redis from Docker's ${IMAGE}`)
  const directory = mkdtempSync(path.join(path.dirname(packagedDirectory), 'redis.'))
  const copy = ['cp', '/usr/local/bin/redis-server', '/copied/redis-server'] as const
  const run = ['docker', 'run', '--rm', '-v', `${directory}:/copied`, IMAGE, ...copy] as const
  try {
    const reason = await runCommand(run, { timeoutMs: INSTALL_TIMEOUT_MS })
    return reason ?? place((file) => copyFileSync(path.join(directory, 'redis-server'), file))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Puts it into the cache at once, and sees whether it runs. */
function place(make: (file: string) => void): string | undefined {
  mkdirSync(packagedDirectory, { recursive: true })
  const file = path.join(packagedDirectory, 'redis-server')
  rmSync(`${file}.new`, { force: true })
  make(`${file}.new`)
  renameSync(`${file}.new`, file)
  return findProgram('redis') ? undefined : `${file} does not run`
}
