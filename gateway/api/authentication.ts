/**
 * Who may call the API: whoever presents the key, and for public creation everybody, a little.
 *
 * A hook of every route under /api; the redirect route asks too, and tells more to who has the key.
 * Runs before the body is read, so a stranger cannot make us parse megabytes. An address that
 * presents wrong keys too often is refused with any key for the rest of the minute, so that keys
 * cannot be guessed at full speed. A key is compared in constant time: both sides are hashed first, so
 * that lengths are equal and the key itself is not kept.
 */
import { hash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { TinygridError } from '../../links/errors.ts'
import { clientAddress } from '../http/client-address.ts'
import type { RateLimit } from './rate-limit.ts'

/** What it takes to judge a key; shared by all who do, so that all count wrong ones together. */
export interface KeyCheck {
  readonly apiKey: ApiKey
  readonly wrongKeys: RateLimit
  readonly logger: Logger
}

export interface AuthenticationOptions {
  readonly keys: KeyCheck
  readonly publicCreate: boolean
  readonly unkeyedCreates: RateLimit
}

/** The one call that publicCreate opens. */
const PUBLIC_METHOD = 'POST'
const PUBLIC_ROUTE = '/api/links'

type Done = (error?: Error) => void

export function authentication(options: AuthenticationOptions) {
  return (request: FastifyRequest, reply: FastifyReply, done: Done): void => {
    const key = presentedKey(request.headers)
    done(
      key === undefined
        ? admitUnkeyed(options, request, reply)
        : admitKey(options.keys, request, key),
    )
  }
}

/** Whether a request carries the right key. A wrong one is counted, but no error here. */
export function isKeyed(keys: KeyCheck, request: FastifyRequest): boolean {
  const key = presentedKey(request.headers)
  return key !== undefined && admitKey(keys, request, key) === undefined
}

function admitKey(
  { apiKey, wrongKeys, logger }: KeyCheck,
  request: FastifyRequest,
  key: string,
): TinygridError | undefined {
  const ip = clientAddress(request)
  if (wrongKeys.isExceeded(ip)) return wrongKeys.error(ip)
  if (apiKey.matches(key)) return undefined
  wrongKeys.take(ip)
  logger.warn({ ip }, 'wrong API key')
  return new TinygridError('unauthorized', { detail: 'The API key is wrong' })
}

function admitUnkeyed(
  { publicCreate, unkeyedCreates }: AuthenticationOptions,
  request: FastifyRequest,
  reply: FastifyReply,
): TinygridError | undefined {
  const isPublic = request.method === PUBLIC_METHOD && request.routeOptions.url === PUBLIC_ROUTE
  if (!publicCreate || !isPublic) {
    const detail = 'Send the API key as X-Api-Key, or as Authorization: Bearer'
    return new TinygridError('unauthorized', { detail })
  }
  const ip = clientAddress(request)
  const isAllowed = unkeyedCreates.take(ip)
  reply.headers({
    'ratelimit-limit': unkeyedCreates.max,
    'ratelimit-remaining': unkeyedCreates.remaining(ip),
    'ratelimit-reset': unkeyedCreates.secondsLeft(ip),
  })
  return isAllowed ? undefined : unkeyedCreates.error(ip)
}

/** Longer ones are not looked at: no key is that long. */
const PRESENTED_LENGTH_MAX = 1024

export class ApiKey {
  readonly #digest: Buffer

  constructor(key: string) {
    this.#digest = digestOf(key)
  }

  matches(presented: string): boolean {
    if (presented.length > PRESENTED_LENGTH_MAX) return false
    return timingSafeEqual(digestOf(presented), this.#digest)
  }
}

/** The key in `X-Api-Key` or `Authorization: Bearer`; other schemes are not meant for us. */
export function presentedKey(headers: IncomingHttpHeaders): string | undefined {
  const key = headers['x-api-key']
  if (typeof key === 'string') return key
  const bearer = /^bearer +(.*)$/i.exec(headers.authorization ?? '')
  return bearer?.[1]
}

function digestOf(text: string): Buffer {
  return hash('sha256', text, 'buffer')
}
