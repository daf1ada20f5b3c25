/**
 * The text of a redirect, equal to what Node and Fastify make of the redirect route's reply.
 *
 * Used by the fast path. All that changes between two replies is the address, which of few forms it
 * has and, once a second, the date; the rest is put together once. It refuses an address that could break out of its
 * header line: Fastify then answers, with the error that Node raises for such a header.
 */
import type { EpochMs } from '../../links/ids.ts'
import type { RedirectStatus } from '../../links/link.ts'
import { HSTS } from '../http/security-headers.ts'
import { isKept, KEPT, NOT_KEPT, reasonOf, type Target } from '../http/redirect-form.ts'

/** By status: what stands before the address. */
const STARTS: Readonly<Record<RedirectStatus, string>> = {
  301: startWith(301),
  302: startWith(302),
  307: startWith(307),
  308: startWith(308),
}
/** Anything but visible ASCII. Addresses are normalised long before; this guards the socket. */
const UNSAFE = /[^\x21-\x7e]/

export class RedirectReply {
  readonly #keepAliveSeconds: number
  /** A whole line, or none. */
  readonly #hsts: string
  readonly #status: RedirectStatus
  #second = -1
  #tails: Tails = NO_TAILS
  /** Of what browsers may keep. */
  #keptTails: Tails = NO_TAILS

  /**
   * @param status of links that do not say it themselves
   * @param hsts what browsers are told of HTTPS, in each reply
   */
  constructor(keepAliveSeconds: number, status: RedirectStatus, hsts?: string) {
    this.#hsts = hsts === undefined ? '' : `${HSTS}: ${hsts}\r\n`
    this.#keepAliveSeconds = keepAliveSeconds
    this.#status = status
  }

  /** Brings the date up to `now`; called before replies are made, however often. */
  setTime(now: EpochMs): void {
    const second = Math.floor(now / 1000)
    if (second === this.#second) return
    this.#second = second
    const date = new Date(second * 1000).toUTCString()
    this.#tails = this.#tailsWith(NOT_KEPT, date)
    this.#keptTails = this.#tailsWith(KEPT, date)
  }

  /** Of the reply that leads to `target`. */
  statusOf({ status = this.#status }: Target): RedirectStatus {
    return status
  }

  /**
   * The whole reply, to `url`, which is the target's with the visitor's query; undefined if it must not
   * stand in a header. `isLast` closes afterwards.
   */
  text(url: string, target: Target, isLast: boolean): string | undefined {
    if (UNSAFE.test(url)) return undefined
    const status = target.status ?? this.#status
    const tails = isKept(status, target) ? this.#keptTails : this.#tails
    return STARTS[status] + url + (isLast ? tails.last : tails.other)
  }

  #tailsWith(cacheControl: string, date: string): Tails {
    const middle = `\r\n${this.#hsts}Cache-Control: ${cacheControl}\r\nContent-Length: 0\r\nDate: ${date}\r\n`
    const keepAlive = `Connection: keep-alive\r\nKeep-Alive: timeout=${this.#keepAliveSeconds}\r\n\r\n`
    return { last: `${middle}Connection: close\r\n\r\n`, other: middle + keepAlive }
  }
}

interface Tails {
  /** Of the last reply of a connection. */
  readonly last: string
  readonly other: string
}

const NO_TAILS: Tails = { last: '', other: '' }

function startWith(status: RedirectStatus): string {
  return `HTTP/1.1 ${status} ${reasonOf(status)}\r\nLocation: `
}
