/**
 * The span of one append to the log: of the first traced request that waits for it, linked to the others.
 *
 * Used where appends are carried out. A batch none of whose writes is traced has no span.
 */
import type { PartitionId } from '../../links/ids.ts'
import type { RequestMark } from '../../links/request-mark.ts'
import { spanSink, type OpenSpan } from '../../links/tracing.ts'

interface Waiting {
  readonly ticket: { readonly mark?: RequestMark | undefined }
}

/** Of one span. */
const LINKS_MAX = 100

export function beginAppend(
  partition: PartitionId,
  bytes: number,
  waiting: readonly Waiting[],
): OpenSpan | undefined {
  const sink = spanSink()
  if (sink === undefined) return undefined
  const traces = waiting.flatMap(({ ticket }) => ticket.mark?.trace ?? [])
  const [parent, ...links] = traces.slice(0, LINKS_MAX + 1)
  if (parent === undefined) return undefined
  const attributes = {
    'tinygrid.partition': partition,
    'tinygrid.writes': waiting.length,
    'tinygrid.bytes': bytes,
  }
  return sink.begin('log.append', { parent, links, attributes })
}
