/**
 * The reply of the redirect route that sends a visitor on, written through Node's response directly.
 *
 * The fast path's replies are equal to it, byte for byte.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { QueryForwarding, RedirectStatus } from '../../links/link.ts'
import type { Source } from '../../links/link-owner.ts'
import { queryOfTarget, withQuery } from '../http/forwarded-query.ts'
import { isKept, KEPT, NOT_KEPT, type Target } from '../http/redirect-form.ts'

export interface RedirectDefaults {
  /** Of links that do not say it themselves. */
  readonly forwardQuery: QueryForwarding
  readonly redirectStatus: RedirectStatus
}

export const SOURCE_HEADER = 'X-Tinygrid-Source'

/** Node adds Date, Connection and Keep-Alive. Returns the status. */
export function sendRedirect(
  defaults: RedirectDefaults,
  { url: asked }: IncomingMessage,
  response: ServerResponse,
  target: Target,
  source?: Source,
): RedirectStatus {
  const { url, status = defaults.redirectStatus, forwardQuery = defaults.forwardQuery } = target
  const query = queryOfTarget(asked!)
  if (source !== undefined) response.setHeader(SOURCE_HEADER, source)
  response.writeHead(status, {
    Location: query === '' ? url : withQuery(url, query, forwardQuery),
    'Cache-Control': isKept(status, target) ? KEPT : NOT_KEPT,
    'Content-Length': '0',
  })
  response.end()
  return status
}
