/**
 * Who may call the API: whoever presents the key, and for public creation everybody, a little.
 *
 * A hook of every route under /api. Runs before the body is read, so a stranger cannot make us
 * parse megabytes. An address that presents wrong keys too often is refused with any key for the
 * rest of the minute, so that keys cannot be guessed at full speed.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { TinygridError } from '../cluster/errors.ts'
import { presentedKey, type ApiKey } from './api-key.ts'
import type { RateLimit } from './rate-limit.ts'

export interface AuthenticationOptions {
  readonly apiKey: ApiKey
  readonly publicCreate: boolean
  readonly unkeyedCreates: RateLimit
  readonly wrongKeys: RateLimit
  readonly logger: Logger
}

/** The one call that publicCreate opens. */
const PUBLIC_METHOD = 'POST'
const PUBLIC_ROUTE = '/api/links'

type Done = (error?: Error) => void

export function authentication(options: AuthenticationOptions) {
  return (request: FastifyRequest, reply: FastifyReply, done: Done): void => {
    const key = presentedKey(request.headers)
    done(
      key === undefined ? admitUnkeyed(options, request, reply) : admitKey(options, request, key),
    )
  }
}

function admitKey(
  { apiKey, wrongKeys, logger }: AuthenticationOptions,
  request: FastifyRequest,
  key: string,
): TinygridError | undefined {
  if (wrongKeys.isExceeded(request.ip)) return wrongKeys.error(request.ip)
  if (apiKey.matches(key)) return undefined
  wrongKeys.take(request.ip)
  logger.warn({ ip: request.ip }, 'wrong API key')
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
  const { ip } = request
  const isAllowed = unkeyedCreates.take(ip)
  reply.headers({
    'ratelimit-limit': unkeyedCreates.max,
    'ratelimit-remaining': unkeyedCreates.remaining(ip),
    'ratelimit-reset': unkeyedCreates.secondsLeft(ip),
  })
  return isAllowed ? undefined : unkeyedCreates.error(ip)
}
