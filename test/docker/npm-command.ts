/**
 * The machine's own npm, as a person would call it: where it is and what it is told.
 *
 * Used to give containers npm and its settings. The Node that the repository brings lies in
 * `node_modules`; with that one npm would look for itself and for the machine's settings there.
 */
import { execFileSync } from 'node:child_process'
import path from 'node:path'

/** `npm ...` @returns what it printed, in one line */
export function npm(...args: readonly string[]): string {
  const directories = (process.env['PATH'] ?? '').split(path.delimiter)
  const own = directories.filter((directory) => !directory.includes('node_modules'))
  const env = { ...process.env, PATH: own.join(path.delimiter) }
  return execFileSync('npm', args, { encoding: 'utf8', env }).trim()
}
