/**
 * How visitors were answered, counted since the process started.
 *
 * Used by the redirect route and by the fast path, which add one per answer, and by the metrics,
 * which read them when scraped: an increment of a plain number costs a nanosecond, a labelled
 * prom-client counter two hundred.
 */

export interface RedirectCounters {
  /** Redirects answered by the fast path. */
  fast: number
  /** Redirects answered by the route from memory. */
  found: number
  /** Redirects of links with maxVisits: the visit was logged first. */
  metered: number
  /** Prefetches and preview bots that got no redirect, as it would have used up a visit. */
  passing: number
  /** Redirects that the route had to wait for: a read of the store, an answer of another node. */
  late: number
  /** 410: deleted, expired, used up. */
  gone: number
  /** 403: links that lead to a blocked host. */
  blocked: number
  /** 404: a code never given, or an address that is no code. */
  absent: number
  /** 5xx: could not be answered. */
  failed: number
}

export function createRedirectCounters(): RedirectCounters {
  const sent = { fast: 0, found: 0, metered: 0, passing: 0, late: 0 }
  return { ...sent, gone: 0, blocked: 0, absent: 0, failed: 0 }
}
