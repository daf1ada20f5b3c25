/**
 * The mark of a request: the id by which it is found in logs, on whichever node it is worked on, and its
 * place in a trace.
 *
 * The gateway marks what it gives to its handlers, the router sends marks along with what it asks other
 * nodes, and the owner service marks again what came with one. Who writes a line about a request asks
 * for the present mark. What is done for several requests at once, as a batch of writes, is done without.
 *
 * It follows a request through promises and callbacks by itself (`AsyncLocalStorage`). Rejected: one more
 * argument of everything between a route and an owner, which each would hand on and none would read.
 */
import { AsyncLocalStorage } from 'node:async_hooks'

export interface RequestMark {
  /** As `parseRequestId` takes it; undefined: it has none, as a redirect that is traced. */
  readonly id?: string | undefined
  /** The span that the request is worked on in, as W3C's `traceparent`; undefined: it is not traced. */
  readonly trace?: string | undefined
}

/** At most 128 characters, none of which ends a line or a field in a log or a header. */
const REQUEST_ID = /^[\w.:/+=@-]{1,128}$/

const marks = new AsyncLocalStorage<RequestMark | undefined>()

/** The request that is worked on; undefined: none, or none alone. */
export function currentMark(): RequestMark | undefined {
  return marks.getStore()
}

/** What begins in `work`, now or later, is of this request; undefined: of none. */
export function marked<T>(mark: RequestMark | undefined, work: () => T): T {
  return marks.run(mark, work)
}

/** undefined: it is none. */
export function parseRequestId(value: unknown): string | undefined {
  return typeof value === 'string' && REQUEST_ID.test(value) ? value : undefined
}
