/**
 * How a node comes by the lease of its name: at its start, and after it was declared dead.
 *
 * Used by Membership. What lies under the name may be a living node's lease, a killed one's, or no
 * lease at all; whether it is renewed tells. A dead one's is taken over by compare-and-set on the
 * revision that was last seen, which to everybody else is the same as a deletion and a new lease.
 */
import { pause, type Clock } from '../../links/clock.ts'
import type { NodeId } from '../../links/ids.ts'
import { StartError } from '../../links/errors.ts'
import type { LeasedKey } from './leased-key.ts'
import type { Members } from './members.ts'

export interface NameClaimOptions {
  readonly nodeId: NodeId
  readonly lease: LeasedKey
  readonly members: Members
  readonly clock: Clock
}

/** Between two attempts. */
export const CLAIM_RETRY_MS = 100

/** Returns once the lease is held. @throws StartError if a living node has it */
export async function claimName(options: NameClaimOptions): Promise<void> {
  const { nodeId, members, clock } = options
  let found = members.revisionOf(nodeId)
  while (!(await tryToTake(options))) {
    const known = members.revisionOf(nodeId)
    found ??= known
    if (found !== undefined && known !== undefined && known > found) {
      throw new StartError(
        `The name ${nodeId} is taken by a living node; set another TINYGRID_NODE_ID`,
      )
    }
    await pause(clock, CLAIM_RETRY_MS)
  }
}

/** Takes the lease if there is none, or it was not renewed for LEASE_DEAD_MS. */
export async function tryToTake(options: NameClaimOptions): Promise<boolean> {
  const { nodeId, lease, members, clock } = options
  if (members.revisionOf(nodeId) === undefined) return lease.take()
  const expired = members.expiredAt(clock.now()).find((one) => one.nodeId === nodeId)
  return expired !== undefined && lease.take(expired.revision)
}
