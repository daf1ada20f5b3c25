/**
 * Builds the component of Shlink's web client as a page, from `test/shlink-web/`, with npm and vite.
 *
 * Its two hundred megabytes of packages are its own, by a lockfile of its own, and gone after the build: what is kept
 * is the page, and beside it a script that says its version, as every program for tests does. Rejected: packages
 * among the repository's own, which every `npm ci` would pay for.
 */
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { withBuildLock } from './build-lock.ts'
import { runCommand } from './command-line.ts'
import { SHLINK_WEB, shlinkWebDirectory } from './service-program.ts'

const SOURCE = path.resolve(import.meta.dirname, '../shlink-web')
const COMPONENT = '@shlinkio/shlink-web-component'
const PACKAGES = 'node_modules'
const BUILD_TIMEOUT_MS = 300_000
const INSTALL = ['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund'] as const

/** @returns undefined when it is there, else why not, in one line */
export function buildShlinkWeb(say: (line: string) => void): Promise<string | undefined> {
  const waits = () => say('another process builds it: waiting')
  return withBuildLock(`${shlinkWebDirectory}.lock`, waits, async () => {
    if (existsSync(shlinkWebDirectory)) return undefined
    const target = mkdtempSync(`${shlinkWebDirectory}.`)
    try {
      say('fetching its packages and building it (once)')
      const reason = await build(target)
      if (reason === undefined) renameSync(target, shlinkWebDirectory)
      return reason
    } finally {
      rmSync(target, { recursive: true, force: true })
    }
  })
}

async function build(target: string): Promise<string | undefined> {
  cpSync(SOURCE, target, { recursive: true, filter: (file) => path.basename(file) !== PACKAGES })
  const options = { cwd: target, timeoutMs: BUILD_TIMEOUT_MS }
  const unfetched = await runCommand([...INSTALL], options)
  if (unfetched !== undefined) return `its packages could not be fetched: ${unfetched}`
  const unbuilt = await runCommand(['npm', 'run', 'build'], options)
  if (unbuilt !== undefined) return `it could not be built: ${unbuilt}`
  rmSync(path.join(target, PACKAGES), { recursive: true })
  const { dependencies } = JSON.parse(readFileSync(path.join(target, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  const script = `#!/bin/sh\necho ${dependencies[COMPONENT]}\n`
  writeFileSync(path.join(target, SHLINK_WEB), script, { mode: 0o755 })
  return undefined
}
