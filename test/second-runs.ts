/**
 * Which test files `npm test` runs once more, by themselves, after all others.
 *
 * A rented machine stalls for seconds, its disk too, and a time-out that is generous elsewhere fires. A file
 * that speaks to other processes may therefore fail once; whoever reads the result is told (`run.ts`). What
 * cannot come of a slow machine is never excused: a counterexample of a property, and a failure in a file
 * that starts nothing. Neither are many failures: then the program is broken, or the machine no place to test.
 * An uncaught exception counts for itself, whatever a second run says. Rejected: to watch for stalls and to
 * excuse only what fails near one. A process was seen waiting for its disk while another one was served.
 */
import { readFileSync } from 'node:fs'
import type { Failure } from './ava-output.ts'
import { loadedBy } from './imports.ts'

export const SECOND_RUNS_MAX = 5

/** What fast-check says, or the way to an assertion within a property, which AVA shows in its place. */
const COUNTEREXAMPLE = /Property failed after|Counterexample:|\/fast-check\.js:/

/** From the modules that begin a process, a thread or a connection; types are gone already. */
const BEGINNING =
  /^import ([^']*) from 'node:(?:child_process|worker_threads|net|tls|http|https|http2)'/gmu
/** What these modules also have, and begins nothing. */
const HARMLESS = /\b(?:type \w+|isIP|isIPv4|isIPv6|BlockList|STATUS_CODES)\b/g

/** @param failures those of each file that has any @returns the files that are run again */
export function filesToRunAgain(
  failures: ReadonlyMap<string, readonly Failure[]>,
  read: (file: string) => string = (file) => readFileSync(file, 'utf8'),
): string[] {
  if (failures.size > SECOND_RUNS_MAX) return []
  return [...failures]
    .filter(([, failed]) => !failed.some(({ told }) => COUNTEREXAMPLE.test(told)))
    .map(([file]) => file)
    .filter((file) => startsOthers(file, read))
}

/** Whether this file, or what it imports, can start a process or a server. */
function startsOthers(file: string, read: (file: string) => string): boolean {
  return loadedBy(file, read).some(({ source }) =>
    [...source.matchAll(BEGINNING)].some(([, names]) => /\w/.test(names!.replaceAll(HARMLESS, ''))),
  )
}
