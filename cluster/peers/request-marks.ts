/**
 * How the marks of requests travel with them to another node.
 *
 * Used by both ends of `owner-protocol.ts`. A call of which no request has a mark is as it was without them,
 * as most are: redirects have none. A mark never decides anything, so what is no mark is none, and
 * refuses no request; a node of an older version passes all of them over.
 */
import { parseRequestId, type RequestMark } from '../../links/request-mark.ts'
import { parseTraceparent } from '../../links/tracing.ts'

export type Marks = readonly (RequestMark | undefined)[]

/** @param call as `encodeRequests` or `encodeCodes` makes it, for as many requests */
export function withMarks(call: unknown, marks: Marks): unknown {
  if (marks.every((mark) => mark === undefined)) return call
  return { ...(call as object), marks: marks.map((mark) => (mark ? textOf(mark) : null)) }
}

/** By the places of the requests; of those behind the last there is none. */
export function parseMarks(call: unknown): Marks {
  const { marks } = (call ?? {}) as { marks?: unknown }
  if (!Array.isArray(marks)) return NONE
  return marks.slice(0, MARKS_MAX).map(markOf)
}

/** The id, and the place in a trace behind it. */
function textOf({ id = '', trace }: RequestMark): string {
  return trace === undefined ? id : `${id} ${trace}`
}

function markOf(text: unknown): RequestMark | undefined {
  if (typeof text !== 'string' || text.length > MARK_LENGTH_MAX) return undefined
  const [given, trace] = text.split(' ', 2)
  const id = parseRequestId(given)
  const isTraced = parseTraceparent(trace) !== undefined
  return id === undefined && !isTraced ? undefined : { id, trace: isTraced ? trace : undefined }
}

/** No call has more requests. */
const MARKS_MAX = 1_000
const MARK_LENGTH_MAX = 256
const NONE: Marks = []
