/**
 * The text of a redirect, equal to what Node and Fastify make of the redirect route's reply.
 *
 * Used by the fast path. All that changes between two replies is the address and, once a second,
 * the date; the rest is put together once. It refuses an address that could break out of its
 * header line: Fastify then answers, with the error that Node raises for such a header.
 */
import type { EpochMs } from '../../links/ids.ts'

const HEAD = 'HTTP/1.1 302 Found\r\nLocation: '
/** Anything but visible ASCII. Addresses are normalised long before; this guards the socket. */
const UNSAFE = /[^\x21-\x7e]/

export class RedirectReply {
  readonly #keepAliveSeconds: number
  #second = -1
  #tail = ''
  #lastTail = ''

  constructor(keepAliveSeconds: number) {
    this.#keepAliveSeconds = keepAliveSeconds
  }

  /** Brings the date up to `now`; called before replies are made, however often. */
  setTime(now: EpochMs): void {
    const second = Math.floor(now / 1000)
    if (second === this.#second) return
    this.#second = second
    const middle =
      '\r\nCache-Control: private, max-age=0\r\nContent-Length: 0\r\n' +
      `Date: ${new Date(second * 1000).toUTCString()}\r\n`
    this.#tail = `${middle}Connection: keep-alive\r\nKeep-Alive: timeout=${this.#keepAliveSeconds}\r\n\r\n`
    this.#lastTail = `${middle}Connection: close\r\n\r\n`
  }

  /** The whole reply; undefined if `url` must not stand in a header. `isLast` closes afterwards. */
  text(url: string, isLast: boolean): string | undefined {
    if (UNSAFE.test(url)) return undefined
    return HEAD + url + (isLast ? this.#lastTail : this.#tail)
  }
}
