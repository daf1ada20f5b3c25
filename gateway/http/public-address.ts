/**
 * The service's own address as clients see it: what short links start with, and what is refused as
 * a target because it would lead back here.
 *
 * With a base URL that is the address. Without one it is what the client used, from the request's
 * Host (or the proxy's X-Forwarded-Host, if it is trusted), parsed before it is repeated: a Host
 * that is no host falls back to localhost.
 */
import { hostname, networkInterfaces } from 'node:os'
import type { FastifyRequest } from 'fastify'
import { domainOf, plainCodeOf, type Domain } from '../../links/full-code.ts'
import type { Code } from '../../links/ids.ts'
import { plainHost, type OwnAddress } from '../../links/own-address.ts'

const HOST_PATTERN =
  /^(?:[a-z0-9](?:[a-z0-9._-]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/i

export interface PublicAddressOptions {
  readonly baseUrl: string | undefined
  /** Those beside the default one; left out: there are none. */
  readonly domains?: readonly { readonly name: Domain }[]
  /** Where the server listens if the socket does not tell. */
  readonly port: number
  /** Names and addresses of this machine; by default what the operating system says. */
  readonly machine?: readonly string[]
}

export class PublicAddress {
  readonly #fixed: URL | undefined
  readonly #port: number
  /** Invariant: undefined if there are none. */
  readonly #others: ReadonlySet<string> | undefined
  readonly #machine: ReadonlySet<string>
  /** Parsed once for many requests: clients hardly ever differ in it. */
  #last: { readonly text: string; readonly url: URL | undefined } = { text: '', url: undefined }

  constructor(options: PublicAddressOptions) {
    const { baseUrl, domains = [], port, machine = namesOfThisMachine() } = options
    this.#fixed = baseUrl === undefined ? undefined : new URL(baseUrl)
    this.#port = port
    this.#others = domains.length === 0 ? undefined : new Set(domains.map(({ name }) => name))
    this.#machine = new Set(machine.flatMap((name) => hostOf(name) ?? []))
  }

  /** Without a slash at the end. Same for all links of one request. */
  baseUrl(request: FastifyRequest): string {
    return this.#base(request).href.replace(/\/+$/, '')
  }

  /** What a target of this request must not lead to. */
  own(request: FastifyRequest): OwnAddress {
    const others = this.#others === undefined ? {} : { others: this.#others }
    const port = this.#portOf(request)
    return { base: this.#base(request), port, machine: this.#machine, ...others }
  }

  shortUrl(request: FastifyRequest, code: Code): string {
    return shortUrlOf(this.baseUrl(request), code)
  }

  #base(request: FastifyRequest): URL {
    if (this.#fixed !== undefined) return this.#fixed
    const text = `${request.protocol === 'https' ? 'https' : 'http'}://${request.host}`
    if (this.#last.text !== text) this.#last = { text, url: parseBase(text) }
    return this.#last.url ?? new URL(`http://localhost:${this.#portOf(request)}`)
  }

  /** The port that the request came in by. */
  #portOf(request: FastifyRequest): number {
    return request.raw.socket.localPort ?? this.#port
  }
}

/**
 * What to hand out for a link. On another domain than the default one: at its root, with the scheme and the
 * port of the default one's.
 *
 * @param baseUrl of the default domain, without a slash at the end
 */
export function shortUrlOf(baseUrl: string, code: Code): string {
  const domain = domainOf(code)
  if (domain === null) return `${baseUrl}/${code}`
  const { protocol, port } = new URL(baseUrl)
  return `${protocol}//${domain}${port === '' ? '' : `:${port}`}/${plainCodeOf(code)}`
}

/** The pattern refuses what the parser would read as something else than a host. */
function parseBase(text: string): URL | undefined {
  if (!HOST_PATTERN.test(text.slice(text.indexOf('//') + 2))) return undefined
  return URL.parse(text) ?? undefined
}

function hostOf(name: string): string | undefined {
  const url = URL.parse(`http://${name.includes(':') ? `[${name}]` : name}`)
  return url === null ? undefined : plainHost(url)
}

/** As they are at the start; a zone (`%eth0`) cannot stand in a URL. */
function namesOfThisMachine(): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((found) => found ?? [])
  return [hostname(), ...addresses.map(({ address }) => address.replace(/%.*$/, ''))]
}
