/**
 * A deletion of clicks, as privacy laws let people ask for it: an entry of the click log.
 *
 * It means the clicks that lie before it in the log, and no later ones. Whoever keeps a copy of clicks meets it in its
 * place, whenever it comes there: after an outage, or once more when a lost copy is made anew from the log. It
 * is never older than the clicks that it means, so the log does not drop it before them.
 *
 * Rejected: telling it to the copies that live, and asking again for the others; they would come back with what was
 * deleted, and nobody asks for ever.
 */
export const DELETION_KINDS = ['link', 'address'] as const
export type DeletionKind = (typeof DELETION_KINDS)[number]

export interface ClickDeletion {
  /** Given by who asks: by this it is known whether it was carried out. At most DELETION_ID_LENGTH_MAX. */
  readonly id: string
  /** link: all clicks of a code; address: those with a kept address, as it stands in `Click.address`. */
  readonly kind: DeletionKind
  readonly value: string
}

export const DELETION_ID_LENGTH_MAX = 64
