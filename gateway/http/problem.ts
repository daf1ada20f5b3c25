/**
 * Error replies of the API: `application/problem+json` (RFC 9457), made from the table of errors.
 *
 * Used wherever an error leaves the gateway as data, single or as one item of a bulk reply. The
 * `code` is the stable part, `detail` is for people, `field` names what to correct.
 */
import { ERRORS, type TinygridError } from '../../links/errors.ts'

export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly field?: string
  /** Names this occurrence; the log has the same. */
  readonly instance?: string
}

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8'

export function toProblem(error: TinygridError, instance?: string): Problem {
  const { status, title } = ERRORS[error.code]
  return {
    type: `urn:tinygrid:error:${error.code}`,
    title,
    status,
    code: error.code,
    detail: error.message,
    ...(error.field === undefined ? {} : { field: error.field }),
    ...(instance === undefined ? {} : { instance }),
  }
}
