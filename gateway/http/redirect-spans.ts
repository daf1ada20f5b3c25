/**
 * Spans of redirects that are answered in front of Fastify, where the node traces.
 *
 * Used by the fast path and by what is asked before Fastify looks for a route. A redirect takes less time than
 * a span, so there are REDIRECT_SPANS_PER_SECOND_MAX of them in a second at most, whatever is sampled and
 * whatever clients wish by `traceparent`; beyond it redirects go on without. Where nothing is traced
 * there is none of these, and nobody looks for a header.
 */
import type { EpochMs } from '../../links/ids.ts'
import { marked } from '../../links/request-mark.ts'
import { markOf, spanSink, type OpenSpan, type SpanSink } from '../../links/tracing.ts'
import { TRACEPARENT } from './request-spans.ts'

const REDIRECT_SPANS_PER_SECOND_MAX = 500

const NAME = 'GET /:code'
const ATTRIBUTES = { 'http.request.method': 'GET', 'http.route': '/:code' }
const HEADER = /\r\ntraceparent:[ \t]{0,8}([0-9a-f-]{55})[ \t]{0,8}\r/i

export class RedirectSpans {
  readonly #sink: SpanSink
  readonly #perSecondMax: number
  #second = 0
  #begun = 0
  /** Clients repeat their heads: the newest one, and what it says. */
  #head = ''
  #parent: string | undefined

  private constructor(sink: SpanSink, perSecondMax: number) {
    this.#sink = sink
    this.#perSecondMax = perSecondMax
  }

  /** undefined: nothing is traced. */
  static open(perSecondMax = REDIRECT_SPANS_PER_SECOND_MAX): RedirectSpans | undefined {
    const sink = spanSink()
    return sink && new RedirectSpans(sink, perSecondMax)
  }

  /** @param head of the request, from behind its target; undefined: this one is not traced */
  ofHead(head: string, at: EpochMs): OpenSpan | undefined {
    if (!this.#hasRoom(at)) return undefined
    if (head !== this.#head) {
      this.#parent = HEADER.exec(head)?.[1]
      this.#head = head
    }
    return this.#begin(this.#parent)
  }

  ofHeaders(rawHeaders: readonly string[], at: EpochMs): OpenSpan | undefined {
    if (!this.#hasRoom(at)) return undefined
    let parent: string | undefined
    for (let index = 0; index < rawHeaders.length; index += 2) {
      const name = rawHeaders[index]!
      if (name.length !== TRACEPARENT.length || name.toLowerCase() !== TRACEPARENT) continue
      parent = rawHeaders[index + 1]
      break
    }
    return this.#begin(parent)
  }

  #hasRoom(at: EpochMs): boolean {
    const second = Math.floor(at / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#begun = 0
    }
    return this.#begun < this.#perSecondMax
  }

  #begin(parent: string | undefined): OpenSpan | undefined {
    const span = this.#sink.begin(NAME, { kind: 'server', parent, attributes: ATTRIBUTES })
    if (span !== undefined) this.#begun++
    return span
  }
}

/** Asks for an answer in the span of its redirect; undefined: it has none. */
export function findIn<T>(span: OpenSpan | undefined, find: () => T): T {
  return span === undefined ? find() : marked(markOf(span), find)
}

/** The redirect was answered with this status. */
export function endRedirect(span: OpenSpan | undefined, status: number): void {
  span?.set({ 'http.response.status_code': status })
  span?.end()
}
