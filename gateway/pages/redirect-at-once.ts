/**
 * Redirects that are sure, before Fastify looks for a route, which costs as much as the rest of a redirect.
 *
 * What is in memory is answered in the same turn; what another node or the store has to answer, if it
 * is a redirect. Everything else is for the route (`redirect-route.ts`), which shares what is here.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ClickNotes } from '../../clicks/ring/click-ring.ts'
import type { Code, EpochMs, PlainCode } from '../../links/ids.ts'
import type { LinkOwner } from '../../links/link-owner.ts'
import type { Blocking } from '../blocking/blocked-target.ts'
import { endRedirect, findIn, type RedirectSpans } from '../http/redirect-spans.ts'
import type { Target } from '../http/redirect-form.ts'
import { codeOfTarget } from '../http/request-target.ts'
import type { RequestDomains } from '../http/request-domains.ts'
import { hasTwoHosts } from '../http/single-host.ts'
import { noteVisit } from './noted-requests.ts'
import type { RedirectCounters } from './redirect-counters.ts'
import { sendRedirect, type RedirectDefaults } from './redirect-reply.ts'

/** What a redirect from memory takes. */
export interface HotOptions extends RedirectDefaults, Blocking {
  readonly owner: LinkOwner
  readonly now: () => EpochMs
  readonly counters: RedirectCounters
  /** undefined: clicks are not counted. */
  readonly clicks: ClickNotes | undefined
  /** undefined: there is the default one alone. */
  readonly domains: RequestDomains | undefined
  /** undefined: nothing is traced. */
  readonly spans: RedirectSpans | undefined
}

/**
 * Answers if the link redirects. False: it is not for here to answer. If that turns out only later,
 * `pass` is called, which may ask again: finding out has no effect.
 */
export function redirectAtOnce(
  options: HotOptions,
  request: IncomingMessage,
  response: ServerResponse,
  pass: () => void,
): boolean {
  const { owner, now, counters, blocked, spans } = options
  const { method, url, rawHeaders } = request
  if (method !== 'GET' && method !== 'HEAD') return false
  const plain = codeOfTarget(url!)
  if (plain === undefined || hasTwoHosts(rawHeaders) || mayBeKeyed(rawHeaders)) return false
  const code = fullCodeIn(options, plain, request)
  const found = owner.lookup(code, now())
  if (found.kind === 'redirect') {
    if (blocked.has(found.url)) return false
    counters.found++
    const span = spans?.ofHeaders(rawHeaders, now())
    redirect(options, request, response, code, found)
    endRedirect(span, response.statusCode)
    return true
  }
  if (found.kind !== 'unknown') return false
  void request.socket.remoteAddress // is remembered by Node, when the socket is gone
  const span = spans?.ofHeaders(rawHeaders, now())
  findIn(span, () => owner.find(code)).then(
    ({ lookup }) => {
      if (lookup.kind !== 'redirect' || blocked.has(lookup.url)) {
        span?.end()
        return pass()
      }
      counters.late++
      redirect(options, request, response, code, lookup)
      endRedirect(span, response.statusCode)
    },
    (error: unknown) => {
      span?.end(error)
      pass()
    },
  )
  return true
}

/** The code of a target, with the domain of its request. */
export function fullCodeIn(
  { domains }: Pick<HotOptions, 'domains'>,
  code: PlainCode,
  request: IncomingMessage,
): Code {
  return domains === undefined ? code : domains.fullCode(code, request)
}

/** Whether the request may carry a key. Two passes over the names cost no more than one with all in it. */
function mayBeKeyed(rawHeaders: readonly string[]): boolean {
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!
    if (name.length === X_API_KEY.length || name.length === AUTHORIZATION.length) {
      const lower = name.toLowerCase()
      if (lower === X_API_KEY || lower === AUTHORIZATION) return true
    }
  }
  return false
}

const X_API_KEY = 'x-api-key'
const AUTHORIZATION = 'authorization'

/** Sends the visitor on, and notes that; whom a rule leads elsewhere does not come here. */
export function redirect(
  options: HotOptions,
  request: IncomingMessage,
  response: ServerResponse,
  code: Code,
  target: Target,
): void {
  const status = sendRedirect(options, request, response, target)
  noteVisit(options, request, code, status, target.url)
}
