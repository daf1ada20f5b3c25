/**
 * What the interfaces of other shorteners share: all that our own API has, and what a scope of theirs needs.
 *
 * Made once by the gateway, if one of them is on.
 */
import type { Logger } from 'pino'
import type { Clock } from '../../links/clock.ts'
import type { NodeStatus } from '../../links/link-owner.ts'
import type { KeyCheck } from '../api/authentication.ts'
import type { RequestTimes } from '../http/request-times.ts'
import type { ClickContext } from '../stats/click-context.ts'

export interface ForeignContext extends ClickContext {
  readonly keys: KeyCheck
  readonly logger: Logger
  readonly times: RequestTimes
  readonly clock: Clock
  readonly status: () => NodeStatus
  readonly isClosing: () => boolean
}
