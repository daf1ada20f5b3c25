/**
 * Tells of requests of other nodes that were refused here, by the ids that their clients were told.
 *
 * Used by the owner service: of what went wrong at its owner, the client's node knows no more than a
 * code. Of requests without a mark, which redirects are, nothing is told.
 */
import { ERRORS, TinygridError } from '../../links/errors.ts'
import type { NodeId } from '../../links/ids.ts'
import type { RequestMark } from '../../links/request-mark.ts'

export interface RefusedRequest {
  readonly requestId: string
  /** The node that sent it. */
  readonly from: NodeId
  /** Of `OWNER_CALLS`. */
  readonly call: string
  readonly error: TinygridError
}

export interface MarkedCall {
  readonly from: NodeId
  readonly call: string
  readonly marks: readonly (RequestMark | undefined)[]
}

export function tellRefused(
  { from, call, marks }: MarkedCall,
  answers: readonly unknown[],
  tell: (refused: RefusedRequest) => void,
): void {
  for (const [index, mark] of marks.entries()) {
    const error = answers[index]
    const requestId = mark?.id
    if (requestId === undefined || !(error instanceof TinygridError)) continue
    if (ERRORS[error.code].status >= 500) tell({ requestId, from, call, error })
  }
}
