/**
 * `test`, where the servers that a test needs are there; `test.skip` where one is missing, so that
 * AVA counts it as skipped. `npm run services` says why one is missing, and so does `npm test`.
 */
import test, { type SkipFn } from 'ava'
import { findProgram, type ProgramName } from './service-program.ts'

/** For use as `const natsTest = testWith('nats')`. */
export function testWith(...names: readonly ProgramName[]): SkipFn {
  return names.every((name) => findProgram(name) !== undefined) ? test : test.skip
}
