/**
 * What a request takes with it to another node: its mark, and a span of the call if it is traced.
 *
 * Used for each request that `remote-batches.ts` gathers. The span is as long as the caller waits, with
 * the gathering; what the owner does is a child of it.
 */
import type { NodeId } from '../links/ids.ts'
import { currentMark, type RequestMark } from '../links/request-mark.ts'
import { beginFor, markOf } from '../links/tracing.ts'
import type { Asker } from './remote-batches.ts'

export interface MarkedCall<Answered> {
  readonly asker: Asker<Answered>
  readonly mark: RequestMark | undefined
}

export function markedCall<Answered>(
  name: string,
  node: NodeId,
  asker: Asker<Answered>,
): MarkedCall<Answered> {
  const mark = currentMark()
  const span = beginFor(mark, name, { kind: 'client', attributes: { 'tinygrid.node': node } })
  if (span === undefined) return { asker, mark }
  const traced: Asker<Answered> = {
    resolve: (answer) => {
      span.end()
      asker.resolve(answer)
    },
    reject: (error) => {
      span.end(error)
      asker.reject(error)
    },
  }
  return { asker: traced, mark: markOf(span) }
}
