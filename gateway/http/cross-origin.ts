/**
 * Lets the web pages of other origins call the API, if the settings name them (CORS).
 *
 * Used by the gateway, in front of the key: a preflight carries none. What is under /api, and under the
 * addresses of other interfaces that are on, answers with these
 * headers, whatever it answers; pages and redirects never do. Nothing here lets a browser send what it keeps
 * for this origin (`Access-Control-Allow-Credentials`): a page needs the API key, or may do what everybody
 * may. So `*` is no more than a list of all origins.
 *
 * Rejected: @fastify/cors, which would be one more dependency for a fixed list, and has its own way to find
 * the routes of a path.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { AllowedMethods } from './allowed-methods.ts'
import { pathOfTarget } from './request-target.ts'

const ANY_ORIGIN = '*'

const API = '/api/'
/** How long a browser may keep the answer to a preflight: no browser keeps it for longer. */
const PREFLIGHT_KEPT_SECONDS = 7_200

const SENT =
  'Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, X-Api-Key'

const READ =
  'Allow, Content-Disposition, ETag, Location, Retry-After, ' +
  'RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, X-Request-Id'

export class CrossOrigin {
  readonly #origins: ReadonlySet<string>
  readonly #allowed: AllowedMethods
  /** What their addresses begin with. */
  readonly #addresses: readonly string[]

  /**
   * @param origins as browsers write them, or ANY_ORIGIN
   * @param more what else may be called than our own API
   */
  constructor(origins: readonly string[], allowed: AllowedMethods, more: readonly string[] = []) {
    this.#origins = new Set(origins)
    this.#allowed = allowed
    this.#addresses = [API, ...more]
  }

  /** Call before the hooks that refuse requests. */
  watch(app: FastifyInstance): void {
    if (this.#origins.size === 0) return
    app.addHook('onRequest', (request, reply, done) => {
      if (this.addTo(request, reply) && isPreflight(request)) this.#answer(request, reply)
      else done()
    })
  }

  /** Adds what belongs on any answer; false: the request's origin may not call, or it is none of ours. */
  addTo(request: FastifyRequest, reply: FastifyReply): boolean {
    if (this.#origins.size === 0 || !this.#isOurs(pathOfTarget(request.raw.url!))) return false
    const { origin } = request.headers
    const takesAny = this.#origins.has(ANY_ORIGIN)
    // Also without one: what a cache keeps of this answer is not for the next origin that asks.
    if (!takesAny) reply.header('vary', 'Origin')
    if (origin === undefined || !(takesAny || this.#origins.has(origin))) return false
    reply.headers({
      'access-control-allow-origin': takesAny ? ANY_ORIGIN : origin,
      'access-control-expose-headers': READ,
    })
    return true
  }

  #isOurs(path: string): boolean {
    return this.#addresses.some((address) => path.startsWith(address))
  }

  #answer(request: FastifyRequest, reply: FastifyReply): void {
    const methods = this.#allowed.of(pathOfTarget(request.raw.url!))
    void reply
      .code(204)
      .headers({
        'access-control-allow-methods': methods.join(', '),
        'access-control-allow-headers': SENT,
        'access-control-max-age': PREFLIGHT_KEPT_SECONDS,
        'cache-control': 'no-store',
      })
      .send()
  }
}

function isPreflight({ method, headers }: FastifyRequest): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined
}

/**
 * An origin as browsers write it in `Origin`; undefined: it is none. `null`, which is what sandboxed frames
 * and files send, is everybody's.
 */
export function parseOrigin(text: string): string | undefined {
  if (text === ANY_ORIGIN) return text
  const url = URL.parse(text)
  if (url === null || url.host === '' || url.username !== '' || url.password !== '')
    return undefined
  if (!['', '/'].includes(url.pathname) || /[?#]/.test(text)) return undefined
  // Those of apps and extensions have no origin to this parser.
  return url.origin === 'null' ? `${url.protocol}//${url.host}` : url.origin
}
