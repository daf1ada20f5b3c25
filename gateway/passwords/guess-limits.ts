/**
 * How many passwords may be tried: by one address, and for one link.
 *
 * A try is counted when it begins, and taken back if it was right, so that as many tries at once as a client
 * can send are no more than the limit, and a link whose password many know is open to all of them. Who has
 * tried too often gets 429, also with the right password, until the minute is over. Kept by each node for
 * itself. The bound by link is there against many addresses at once: it shuts out visitors of that link too.
 */
import type { Code, EpochMs } from '../../links/ids.ts'
import { RateLimit } from '../api/rate-limit.ts'

export interface GuessLimitsOptions {
  readonly perAddress: number
  readonly perLink: number
  /** Addresses, and links, remembered for this. */
  readonly rememberedMax: number
  readonly now: () => EpochMs
}

export class GuessLimits {
  readonly #byAddress: RateLimit
  readonly #byLink: RateLimit

  constructor({ perAddress, perLink, rememberedMax, now }: GuessLimitsOptions) {
    const shared = { addressesMax: rememberedMax, now }
    this.#byAddress = new RateLimit({ max: perAddress, ...shared })
    this.#byLink = new RateLimit({ max: perLink, ...shared })
  }

  /**
   * Counts a try; returns what takes it back.
   *
   * @throws TinygridError rate_limited
   */
  begin(address: string, code: Code): () => void {
    if (this.#byAddress.isExceeded(address)) throw this.#byAddress.error(address)
    if (this.#byLink.isExceeded(code)) throw this.#byLink.error(code)
    this.#byAddress.take(address)
    this.#byLink.take(code)
    return () => {
      this.#byAddress.giveBack(address)
      this.#byLink.giveBack(code)
    }
  }
}
