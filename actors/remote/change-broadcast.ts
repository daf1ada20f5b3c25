/**
 * Tells the near caches of all gateways which links have changed.
 *
 * The host notes what it has applied; the codes go out together, in one broadcast at the end of the
 * event-loop turn, and the next one no sooner than `spacingMs` later, or when CHANGED_CODES_MAX wait.
 * Links that no near cache can have are left out: new ones, visits of links with maxVisits, and what no
 * other node has asked for of late (`asked-codes.ts`). A broadcast may be lost, or come as late as the
 * spacing; then the near cache's own age bound holds. The gateway of this process is told at once.
 *
 * The spacing grows with the cluster, so that no node of up to 200 hears more than
 * 1,000 / SPACING_PER_NODE_MS of them a second, however many there are: a broadcast of each node in each turn would be a number of
 * messages that grows with the square of the nodes.
 */
import type { Clock } from '../../links/clock.ts'
import type { Code, PartitionId } from '../../links/ids.ts'
import { decodeLink, RECORD_FLAGS, type LinkVersion } from '../../links/link-record.ts'
import {
  CHANGED,
  CHANGED_CODES_MAX,
  encodeChanged,
  NEAR_AGE_MAX_MS,
} from '../../cluster/peers/owner-protocol.ts'
import type { Peers } from '../../cluster/peers/peers.ts'
import type { AskedCodes } from './asked-codes.ts'

export interface ChangeBroadcastOptions {
  readonly peers: Pick<Peers, 'broadcast'>
  readonly asked: Pick<AskedCodes, 'mayBeNear'>
  /** How many nodes there are. */
  readonly nodes: () => number
  readonly clock: Clock
  /** Tells the gateway of this process. */
  readonly onChanged?: (codes: readonly Code[]) => void
  /** Runs the action at the end of this event-loop turn. */
  readonly defer: (action: () => void) => void
}

/** Between two broadcasts of one node. */
const SPACING_MS_MIN = 50
const SPACING_PER_NODE_MS = 2.5
/** Later, near caches have forgotten by themselves. */
const SPACING_MS_MAX = NEAR_AGE_MAX_MS / 2

export function spacingMs(nodes: number): number {
  return Math.min(Math.max(SPACING_MS_MIN, nodes * SPACING_PER_NODE_MS), SPACING_MS_MAX)
}

export class ChangeBroadcast {
  readonly #options: ChangeBroadcastOptions
  /** Invariant: fewer than CHANGED_CODES_MAX; sent as soon as may be. */
  #codes = new Set<Code>()
  #sentAt = -Infinity
  #cancel: () => void = () => {}

  constructor(options: ChangeBroadcastOptions) {
    this.#options = options
  }

  /** Memory has these versions of links of the partition now. */
  note(partition: PartitionId, versions: readonly LinkVersion[]): void {
    const changed = versions.filter(isChange).map(({ code }) => code)
    if (changed.length > 0) this.#options.onChanged?.(changed)
    for (const code of changed) {
      if (!this.#options.asked.mayBeNear(partition, code)) continue
      if (this.#codes.size === 0) this.#plan()
      this.#codes.add(code)
      if (this.#codes.size === CHANGED_CODES_MAX) this.#send()
    }
  }

  #plan(): void {
    const { clock, defer, nodes } = this.#options
    const waitMs = this.#sentAt + spacingMs(nodes()) - clock.now()
    if (waitMs > 0) this.#cancel = clock.after(waitMs, () => this.#send())
    else defer(() => this.#send())
  }

  #send(): void {
    this.#cancel()
    // Sent already, because there were many.
    if (this.#codes.size === 0) return
    const codes = [...this.#codes]
    this.#codes = new Set()
    this.#sentAt = this.#options.clock.now()
    this.#options.peers.broadcast(CHANGED, encodeChanged(codes))
  }
}

/** Whether there was an earlier version of the link that a near cache may keep. */
function isChange({ record }: LinkVersion): boolean {
  const flags = record[0]!
  if ((flags & RECORD_FLAGS.updated) === 0) return false
  return (flags & RECORD_FLAGS.metered) === 0 || decodeLink(record).visits === 0
}
