/**
 * Finds the requests of one connection, one after the other.
 *
 * Used by the fast path's connection. A client repeats its headers, so a head that is byte for byte
 * the last one is not read again: comparing it costs a tenth of reading it.
 */
import type { Code } from '../../links/ids.ts'
import {
  endOfCode,
  endOfHead,
  HEAD_BYTES_MAX,
  INCOMPLETE,
  OTHER,
  TARGET_PREFIX,
} from './fast-path-request.ts'

/** Never the end of a head, so the first request is always read in full. */
const NO_HEAD = '-'

export class RequestReader {
  #codeEnd = 0
  /** The end of the newest head, from behind the code, that was found to be plain. */
  #knownHead = NO_HEAD

  /** Where the request ends that starts at `start`: the index after it, INCOMPLETE or OTHER. */
  endOfRequest(text: string, start: number): number {
    this.#codeEnd = endOfCode(text, start)
    const end = this.#codeEnd > 0 ? this.#endOfHead(text, start, this.#codeEnd) : this.#codeEnd
    return end === INCOMPLETE && text.length - start >= HEAD_BYTES_MAX ? OTHER : end
  }

  /** The code of the request that was found last, which started at `start`. */
  codeOf(text: string, start: number): Code {
    return text.slice(start + TARGET_PREFIX.length, this.#codeEnd) as Code
  }

  #endOfHead(text: string, start: number, codeEnd: number): number {
    const knownEnd = codeEnd + this.#knownHead.length
    if (text.slice(codeEnd, knownEnd) === this.#knownHead) return knownEnd
    const end = endOfHead(text, codeEnd)
    if (end <= 0) return end
    if (end - start > HEAD_BYTES_MAX) return OTHER
    this.#knownHead = detached(text, codeEnd, end)
    return end
  }
}

/** A part of `text` that does not keep a much longer text alive. */
function detached(text: string, start: number, end: number): string {
  const part = text.slice(start, end)
  return text.length <= HEAD_BYTES_MAX ? part : Buffer.from(part, 'latin1').toString('latin1')
}
