/**
 * A failed call as data: what of an error goes from one node to another.
 *
 * Used by the adapters of `peers.ts`. An operating error arrives as it was thrown, but for its
 * cause, which stays in the node that knows it; any other one arrives as `internal`, without its
 * message or stack. A handler that cannot understand what it is asked throws Malformed. Rejected: the broker's own way with errors, which knows only its own classes.
 */
import { Malformed } from '../stored-value.ts'
import { ERRORS, TinygridError, type ErrorCode, type OwnerHint } from '../../links/errors.ts'

/** Longest text in a failure that is believed. */
const TEXT_LENGTH_MAX = 1_000

export interface PeerFailure {
  readonly code: ErrorCode
  readonly detail: string
  readonly field?: string
  readonly retryAfterSeconds?: number
  readonly owner?: OwnerHint
}

export function toFailure(error: unknown): PeerFailure {
  if (error instanceof Malformed) return { code: 'bad_request', detail: error.message }
  if (!(error instanceof TinygridError)) return { code: 'internal', detail: ERRORS.internal.title }
  const { code, message: detail, field, retryAfterSeconds, owner } = error
  return {
    code,
    detail,
    ...(field !== undefined && { field }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    ...(owner !== undefined && { owner }),
  }
}

/**
 * A code of a later version, which this one does not know, becomes `internal`. What has the wrong type
 * is left out: the failure is whatever the other process has sent.
 */
export function toError(failure: unknown): TinygridError {
  const fields = (failure ?? {}) as Readonly<Record<string, unknown>>
  const { code, detail, field, retryAfterSeconds, owner } = fields
  return new TinygridError(isErrorCode(code) ? code : 'internal', {
    ...(isText(detail) && { detail }),
    ...(isText(field) && { field }),
    ...(isCount(retryAfterSeconds) && { retryAfterSeconds }),
    ...(isOwnerHint(owner) && { owner }),
  })
}

function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERRORS, value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= TEXT_LENGTH_MAX
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isOwnerHint(value: unknown): value is OwnerHint {
  if (typeof value !== 'object' || value === null) return false
  const { owner, epoch } = value as Readonly<Record<string, unknown>>
  return isText(owner) && isCount(epoch)
}
