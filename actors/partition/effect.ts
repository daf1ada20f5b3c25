/**
 * What a partition actor asks its host to do, as plain data.
 *
 * The host carries effects out in the order given. `Ticket` is the host's handle of a waiting
 * caller; the actor only hands it back, with exactly one answer or refusal.
 */
import type { AppliedChange } from './applied-change.ts'
import type { LinkVersion } from '../../links/link-record.ts'
import type { TinygridError } from '../../links/errors.ts'
import type { Code, LogPosition } from '../../links/ids.ts'
import type { Link } from '../../links/link.ts'
import type { WriteResult } from '../../links/link-owner.ts'

export type Effect<Ticket> =
  | {
      readonly kind: 'append'
      readonly payload: Buffer
      readonly expectedLast: LogPosition
      /** Who waits for it. */
      readonly callers: readonly { readonly ticket: Ticket }[]
    }
  /** As append, after a pause: whether the last attempt was appended is not known. */
  | { readonly kind: 'append_again'; readonly payload: Buffer; readonly expectedLast: LogPosition }
  | { readonly kind: 'read_tail'; readonly after: LogPosition }
  | { readonly kind: 'read_store'; readonly code: Code }
  /** Those of all entries up to here; may be asked for again, when writes have come to wait for it. */
  | { readonly kind: 'read_operations'; readonly upTo: LogPosition; readonly isUrgent: boolean }
  | { readonly kind: 'answer'; readonly ticket: Ticket; readonly result: WriteResult }
  | { readonly kind: 'answer_read'; readonly ticket: Ticket; readonly link: Link | undefined }
  | { readonly kind: 'refuse'; readonly ticket: Ticket; readonly error: TinygridError }
  /** Memory holds these now, dirty: hand them to the write-behind. */
  | {
      readonly kind: 'applied'
      readonly position: LogPosition
      readonly versions: readonly LinkVersion[]
      readonly changes: readonly AppliedChange[]
    }

/** For all who wait for a store read. */
export function refusals<Ticket>(
  { readers, writes }: { readers: readonly Ticket[]; writes: readonly { ticket: Ticket }[] },
  error: TinygridError,
): Effect<Ticket>[] {
  return [...readers, ...writes.map(({ ticket }) => ticket)].map((ticket) => refusal(ticket, error))
}

export function refusal<Ticket>(ticket: Ticket, error: TinygridError): Effect<Ticket> {
  return { kind: 'refuse', ticket, error }
}
