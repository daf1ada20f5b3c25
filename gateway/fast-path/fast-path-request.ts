/**
 * The one shape of request that the fast path answers, found in text without building objects.
 *
 * Used by the fast path's connections. A request is `GET /<code> HTTP/1.1`, perhaps with a slash behind the
 * code and a query behind that, and plain headers: one Host, no key, no body, no upgrade, no expectation, no
 * connection option but keep-alive, every line ended by CRLF. What is said to be complete is exactly that;
 * what is said to be incomplete becomes it if the right bytes follow; all the rest is OTHER and nobody's to
 * judge here. So a doubt costs speed, never a wrong answer: accepting less than Node's parser does is
 * allowed, accepting more is not.
 *
 * A client repeats its headers, so a head that is byte for byte the last one of its connection is not
 * read again: comparing it costs a tenth of reading it.
 *
 * It works on latin1 text, one character per byte, since comparing and cutting strings is cheaper
 * in V8 than doing the same with Buffers of this size. Rejected: a regular expression, which cannot
 * tell a beginning from a mistake, and so would have to wait for bytes that do not matter any more.
 */
import { CODE_LENGTH_MAX, type Code } from '../../links/ids.ts'

/** The bytes are a true beginning of a request; the rest of it has not come yet. */
export const INCOMPLETE = 0
/** The bytes are something else, or may be. */
export const OTHER = -1

/** The longest head, in bytes, that is read here; Node's own limit is 16,384. */
const HEAD_BYTES_MAX = 4096

/** What stands before the code. */
const TARGET_PREFIX = 'GET /'
const VERSION = ' HTTP/1.1\r\n'
const SPACE = 32
const SLASH = 47
const QUESTION_MARK = 63
const CR = 13
const LF = 10
const COLON = 58

const IN_CODE = 1
const IN_NAME = 2
const IN_VALUE = 4
const IN_QUERY = 8
const CLASSES = characterClasses()

/**
 * Headers that change how a connection or a message is read, and so belong to Node's parser; and
 * those that may carry the API key, which the redirect route answers with more.
 */
const FOREIGN_HEADERS = new Set([
  'authorization',
  'content-length',
  'expect',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-api-key',
])
const HOST = 'host'
const CONNECTION = 'connection'
const KEEP_ALIVE = 'keep-alive'

/** Never in a head, being no byte, so the first request is always read in full. */
const NO_HEAD = '\u0100'

/** What stands before the plain codes of requests with this head: their domain, if it is not the default one. */
export type PrefixOf = (head: string) => string

/** Finds the requests of one connection, one after the other. */
export class RequestReader {
  readonly #prefixOf: PrefixOf | undefined
  /** Of the newest head. */
  #prefix = ''
  #codeEnd = 0
  #targetEnd = 0
  /** The end of the newest head, from behind the target, that was found to be plain. */
  #knownHead = NO_HEAD

  /** @param prefixOf undefined: there is the default domain alone */
  constructor(prefixOf?: PrefixOf) {
    this.#prefixOf = prefixOf
  }

  /** Where the request ends that starts at `start`: the index after it, INCOMPLETE or OTHER. */
  endOfRequest(text: string, start: number): number {
    this.#codeEnd = endOfCode(text, start)
    this.#targetEnd = this.#codeEnd > 0 ? endOfTarget(text, this.#codeEnd) : this.#codeEnd
    const end = this.#targetEnd > 0 ? this.#endOfHead(text, this.#targetEnd) : this.#targetEnd
    const length = (end === INCOMPLETE ? text.length + 1 : end) - start
    return length > HEAD_BYTES_MAX ? OTHER : end
  }

