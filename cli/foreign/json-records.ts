/**
 * Takes the records out of JSON as other products give it: the objects of the first list of each document.
 *
 * So it reads what an interface answers (`{"shortUrls": {"data": [...]}}`), a bare list, and several such pages one
 * after another in one file, without having more than one record in memory. What lies around the list is
 * passed over. Whether each record is JSON is JSON.parse's business; here only brackets and texts are told
 * apart.
 */
import { LINE_BYTES_MAX } from '../lines.ts'

export interface JsonRecord {
  /** From 1. */
  readonly line: number
  readonly endByte: number
  /** undefined: longer than LINE_BYTES_MAX. */
  readonly text: string | undefined
}

export async function* jsonRecords(pieces: AsyncIterable<string>): AsyncGenerator<JsonRecord> {
  const scanner = new Scanner()
  for await (const piece of pieces) yield* scanner.add(piece)
}

/** Those that are whole in the beginning of an input. */
export function jsonRecordsIn(head: string): JsonRecord[] {
  return [...new Scanner().add(head)]
}

/** Depths are those before the bracket that opens: a document is at 0. */
class Scanner {
  #line = 1
  #bytes = 0
  #depth = 0
  #isInText = false
  #isEscaped = false
  /** Of the list of records; 0: this document has shown none yet; -1: it is over. */
  #listDepth = 0
  /** undefined: outside of a record. */
  #record: { line: number; text: string | undefined } | undefined;

  *add(piece: string): Generator<JsonRecord> {
    let start = 0
    let counted = 0
    for (let at = 0; at < piece.length; at++) {
      const character = piece.charCodeAt(at)
      if (character === NEW_LINE) this.#line++
      if (this.#isInText) {
        this.#passText(character)
        continue
      }
      if (character === QUOTE) this.#isInText = true
      else if (character === OPEN_LIST) this.#open(true)
      else if (character === OPEN_OBJECT) {
        if (this.#depth === this.#listDepth && this.#listDepth > 0) {
          start = at
          this.#record = { line: this.#line, text: '' }
        }
        this.#open(false)
      } else if (character === CLOSE_LIST || character === CLOSE_OBJECT) {
        this.#close()
        if (this.#record === undefined || this.#depth !== this.#listDepth) continue
        this.#keep(piece.slice(start, at + 1))
        const { line, text } = this.#record
        this.#record = undefined
        this.#bytes += Buffer.byteLength(piece.slice(counted, at + 1))
        counted = at + 1
        yield { line, text, endByte: this.#bytes }
      }
    }
    if (this.#record !== undefined) this.#keep(piece.slice(start))
    this.#bytes += Buffer.byteLength(piece.slice(counted))
  }

  #passText(character: number): void {
    if (this.#isEscaped) this.#isEscaped = false
    else if (character === BACKSLASH) this.#isEscaped = true
    else if (character === QUOTE) this.#isInText = false
  }

  #open(isList: boolean): void {
    this.#depth++
    if (isList && this.#listDepth === 0) this.#listDepth = this.#depth
  }

  #close(): void {
    this.#depth = Math.max(0, this.#depth - 1)
    if (this.#depth < this.#listDepth) this.#listDepth = -1
    if (this.#depth === 0) this.#listDepth = 0
  }

  #keep(part: string): void {
    const record = this.#record!
    const text = record.text === undefined ? undefined : record.text + part
    record.text = text !== undefined && text.length <= LINE_BYTES_MAX ? text : undefined
  }
}

const NEW_LINE = 10
const QUOTE = 34
const OPEN_LIST = 91
const BACKSLASH = 92
const CLOSE_LIST = 93
const OPEN_OBJECT = 123
const CLOSE_OBJECT = 125
