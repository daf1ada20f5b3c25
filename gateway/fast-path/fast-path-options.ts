/**
 * What the fast path is told: whom to ask, what to count, and how to answer.
 */
import type { ClickNotes } from '../../clicks/ring/click-ring.ts'
import type { BlockedHosts } from '../../links/blocked-hosts.ts'
import type { Code, EpochMs } from '../../links/ids.ts'
import type { Lookup, QueryForwarding, RedirectStatus } from '../../links/link.ts'
import type { Found } from '../../links/link-owner.ts'
import type { RedirectSpans } from '../http/redirect-spans.ts'
import type { PrefixOf } from './fast-path-request.ts'

/** What the fast path did: plain numbers, since one is raised at every redirect. */
export interface FastPathCounters {
  /** Redirects answered here. */
  fast: number
  /** Answers that there is no such link, 410 and 404: not of the fast path alone. */
  gone: number
  absent: number
}

export interface FastPathOptions {
  /** What a code leads to, now; if it throws, Fastify answers. */
  readonly lookup: (code: Code) => Lookup
  /** What an 'unknown' code leads to; has no effect, and settles. Left out: Fastify answers. */
  readonly find?: (code: Code) => Promise<Found>
  readonly counters: FastPathCounters
  /** Of the domain of a request, by its head; left out: there is one alone. */
  readonly prefixOf?: PrefixOf | undefined
  /** Of links that do not say it themselves. */
  readonly forwardQuery: QueryForwarding
  readonly redirectStatus: RedirectStatus
  /** What browsers are told of HTTPS; undefined: nothing. */
  readonly hsts?: string | undefined
  /** The operator has a page for who finds no link: the server sends him there. */
  readonly hasFallback: boolean
  /** Where each redirect and each orphan is noted. */
  readonly clicks?: ClickNotes | undefined
  readonly now?: () => EpochMs
  /** Where nobody is sent: Fastify says so. Left out: there is nothing of the kind. */
  readonly blocked?: Pick<BlockedHosts, 'has'>
  /** undefined: nothing is traced. */
  readonly spans?: RedirectSpans | undefined
  /** How finely time-outs are kept: a client is cut off this much too late at most. */
  readonly tickMs?: number
}
