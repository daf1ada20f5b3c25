/**
 * The error behind a look-up that does not redirect.
 *
 * Used by the redirect route and the preview for visitors, and by the API for deleted links.
 */
import { TinygridError, type ErrorCode } from '../../links/errors.ts'
import type { GoneReason, Lookup } from '../../links/link.ts'

const GONE_CODES = {
  deleted: 'link_deleted',
  expired: 'link_expired',
  used_up: 'link_used_up',
} as const satisfies Record<GoneReason, ErrorCode>

export function goneError(reason: GoneReason): TinygridError {
  return new TinygridError(GONE_CODES[reason])
}

export function visitorError(found: Lookup): TinygridError {
  return found.kind === 'gone' ? goneError(found.reason) : new TinygridError('link_not_found')
}
