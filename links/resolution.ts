/**
 * What the owner of a link says of one visitor: where he is sent, by the rules of the link, if any.
 *
 * Pure. Used by owners, and by the fallback while an owner is away. Nothing is counted by it, and no
 * password is asked for: both are the gateway's, before the visitor is told.
 */
import type { EpochMs } from './ids.ts'
import {
  ABSENT,
  formOf,
  obstacleOf,
  type Link,
  type Obstacle,
  type QueryForwarding,
  type RedirectStatus,
} from './link.ts'
import { chooseTarget, type Visitor } from './redirect-rules.ts'

export interface Resolution {
  readonly kind: 'resolved'
  readonly url: string
  /** Left out: as the settings say. */
  readonly status?: RedirectStatus
  /** Left out: as the settings say. */
  readonly forwardQuery?: QueryForwarding
  /** Which rule decided, from 1; 0: none did, or there are none. */
  readonly rule: number
  /** Has maxVisits: the visit must be logged before the answer. */
  readonly isMetered: boolean
}

export type Resolved = Resolution | Obstacle

export function resolveLink(link: Link | undefined, visitor: Visitor, now: EpochMs): Resolved {
  const blocked = link === undefined ? ABSENT : obstacleOf(link, now)
  if (blocked !== undefined) return blocked
  return {
    kind: 'resolved',
    ...chooseTarget(link!, visitor, now),
    isMetered: link!.maxVisits !== null,
    ...formOf(link!),
  }
}
