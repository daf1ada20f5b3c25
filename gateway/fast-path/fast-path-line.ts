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
 * bytes the connection stops reading (what one read brings may come on top). It knows no socket.
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

/** A request with its answer, once that is here. */
export interface Expected {
  readonly bytes: number
  readonly code: Code
  /** With its question mark; '' if there is none. */
  readonly query: string
  /** From behind the target. */
  readonly head: string
  found: Lookup | undefined
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
    return !this.#isStopped && this.#expected.length < EXPECTED_MAX
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
  expect(end: number, request: Omit<Expected, 'bytes'>): Expected {
    assert(this.canReadOn && end > this.#readTo)
    const expected = { bytes: end - this.#readTo, ...request }
    this.#expected.push(expected)
    this.#readTo = end
    return expected
  }

  /** What stands at `readTo` is the server's: nothing behind it is looked up. */
  stop(): void {
    this.#isStopped = true
  }

  /** The first request has its reply. */
  shift(): void {
    this.#start += this.#expected.shift()!.bytes
  }

  /** All bytes that have no reply. */
  rest(): string {
    return this.#text.slice(this.#start)
  }
}
