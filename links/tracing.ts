/**
 * Spans of a trace, as the parts of Tinygrid begin and end them; what becomes of them is the sink's business.
 *
 * Without a sink, which is the usual case, nothing is made, kept or asked: a part looks at one variable.
 * A node that is told to trace sets one (`node/telemetry/`), the process that stores clicks one that tells
 * the node. There is one for the whole process, as there is one log of it. Rejected: a tracer handed to
 * each of a dozen parts, which most programs would never use.
 *
 * A span is a child of the request that it is begun for (`RequestMark.trace`), or the root of a trace of
 * its own, where it is nobody's alone: a flush, a move. What is done for a request that is not
 * traced makes no span. Attributes say what was done and how much; they hold no address, URL, code,
 * header or secret.
 */
import { currentMark, marked, type RequestMark } from './request-mark.ts'

export type SpanKind = 'internal' | 'server' | 'client'
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>

export interface SpanOptions {
  readonly kind?: SpanKind
  /** As W3C's `traceparent` says it; undefined: it is a root. */
  readonly parent?: string | undefined
  readonly attributes?: SpanAttributes
  /** Other spans that it was done for, as `traceparent` says them. */
  readonly links?: readonly string[]
  /** In milliseconds since 1970; left out: now. */
  readonly startedAt?: number
}

export interface OpenSpan {
  /** Of this span, for what is done within it. */
  readonly traceparent: string
  set(attributes: SpanAttributes): void
  /** Called once. @param endedAt in milliseconds since 1970; left out: now */
  end(error?: unknown, endedAt?: number): void
}

export interface SpanSink {
  /** undefined: this one is not sampled. Never throws. */
  begin(name: string, options: SpanOptions): OpenSpan | undefined
}

let sink: SpanSink | undefined

/** @param next undefined: nothing is traced from now on */
export function traceInto(next: SpanSink | undefined): void {
  sink = next
}

/** undefined: nothing is traced. */
export function spanSink(): SpanSink | undefined {
  return sink
}

/** A span around `work`, in a trace of its own. */
export function tracedRoot<T>(
  name: string,
  attributes: SpanAttributes,
  work: () => Promise<T>,
): Promise<T> {
  const span = sink?.begin(name, { attributes })
  return span === undefined ? work() : within({ trace: span.traceparent }, span, work)
}

/** A span around `work` in the trace of the request, if that is traced; `work` is of the request. */
export function tracedFor<T>(
  mark: RequestMark,
  name: string,
  options: Omit<SpanOptions, 'parent'>,
  work: () => T,
): T {
  const span = beginFor(mark, name, options)
  if (span === undefined) return marked(mark, work)
  return within({ ...mark, trace: span.traceparent }, span, work)
}

/** undefined: the request is not traced. */
export function beginFor(
  mark: RequestMark | undefined,
  name: string,
  options: Omit<SpanOptions, 'parent'>,
): OpenSpan | undefined {
  if (sink === undefined || mark?.trace === undefined) return undefined
  return sink.begin(name, { ...options, parent: mark.trace })
}

/** The present request's mark, with this span in place of the one that it has. */
export function markOf(span: OpenSpan): RequestMark {
  return { ...currentMark(), trace: span.traceparent }
}

function within<T>(mark: RequestMark, span: OpenSpan, work: () => T): T {
  try {
    const done = marked(mark, work)
    if (done instanceof Promise) {
      done.then(
        () => span.end(),
        (error: unknown) => span.end(error),
      )
    } else span.end(done instanceof Error ? done : undefined)
    return done
  } catch (error) {
    span.end(error)
    throw error
  }
}

/** Version 00 of W3C's Trace Context, which later ones begin with; ids are not all zero. */
const TRACEPARENT =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/

export interface TraceParent {
  readonly traceId: string
  readonly spanId: string
  readonly isSampled: boolean
}

/** undefined: it is none. */
export function parseTraceparent(text: unknown): TraceParent | undefined {
  const parts = typeof text === 'string' ? TRACEPARENT.exec(text) : null
  if (parts === null) return undefined
  const [, traceId, spanId, flags] = parts
  return { traceId: traceId!, spanId: spanId!, isSampled: (Number.parseInt(flags!, 16) & 1) === 1 }
}
