/**
 * A failed call as data: what of an error goes from one node to another.
 *
 * Used by the adapters of `peers.ts`. An operating error arrives as it was thrown, but for its
 * cause, which stays in the node that knows it; any other one arrives as `internal`, without its
 * message or stack. Rejected: the broker's own way with errors, which knows only its own classes.
 */
import { ERRORS, TinygridError, type ErrorCode, type OwnerHint } from '../../links/errors.ts'

export interface PeerFailure {
  readonly code: ErrorCode
  readonly detail: string
  readonly field?: string
  readonly retryAfterSeconds?: number
  readonly owner?: OwnerHint
}

export function toFailure(error: unknown): PeerFailure {
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

/** A code of a later version, which this one does not know, becomes `internal`. */
export function toError(failure: PeerFailure): TinygridError {
  const isKnown = Object.hasOwn(ERRORS, failure.code)
  return new TinygridError(isKnown ? failure.code : 'internal', failure)
}
