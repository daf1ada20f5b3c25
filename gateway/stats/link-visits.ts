/**
 * How often links were followed, for answers that show links.
 *
 * Used by the routes of links, one call a page. Nobody waits for it longer than WAIT_MS, and while analytics does
 * not answer it is asked only every AGAIN_MS: links are shown all the same, with null for their visits.
 */
import { within, type Clock } from '../../links/clock.ts'
import type { Code } from '../../links/ids.ts'
import type { Analytics } from '../../clicks/analytics/analytics.ts'

export const WAIT_MS = 300
export const AGAIN_MS = 2_000

/** Of one link; null: not known. */
export type VisitsOf = (code: Code) => number | null

const UNKNOWN: VisitsOf = () => null

export class LinkVisits {
  readonly #analytics: Pick<Analytics, 'clicksOf'> | undefined
  readonly #clock: Clock
  #askAgainAt = -Infinity

  constructor(analytics: Pick<Analytics, 'clicksOf'> | undefined, clock: Clock) {
    this.#analytics = analytics
    this.#clock = clock
  }

  async of(codes: readonly Code[]): Promise<VisitsOf> {
    if (this.#analytics === undefined || codes.length === 0) return UNKNOWN
    if (this.#clock.now() < this.#askAgainAt) return UNKNOWN
    try {
      const asked = this.#analytics.clicksOf(codes)
      const clicks = await within(WAIT_MS, 'counting visits', asked, this.#clock)
      return (code) => clicks.get(code) ?? 0
    } catch {
      this.#askAgainAt = this.#clock.now() + AGAIN_MS
      return UNKNOWN
    }
  }
}
