/**
 * Spans of the analytics process, told to its node when they have ended, which sends them with its own.
 *
 * So the process that stores clicks loads nothing of what sends spans. They are few: of batches that are
 * stored, and of webhooks. Each is the root of a trace.
 */
import { spanSink, type SpanAttributes, type SpanSink } from '../../links/tracing.ts'

export interface ToldSpan {
  readonly name: string
  readonly attributes: SpanAttributes
  /** In milliseconds since 1970. */
  readonly startedAt: number
  readonly endedAt: number
  readonly hasFailed: boolean
}

/** Nobody's parent. */
const NO_TRACE = ''

/** In the process. */
export function tellingSink(tell: (span: ToldSpan) => void, now: () => number): SpanSink {
  return {
    begin: (name, { attributes = {} }) => {
      const startedAt = now()
      let told = attributes
      return {
        traceparent: NO_TRACE,
        set: (more) => {
          told = { ...told, ...more }
        },
        end: (error) => {
          const hasFailed = error !== undefined
          tell({ name, attributes: told, startedAt, endedAt: now(), hasFailed })
        },
      }
    },
  }
}

/** In the node. */
export function takeSpan({ name, attributes, startedAt, endedAt, hasFailed }: ToldSpan): void {
  const span = spanSink()?.begin(name, { attributes, startedAt })
  span?.end(hasFailed ? new Error('it failed in the analytics process') : undefined, endedAt)
}
