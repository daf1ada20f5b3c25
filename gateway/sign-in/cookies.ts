/**
 * The cookies of the sign-in: how they are written and read.
 *
 * HttpOnly, SameSite=Lax, and over HTTPS Secure with the prefix that makes browsers insist on it. They are for
 * `/api` alone, so that no redirect carries one and no click log could see it. Rejected: `__Host-`, which needs the path `/`.
 */
import type { IncomingHttpHeaders } from 'node:http'

export type CookieName = 'session' | 'login' | 'sign-out'

/** Cookies that are looked at in one header. */
const COOKIES_MAX = 100

export class Cookies {
  readonly #prefix: string
  readonly #attributes: string
  readonly #path: string

  /** @param base the service's public address */
  constructor(base: URL) {
    const isSecure = base.protocol === 'https:'
    this.#prefix = isSecure ? '__Secure-tinygrid-' : 'tinygrid-'
    this.#path = `${base.pathname.replace(/\/+$/, '')}/api`
    this.#attributes = `HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`
  }

  nameOf(name: CookieName): string {
    return this.#prefix + name
  }

  /** For `Set-Cookie`. */
  set(name: CookieName, value: string, seconds: number): string {
    const place = `Path=${this.#pathOf(name)}; Max-Age=${seconds}`
    return `${this.nameOf(name)}=${value}; ${place}; ${this.#attributes}`
  }

  forget(name: CookieName): string {
    return this.set(name, '', 0)
  }

  /** undefined: it was not sent. Of several the first, which a browser sends for the longest path. */
  read({ cookie }: IncomingHttpHeaders, name: CookieName): string | undefined {
    if (cookie === undefined) return undefined
    const start = `${this.nameOf(name)}=`
    const parts = cookie.split(';', COOKIES_MAX).map((part) => part.trim())
    return parts.find((part) => part.startsWith(start))?.slice(start.length)
  }

  #pathOf(name: CookieName): string {
    if (name === 'session') return this.#path
    return `${this.#path}/${name === 'login' ? 'sign-in' : 'sign-out'}`
  }
}
