/**
 * Sends the question where a visitor goes to the owner of the link, or to who may answer instead.
 *
 * Used by the router, for links with rules. As with look-ups: the owner is asked, then the owner that it
 * names, then the fallback, which decides by the same rules; what that may not answer waits for the
 * owner as long as a read of the API does: there is such a link. Rejected: rules that are sent to the gateway and kept there: each change of them would have to
 * be heard of by every node, and a visitor could be told of a rule that is over.
 */
import { TinygridError } from '../links/errors.ts'
import type { Code, PartitionId } from '../links/ids.ts'
import type { Visitor } from '../links/redirect-rules.ts'
import type { Resolved } from '../links/resolution.ts'
import type { PlacedOwner, Placement } from '../cluster/table/placement.ts'
import { HOLD_MS, learnOwner, type HeldRequests } from './held-requests.ts'
import { isSame } from './owner-waits.ts'

export interface ResolutionsOptions {
  readonly placement: Placement
  readonly requests: HeldRequests
  /** Rejects with what the owner refuses with, or owner_unavailable. */
  readonly ask: (placed: PlacedOwner, code: Code, visitor: Visitor) => Promise<Resolved>
  /** undefined: nobody knows, or only the owner may say. */
  readonly fallback: (code: Code, visitor: Visitor) => Promise<Resolved | undefined>
}

export class Resolutions {
  readonly #options: ResolutionsOptions

  constructor(options: ResolutionsOptions) {
    this.#options = options
  }

  /** @throws TinygridError owner_unavailable, or what the owner refuses with */
  async resolve(partition: PartitionId, code: Code, visitor: Visitor): Promise<Resolved> {
    const { placement, ask } = this.#options
    const placed = placement.ownerOf(partition)
    try {
      return await ask(placed, code, visitor)
    } catch (error) {
      if (!(error instanceof TinygridError)) throw error
      learnOwner(placement, partition, error)
      return this.#resolveElsewhere(partition, placed, code, visitor)
    }
  }

  async #resolveElsewhere(
    partition: PartitionId,
    asked: PlacedOwner,
    code: Code,
    visitor: Visitor,
  ): Promise<Resolved> {
    const { placement, requests, ask, fallback } = this.#options
    const hinted = placement.ownerOf(partition)
    if (!isSame(hinted, asked)) {
      const resolved = await ask(hinted, code, visitor).catch(nothingIfRefused)
      if (resolved !== undefined) return resolved
    }
    const known = await fallback(code, visitor)
    if (known !== undefined) return known
    const hold = { partition, holdMs: HOLD_MS, counter: 'readsHeld' } as const
    return requests.run(hold, (placed) => ask(placed, code, visitor))
  }
}

/** @throws what is no refusal */
export function nothingIfRefused(error: unknown): undefined {
  if (!(error instanceof TinygridError)) throw error
}
