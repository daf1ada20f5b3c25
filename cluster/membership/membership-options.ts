/**
 * What a node's Membership is made from.
 */
import type { Clock } from '../../links/clock.ts'
import type { EpochMs, NodeId } from '../../links/ids.ts'
import type { RefusedInput } from '../refused-input.ts'
import type { KeyValue } from './key-value.ts'
import type { Role } from './lease.ts'
import type { MembershipEvent } from './membership-event.ts'

export interface MembershipOptions {
  readonly keyValue: KeyValue
  readonly clock: Clock
  /** New at each start of a process. */
  readonly nodeId: NodeId
  readonly roles: readonly Role[]
  readonly url: string | null
  readonly partitions: number
  readonly startedAt: EpochMs
  /** From 0 to below 1; tells two processes of one name apart. */
  readonly random?: () => number
  /** Nodes that watch all leases in a large cluster, beside the controller; fewer in tests. */
  readonly judgesMax?: number
  readonly refused?: RefusedInput
  /** What goes wrong and is tried again. */
  readonly onError?: (error: unknown) => void
  /** Called on the controller only. */
  readonly onEvent?: (event: MembershipEvent) => void
}
