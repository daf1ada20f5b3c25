/**
 * The values in calls that ask an owner where a visitor is sent: a code with the visitor, and the answer.
 *
 * As in `owner-values.ts`: the owner takes what it knows, by the parsers of the fields; of the answer the
 * gateway checks that a redirect can be made of it.
 */
import { TinygridError } from '../../links/errors.ts'
import type { Code } from '../../links/ids.ts'
import { parseFullCodeField } from '../../links/link-fields.ts'
import { REDIRECT_STATUSES } from '../../links/link.ts'
import { isQueryForwarding } from '../../links/link-options.ts'
import type { Visitor } from '../../links/redirect-rules.ts'
import type { Resolved } from '../../links/resolution.ts'
import { parseVisitor, RULES_MAX } from '../../links/rule-fields.ts'
import { isStoredUrl } from '../../links/target-url.ts'
import { noAnswer, type Answer, type CallLimits } from './owner-protocol.ts'
import { encodeLookup, parseLookup } from './owner-values.ts'

export interface ResolveRequest {
  readonly code: Code
  readonly visitor: Visitor
}

/** Each answer may be a URL. */
export const RESOLVE_LIMITS: CallLimits = { requestsMax: 16, bytesMax: Infinity }

/** @throws TinygridError invalid_field; bad_request for what is no request */
export function parseResolveRequest(value: unknown): ResolveRequest {
  if (typeof value !== 'object' || value === null) throw new TinygridError('bad_request')
  const { code, visitor } = value as Partial<Record<keyof ResolveRequest, unknown>>
  return { code: parseFullCodeField(code), visitor: parseVisitor(visitor) }
}

export function encodeResolved(resolved: Resolved): unknown {
  return resolved.kind === 'resolved' ? resolved : encodeLookup(resolved)
}

export function parseResolved(value: unknown): Answer<Resolved> {
  if (isResolution(value)) {
    const { url, status, forwardQuery, rule, isMetered } = value
    const resolution = { kind: 'resolved' as const, url, rule, isMetered }
    return {
      ...resolution,
      ...(status === undefined ? {} : { status }),
      ...(forwardQuery === undefined ? {} : { forwardQuery }),
    }
  }
  const obstacle = parseLookup(value)
  if (obstacle instanceof TinygridError) return obstacle
  const { kind } = obstacle
  return kind === 'gone' || kind === 'scheduled' || kind === 'absent' ? obstacle : noAnswer()
}

function isResolution(value: unknown): value is Extract<Resolved, { kind: 'resolved' }> {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return false
  const { kind, url, status, forwardQuery, rule, isMetered } = value as Record<string, unknown>
  const isRedirect = kind === 'resolved' && typeof url === 'string' && isStoredUrl(url)
  const hasStatus = status === undefined || REDIRECT_STATUSES.some((known) => known === status)
  const hasForwarding = forwardQuery === undefined || isQueryForwarding(forwardQuery)
  const hasRule = Number.isInteger(rule) && Number(rule) >= 0 && Number(rule) <= RULES_MAX
  return isRedirect && hasStatus && hasForwarding && hasRule && typeof isMetered === 'boolean'
}