  /** The full code of the request that was found last, which started at `start`. */
  codeOf(text: string, start: number): Code {
    const code = text.slice(start + TARGET_PREFIX.length, this.#codeEnd) as Code
    return this.#prefix === '' ? code : ((this.#prefix + code) as Code)
  }

  /** The query of the request that was found last, with its question mark; '' if it has none. */
  queryOf(text: string): string {
    if (this.#targetEnd === this.#codeEnd) return ''
    const start = text.charCodeAt(this.#codeEnd) === SLASH ? this.#codeEnd + 1 : this.#codeEnd
    return detached(text, start, this.#targetEnd)
  }

  /** The head of the request that was found last, from behind the target; the same object if it is equal. */
  get head(): string {
    return this.#knownHead
  }

  #endOfHead(text: string, targetEnd: number): number {
    const knownEnd = targetEnd + this.#knownHead.length
    if (text.slice(targetEnd, knownEnd) === this.#knownHead) return knownEnd
    const end = endOfHead(text, targetEnd)
    if (end > 0) {
      this.#knownHead = detached(text, targetEnd, end)
      if (this.#prefixOf !== undefined) this.#prefix = this.#prefixOf(this.#knownHead)
    }
    return end
  }
}

/** Where the code ends whose request starts at `start`: an index, INCOMPLETE or OTHER. */
export function endOfCode(text: string, start: number): number {
  const codeStart = start + TARGET_PREFIX.length
  if (!text.startsWith(TARGET_PREFIX, start)) return beginning(TARGET_PREFIX, text, start)
  const limit = codeStart + CODE_LENGTH_MAX
  let at = codeStart
  while (at <= limit && (CLASSES[text.charCodeAt(at)]! & IN_CODE) !== 0) at++
  if (at > limit) return OTHER
  if (at === text.length) return INCOMPLETE
  return at > codeStart ? at : OTHER
}

/** Where the target ends whose code ends at `codeEnd`: an index or INCOMPLETE. */
export function endOfTarget(text: string, codeEnd: number): number {
  const next = text.charCodeAt(codeEnd)
  if (next === SPACE) return codeEnd
  const slashEnd = next === SLASH ? codeEnd + 1 : codeEnd
  const hasQuery = text.charCodeAt(slashEnd) === QUESTION_MARK
  const end = hasQuery ? endOfRun(text, slashEnd, IN_QUERY) : slashEnd
  return end === text.length ? INCOMPLETE : end
}

/** Where the head ends whose target ends at `start`: the index after it, INCOMPLETE or OTHER. */
export function endOfHead(text: string, start: number): number {
  if (!text.startsWith(VERSION, start)) return beginning(VERSION, text, start)
  let at = start + VERSION.length
  let hosts = 0
  let connections = 0
  for (;;) {
    if (at === text.length) return INCOMPLETE
    if (text.charCodeAt(at) === CR) return hosts === 1 ? endOfLine(text, at) : OTHER
    const nameEnd = endOfRun(text, at, IN_NAME)
    if (nameEnd === text.length) return INCOMPLETE
    if (nameEnd === at || text.charCodeAt(nameEnd) !== COLON) return OTHER
    const valueEnd = endOfRun(text, nameEnd + 1, IN_VALUE)
    const lineEnd = valueEnd === text.length ? INCOMPLETE : endOfLine(text, valueEnd)
    if (lineEnd <= 0) return lineEnd
    const name = text.slice(at, nameEnd).toLowerCase()
    if (FOREIGN_HEADERS.has(name)) return OTHER
    if (name === HOST && (++hosts > 1 || valueIn(text, nameEnd, valueEnd) === '')) return OTHER
    if (name === CONNECTION && (++connections > 1 || !keepsAlive(text, nameEnd, valueEnd))) {
      return OTHER
    }
    at = lineEnd
  }
}

/** INCOMPLETE if the text from `start` on is a beginning of `whole`, otherwise OTHER. */
function beginning(whole: string, text: string, start: number): number {
  return whole.startsWith(text.slice(start, start + whole.length)) ? INCOMPLETE : OTHER
}

function endOfRun(text: string, start: number, kind: number): number {
  let at = start
  while (at < text.length && (CLASSES[text.charCodeAt(at)]! & kind) !== 0) at++
  return at
}

/** The index after the CRLF that should stand at `at`. */
function endOfLine(text: string, at: number): number {
  if (text.charCodeAt(at) !== CR) return OTHER
  if (at + 1 === text.length) return INCOMPLETE
  return text.charCodeAt(at + 1) === LF ? at + 2 : OTHER
}

function valueIn(text: string, colon: number, end: number): string {
  return text.slice(colon + 1, end).trim()
}

function keepsAlive(text: string, colon: number, end: number): boolean {
  return valueIn(text, colon, end).toLowerCase() === KEEP_ALIVE
}

/**
 * RFC 9110: tokens in 5.6.2, values in 5.5 but for obs-text (bytes past 127), left to Node. A query is
 * all that Node takes for one but a fragment and such bytes.
 */
function characterClasses(): Uint8Array {
  const classes = new Uint8Array(256)
  const add = (characters: string, kind: number): void => {
    for (const character of characters) classes[character.charCodeAt(0)]! |= kind
  }
  const alphanumerics = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
  add(`${alphanumerics}_-`, IN_CODE)
  add(`${alphanumerics}!#$%&'*+-.^_\`|~`, IN_NAME)
  add('\t', IN_VALUE)
  for (let character = 0x20; character < 0x7f; character++) classes[character]! |= IN_VALUE
  for (let character = 0x21; character < 0x7f; character++) classes[character]! |= IN_QUERY
  classes['#'.charCodeAt(0)]! &= ~IN_QUERY
  return classes
}

/** A part of `text` that does not keep a much longer text alive. */
function detached(text: string, start: number, end: number): string {
  const part = text.slice(start, end)
  return text.length <= HEAD_BYTES_MAX ? part : Buffer.from(part, 'latin1').toString('latin1')
}
