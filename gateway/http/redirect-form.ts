/**
 * What a redirect says beyond its address: its status, and whether a browser may keep it.
 *
 * Used by the fast path and by the redirect route, which so answer alike. Browsers keep what is permanent
 * (RFC 9110, 15.4.2 and 15.4.9) for KEPT_SECONDS, then ask again: a link can be changed or deleted after
 * all. A visit that a browser answers itself is not counted. What ends, or is decided at each visit, is never
 * kept. Only the visitor's own browser keeps anything ('private'): a cache that many share would hide their
 * visits. Rejected: keeping until the link expires, which a change of the link would not end.
 */
import { STATUS_CODES } from 'node:http'
import type { Redirect, RedirectStatus } from '../../links/link.ts'

/** Where a visitor is sent. */
export interface Target extends Omit<Redirect, 'kind'> {
  /** The link is asked at each visit. */
  readonly isDecidedAnew?: boolean
  /** Which rule of the link decided, from 1; left out: none. */
  readonly rule?: number
}

const KEPT_SECONDS = 3_600
export const KEPT = `private, max-age=${KEPT_SECONDS}`
export const NOT_KEPT = 'private, max-age=0'

export function isKept(status: RedirectStatus, { expiresAt, isDecidedAnew }: Target): boolean {
  const isPermanent = status === 301 || status === 308
  return isPermanent && expiresAt === undefined && isDecidedAnew !== true
}

export function reasonOf(status: RedirectStatus): string {
  return STATUS_CODES[status]!
}
