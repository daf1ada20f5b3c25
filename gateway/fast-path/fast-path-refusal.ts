/**
 * What a visitor is told where there is no such link, equal to what Node and Fastify make of it.
 *
 * Used by the fast path, so that codes that were never given are answered as fast as others: whoever tries
 * codes costs the redirects of everybody else little. There are few of these answers, a page and data for each
 * reason, and nothing in them depends on the link; so each is put together once a second, for its date. It
 * gives none where more has to be found out: a link that sends on who comes too late, a word of the service's
 * own, a head whose wishes take long to read.
 */
import assert from 'node:assert/strict'
import { STATUS_CODES } from 'node:http'
import type { TinygridError } from '../../links/errors.ts'
import { plainCodeOf } from '../../links/full-code.ts'
import type { Code, EpochMs } from '../../links/ids.ts'
import { ABSENT, type Lookup } from '../../links/link.ts'
import { isReserved } from '../../links/reserved-codes.ts'
import { formOf, prefersData, type Form } from '../http/error-reply.ts'
import { HSTS } from '../http/security-headers.ts'
import { goneError, visitorError } from '../pages/visitor-pages.ts'

export interface Refusal {
  readonly status: number
  /** The whole reply. */
  readonly text: string
}

/** Of all `Accept` lines together, in characters; those of browsers have at most 150. */
const ACCEPT_LENGTH_MAX = 512
const ACCEPT_LINES = /\r\naccept:([^\r]*)/gi
/** What is no plain text of one byte a character. */
const WIDE = /[^\n\x20-\x7e]/

const ERRORS = {
  absent: visitorError(ABSENT),
  deleted: goneError('deleted'),
  expired: goneError('expired'),
  used_up: goneError('used_up'),
} as const

type Reason = keyof typeof ERRORS

export class Refusals {
  readonly #pages: Replies
  readonly #data: Replies
  /** Clients repeat their heads: the newest one, and what it asks for. */
  #head = ''
  #wish: Wish = 'page'

  /** @param hsts what browsers are told of HTTPS, in each answer */
  constructor(keepAliveSeconds: number, hsts?: string) {
    this.#pages = new Replies(keepAliveSeconds, 'page', hsts)
    this.#data = new Replies(keepAliveSeconds, 'data', hsts)
  }

  /** undefined: it is for the server to answer. @param head from behind the target */
  of(found: Lookup, code: Code, head: string, now: EpochMs): Refusal | undefined {
    const reason = reasonOf(found)
    if (reason === undefined || isReserved(plainCodeOf(code))) return undefined
    if (head !== this.#head) {
      this.#wish = wishOf(head)
      this.#head = head
    }
    if (this.#wish === 'unread') return undefined
    return (this.#wish === 'data' ? this.#data : this.#pages).of(reason, now)
  }
}

type Wish = Form | 'unread'

/** Node joins lines of the same name with commas. */
function wishOf(head: string): Wish {
  const values: string[] = []
  let length = 0
  for (const [, value] of head.matchAll(ACCEPT_LINES)) {
    length += value!.length
    if (length > ACCEPT_LENGTH_MAX) return 'unread'
    values.push(value!)
  }
  if (values.length === 0) return 'page'
  return prefersData(values.join(',')) ? 'data' : 'page'
}

function reasonOf(found: Lookup): Reason | undefined {
  if (found.kind === 'absent' || found.kind === 'scheduled') return 'absent'
  return found.kind === 'gone' && found.url === undefined ? found.reason : undefined
}

/** All answers in one form, of the present second. */
class Replies {
  readonly #keepAliveSeconds: number
  readonly #form: Form
  readonly #hsts: string | undefined
  readonly #made = new Map<Reason, Refusal>()
  #second = -1

  constructor(keepAliveSeconds: number, form: Form, hsts?: string) {
    this.#hsts = hsts
    this.#keepAliveSeconds = keepAliveSeconds
    this.#form = form
  }

  of(reason: Reason, now: EpochMs): Refusal {
    const second = Math.floor(now / 1000)
    if (second !== this.#second) this.#made.clear()
    this.#second = second
    let made = this.#made.get(reason)
    if (made === undefined) this.#made.set(reason, (made = this.#make(ERRORS[reason])))
    return made
  }

  #make(error: TinygridError): Refusal {
    const { status } = error
    const { headers, body } = formOf(error, this.#form)
    assert(!WIDE.test(body), 'each character has to be a byte')
    const lines = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      ...(this.#hsts === undefined ? [] : [`${HSTS}: ${this.#hsts}`]),
      `content-length: ${body.length}`,
      `Date: ${new Date(this.#second * 1000).toUTCString()}`,
      'Connection: keep-alive',
      `Keep-Alive: timeout=${this.#keepAliveSeconds}`,
    ]
    return { status, text: `${lines.join('\r\n')}\r\n\r\n${body}` }
  }
}
