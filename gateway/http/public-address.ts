/**
 * The service's own address as clients see it: what short links start with, and what is refused as
 * a target because it would lead back here.
 *
 * With a base URL that is the address. Without one it is what the client used, from the request's
 * Host (or the proxy's X-Forwarded-Host, if it is trusted), checked before it is repeated: a Host
 * that is not plain falls back to localhost.
 */
import type { FastifyRequest } from 'fastify'
import type { Code } from '../../links/ids.ts'
import type { OwnAddress } from '../../links/own-address.ts'

const HOST_PATTERN =
  /^(?:[a-z0-9](?:[a-z0-9._-]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/i

export interface PublicAddressOptions {
  readonly baseUrl: string | undefined
  /** Where the server listens if the socket does not tell. */
  readonly port: number
}

export class PublicAddress {
  readonly #baseUrl: string | undefined
  readonly #port: number
  /** Parsed once for many requests: clients hardly ever differ in it. */
  #lastBase = { baseUrl: '', url: new URL('http://localhost') }

  constructor({ baseUrl, port }: PublicAddressOptions) {
    this.#baseUrl = baseUrl?.replace(/\/+$/, '')
    this.#port = port
  }

  /** Without a slash at the end. Same for all links of one request. */
  baseUrl(request: FastifyRequest): string {
    if (this.#baseUrl !== undefined) return this.#baseUrl
    const { host } = request
    if (!HOST_PATTERN.test(host)) return `http://localhost:${this.#portOf(request)}`
    return `${request.protocol === 'https' ? 'https' : 'http'}://${host.toLowerCase()}`
  }

  /** What a target of this request must not lead to. */
  own(request: FastifyRequest): OwnAddress {
    const baseUrl = this.baseUrl(request)
    if (this.#lastBase.baseUrl !== baseUrl) this.#lastBase = { baseUrl, url: new URL(baseUrl) }
    return { base: this.#lastBase.url, port: this.#portOf(request) }
  }

  shortUrl(request: FastifyRequest, code: Code): string {
    return `${this.baseUrl(request)}/${code}`
  }

  /** The port that the request came in by. */
  #portOf(request: FastifyRequest): number {
    return request.raw.socket.localPort ?? this.#port
  }
}
