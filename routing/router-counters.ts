/**
 * How the router reached owners, counted since the process started.
 *
 * Plain numbers, for the same reason as in `redirect-counters.ts`; read by the metrics.
 */
import { SOURCES, type Source } from '../links/link-owner.ts'

export interface RouterCounters {
  /**
   * Look-ups by who answered. What this node answers as the owner in the same turn is not in here:
   * the redirect counters have it, and it is worth more than the nanosecond.
   */
  readonly answers: Record<Source, number>
  /** Calls to other nodes, each with many requests. */
  calls: number
  /** Look-ups that neither the owner nor the fallback answered at once, and that waited. */
  lookupsHeld: number
  /** Reads of the API that were not answered at the first attempt, and that waited. */
  readsHeld: number
  /** Writes that were not answered at the first attempt, and that waited. */
  writesHeld: number
  /** Requests of any kind that wait for their owner now. */
  heldNow: number
  /** Attempts after the first. */
  retries: number
  /** Requests that waited as long as they may, or were too many to wait: answered with 503. */
  givenUp: number
  /** Reads of the fallback cache or the store that failed or took too long. */
  fallbackErrors: number
}

export function createRouterCounters(): RouterCounters {
  return {
    answers: Object.fromEntries(SOURCES.map((source) => [source, 0])) as Record<Source, number>,
    calls: 0,
    lookupsHeld: 0,
    readsHeld: 0,
    writesHeld: 0,
    heldNow: 0,
    retries: 0,
    givenUp: 0,
    fallbackErrors: 0,
  }
}
