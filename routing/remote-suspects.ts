/**
 * Nodes that have not answered of late, so that not every visitor finds out anew.
 *
 * Used for look-ups, which have somewhere else to go. A node that misses one answer is suspect for
 * SUSPECT_MS; meanwhile one probe at a time goes on asking it. An answer clears it, a missed probe
 * keeps it. So a node that died costs the redirects of one moment LOOKUP_TIMEOUT_MS, and a node
 * that was merely slow is asked again as soon as it answers. It decides nothing about ownership.
 */
import type { Clock } from '../links/clock.ts'
import type { NodeId } from '../links/ids.ts'

export const SUSPECT_MS = 500

interface Suspect {
  until: number
  isProbed: boolean
}

export class RemoteSuspects {
  readonly #clock: Clock
  /** Invariant: at the last blame, nobody's time had passed. */
  readonly #suspects = new Map<NodeId, Suspect>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  has(node: NodeId): boolean {
    const suspect = this.#suspects.get(node)
    return suspect !== undefined && this.#clock.now() < suspect.until
  }

  /** The node has missed an answer. */
  blame(node: NodeId): void {
    const now = this.#clock.now()
    for (const [name, { until }] of this.#suspects) {
      if (until <= now) this.#suspects.delete(name)
    }
    const isProbed = this.#suspects.get(node)?.isProbed ?? false
    this.#suspects.set(node, { until: now + SUSPECT_MS, isProbed })
  }

  clear(node: NodeId): void {
    this.#suspects.delete(node)
  }

  /** Whether the caller is to send a probe to this suspect: none is on its way. */
  beginProbe(node: NodeId): boolean {
    const suspect = this.#suspects.get(node)
    if (suspect === undefined || suspect.isProbed) return false
    suspect.isProbed = true
    return true
  }

  endProbe(node: NodeId): void {
    const suspect = this.#suspects.get(node)
    if (suspect !== undefined) suspect.isProbed = false
  }
}
