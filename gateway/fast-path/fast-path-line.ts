/**
 * Requests of one connection that were read and wait for an answer from elsewhere, in order.
 *
 * Used by the fast path's connection from the first request whose look-up says 'unknown' until all
 * of the line is answered. Requests behind the first are looked up too, so that what a client asks
 * at once is asked of the owners at once; their replies wait for their turn. The line keeps the
 * bytes of everything that is not answered, because any answer may turn out to be the server's to
 * give, and the server reads requests, not codes.
 *
 * It is bounded: beyond EXPECTED_MAX requests nothing more is looked up, and beyond HELD_BYTES_MAX
 * bytes the connection stops reading (what one read brings may come on top). Answers wait with
 * FOUND_BYTES_MAX bytes of URLs at most, and one URL more, besides the first one: beyond that nothing
 * more is looked up, and what comes from elsewhere is let go, to be asked for again when its turn
 * has come. It knows no socket.
 *
 * Rejected: one question at a time, which makes a pipelining client wait for the sum of all answers.
 */
import assert from 'node:assert/strict'
import type { Code } from '../../links/ids.ts'
import type { Lookup } from '../../links/link.ts'

/** Requests of one connection that are looked up before the first of them is answered. */
export const EXPECTED_MAX = 128
/** Bytes of one connection that may wait before it is read no further. */
export const HELD_BYTES_MAX = 16_384
/** Bytes of URLs that may wait behind the first request: of usual ones all that may be looked up. */
export const FOUND_BYTES_MAX = 65_536

/** A request in line. */
export interface ExpectedRequest {
  readonly code: Code
  /** With its question mark; '' if there is none. */
  readonly query: string
  /** From behind the target. */
  readonly head: string
}

/** With its answer, once that is here. */
export interface Expected extends ExpectedRequest {
  readonly bytes: number
  found: Lookup | undefined
  /** The answer came and was let go. Invariant: nothing is found then, nor asked for. */
  isLetGo: boolean
  /** Asking for the answer has a span. */
  isTraced: boolean
  readonly line: WaitingLine
}

export class WaitingLine {
  /** Everything from the first request without a reply on, and perhaps what came before it. */
  #text: string
  /** Where the first request without a reply begins. Invariant: #start <= #readTo <= text.length. */
  #start = 0
  #readTo = 0
  #isStopped = false
  /** Invariant: as long as all from #start to #readTo; never more than EXPECTED_MAX. */
  readonly #expected: Expected[] = []
  /** Invariant: of the URLs of all that is expected and found. */
  #foundBytes = 0

  constructor(text: string) {
    this.#text = text
  }

  get text(): string {
    return this.#text
  }

  /** Up to where requests were read, as an index into `text`. */
  get readTo(): number {
    return this.#readTo
  }

  get isEmpty(): boolean {
    return this.#expected.length === 0
  }

  /** Whether what stands at `readTo`, if anything, may be looked up now. */
  get canReadOn(): boolean {
    if (this.#isStopped || this.#foundBytes >= FOUND_BYTES_MAX) return false
    return this.#expected.length < EXPECTED_MAX
  }

  /** Whether more bytes are welcome. */
  get hasRoom(): boolean {
    return this.#text.length - this.#start < HELD_BYTES_MAX
  }

  /** The first request; undefined if nobody waits. */
  get first(): Expected | undefined {
    return this.#expected[0]
  }

  isFirst(expected: Expected): boolean {
    return this.#expected[0] === expected
  }

  append(text: string): void {
    this.#text = this.#text.slice(this.#start) + text
    this.#readTo -= this.#start
    this.#start = 0
  }

  /** Takes in the request from `readTo` to `end`. */
  expect(end: number, request: ExpectedRequest): Expected {
    assert(this.canReadOn && end > this.#readTo)
    const bytes = end - this.#readTo
    const expected = {
      bytes,
      ...request,
      found: undefined,
      line: this,
      isLetGo: false,
      isTraced: false,
    }
    this.#expected.push(expected)
    this.#readTo = end
    return expected
  }

  /** What stands at `readTo` is the server's: nothing behind it is looked up. */
  stop(): void {
    this.#isStopped = true
  }

  /** The answer to one that is in this line, or was. */
  take(expected: Expected, found: Lookup): void {
    expected.isLetGo = this.#foundBytes >= FOUND_BYTES_MAX && !this.isFirst(expected)
    if (expected.isLetGo) return
    expected.found = found
    this.#foundBytes += urlBytesOf(found)
  }

  /** The first request, if it has to be asked for again, which the caller does. */
  takeLetGo(): Expected | undefined {
    const first = this.#expected[0]
    if (first?.isLetGo !== true) return undefined
    first.isLetGo = false
    return first
  }

  /** The first request has its reply. */
  shift(): void {
    const { bytes, found } = this.#expected.shift()!
    this.#start += bytes
    if (found !== undefined) this.#foundBytes -= urlBytesOf(found)
  }

  /** All bytes that have no reply. */
  rest(): string {
    return this.#text.slice(this.#start)
  }
}

function urlBytesOf(found: Lookup): number {
  return 'url' in found ? (found.url?.length ?? 0) : 0
}
