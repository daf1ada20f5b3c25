/**
 * The hash of a code, from its text and from its bytes: one function in two forms.
 *
 * Injected into the link table, so that tests can make codes collide.
 * Invariant: ofCode(code) === ofBytes(bytes, start, end) wherever those bytes spell the code.
 */
import { hashCode, hashCodeBytes } from '../../links/hash.ts'
import type { Code } from '../../links/ids.ts'

export interface CodeHash {
  /** Unsigned 32 bits. */
  ofCode(code: Code): number
  ofBytes(bytes: Uint8Array, start: number, end: number): number
}

export const CODE_HASH: CodeHash = Object.freeze({ ofCode: hashCode, ofBytes: hashCodeBytes })
