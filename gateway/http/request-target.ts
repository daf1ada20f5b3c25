/**
 * The target of a request as it stands in its first line, before anything is decoded.
 *
 * Used where a path is compared or logged. A target may be absolute (`GET http://sho.rt/abc`), which
 * servers must understand like the path in it. Queries are left out: they may hold what nobody
 * should read in a log.
 */

import { parseCode, type PlainCode } from '../../links/ids.ts'

const ABSOLUTE = /^https?:\/\/[^/?]*/i

/** The path, raw: `/abc` of `/abc?x=1` and of `http://sho.rt/abc`. */
export function pathOfTarget(target: string): string {
  const path = target.startsWith('/') ? target : target.replace(ABSOLUTE, '')
  const end = path.indexOf('?')
  return end < 0 ? path : path.slice(0, end)
}

/**
 * The code that the target of a request names. Read from the raw target, not from the decoded
 * parameter: `/%61bc` is no other spelling of `/abc`. A slash at the end is what some programs add.
 */
export function codeOfTarget(target: string): PlainCode | undefined {
  const path = pathOfTarget(target)
  return parseCode(path.endsWith('/') ? path.slice(1, -1) : path.slice(1))
}
