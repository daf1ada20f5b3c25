/**
 * Tells the near caches of all gateways which links have changed.
 *
 * The host notes what it has applied; at the end of the event-loop turn the codes go out together,
 * CHANGED_CODES_MAX in one broadcast. Links that no near cache can have are left out: new ones,
 * and visits of links with maxVisits. A broadcast may be lost; then the near cache's own age bound
 * holds. The gateway of this process is told directly.
 */
import type { Code } from '../../links/ids.ts'
import { decodeLink, RECORD_FLAGS, type LinkVersion } from '../../links/link-record.ts'
import { CHANGED, CHANGED_CODES_MAX, encodeChanged } from '../../cluster/peers/owner-protocol.ts'
import type { Peers } from '../../cluster/peers/peers.ts'

export interface ChangeBroadcastOptions {
  readonly peers: Pick<Peers, 'broadcast'>
  /** Tells the gateway of this process. */
  readonly onChanged?: (codes: readonly Code[]) => void
  /** Runs the action at the end of this event-loop turn. */
  readonly defer: (action: () => void) => void
}

export class ChangeBroadcast {
  readonly #options: ChangeBroadcastOptions
  /** Invariant: sent at the end of the turn in which the first one came. */
  #codes = new Set<Code>()

  constructor(options: ChangeBroadcastOptions) {
    this.#options = options
  }

  /** Memory has these versions now. */
  note(versions: readonly LinkVersion[]): void {
    for (const version of versions) {
      if (!mayBeNear(version)) continue
      if (this.#codes.size === 0) this.#options.defer(() => this.#send())
      this.#codes.add(version.code)
    }
  }

  #send(): void {
    const codes = [...this.#codes]
    this.#codes = new Set()
    this.#options.onChanged?.(codes)
    for (let from = 0; from < codes.length; from += CHANGED_CODES_MAX) {
      const some = codes.slice(from, from + CHANGED_CODES_MAX)
      this.#options.peers.broadcast(CHANGED, encodeChanged(some))
    }
  }
}

/** Whether an earlier version of the link may be in a near cache. */
function mayBeNear({ record }: LinkVersion): boolean {
  const flags = record[0]!
  if ((flags & RECORD_FLAGS.updated) === 0) return false
  return (flags & RECORD_FLAGS.metered) === 0 || decodeLink(record).visits === 0
}
