/**
 * Prints what a property has failed with: the counterexample, and the seed and path that find it again.
 *
 * AVA loads this before each test file. It shows the first assertion of a test that failed, which for a
 * property that asserts by `t` is one within it; what fast-check throws behind it is never shown.
 */
import path from 'node:path'
import fc, { type RunDetails } from 'fast-check'

const CHARACTERS_MAX = 20_000

fc.configureGlobal({ reporter: report })

/** @throws Error with the report, as fast-check does by itself */
function report(details: RunDetails<unknown>): void {
  if (!details.failed) return
  const { errorInstance: cause } = details
  const told = fc.defaultReportMessage(details).slice(0, CHARACTERS_MAX)
  process.stderr.write(`${placeOf(cause)}: ${told}\n`)
  throw new Error(told, { cause })
}

/** The line of the test file that failed. */
function placeOf(error: unknown): string {
  const stack = error instanceof Error ? error.stack : undefined
  const found = /file:\/\/(\S+\.test\.ts:\d+)/.exec(stack ?? '')?.[1]
  return found === undefined ? 'a property' : path.relative(process.cwd(), found)
}
