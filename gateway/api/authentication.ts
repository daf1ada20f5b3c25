/**
 * Who may call the API: whoever presents a key whose role allows the route, or is signed in with such a role
 * (`sign-in/sessions.ts`), and for public creation everybody, a little.
 *
 * A hook of every route under /api; the redirect route asks too, and tells more to who has the key.
 * Runs before the body is read, so a stranger cannot make us parse megabytes. An address that
 * presents wrong keys too often is refused with any key for the rest of the minute, so that keys
 * cannot be guessed at full speed. How keys are compared tells `key-ring.ts`, what a route needs `route-roles.ts`.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { TinygridError } from '../../links/errors.ts'
import { clientAddress } from '../http/client-address.ts'
import { setCaller } from './caller.ts'
import type { Caller, KeyRing } from './key-ring.ts'
import type { Identified, Sessions } from '../sign-in/sessions.ts'
import type { RateLimit } from './rate-limit.ts'
import { isHeldToDomains, mayAct, neededRole } from './route-roles.ts'

/** What it takes to judge a key; shared by all who do, so that all count wrong ones together. */
export interface KeyCheck {
  readonly ring: KeyRing
  readonly wrongKeys: RateLimit
  readonly logger: Logger
}

export interface AuthenticationOptions {
  readonly keys: KeyCheck
  /** undefined: people have keys, too. */
  readonly sessions?: Pick<Sessions, 'identify'> | undefined
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
        ? admitPerson(options, request, reply)
        : admitKey(options.keys, request, key),
    )
  }
}

/** Whether a request carries a key that opens anything. A wrong one is counted, but no error here. */
export function isKeyed(keys: KeyCheck, request: FastifyRequest): boolean {
  const key = presentedKey(request.headers)
  return key !== undefined && 'caller' in identify(keys, request, key)
}

/** Why the key does not open the route of this request; undefined: it does, and the caller is known. */
export function admitKey(
  keys: KeyCheck,
  request: FastifyRequest,
  key: string,
): TinygridError | undefined {
  const found = identify(keys, request, key)
  if ('error' in found) return found.error
  const { caller } = found
  try {
    keys.ring.use(caller)
  } catch (error) {
    return error as TinygridError
  }
  return admitCaller(request, caller)
}

function admitCaller(request: FastifyRequest, caller: Caller): TinygridError | undefined {
  const { role, person } = caller
  const { method, routeOptions } = request
  const { url = '' } = routeOptions
  const needed = neededRole(method, url) ?? 'read'
  if (!mayAct(role, needed)) {
    const detail =
      person === undefined
        ? `This needs a key with the role ${needed}; this one may ${role}`
        : `This needs the role ${needed}; yours is ${role}`
    return new TinygridError('forbidden', { detail })
  }
  if ((caller.key?.domains.length ?? 0) > 0 && !isHeldToDomains(method, url)) {
    const detail = 'This is about the whole service; this key is for links on some domains'
    return new TinygridError('forbidden', { detail })
  }
  setCaller(request, caller)
  return undefined
}

function admitPerson(
  options: AuthenticationOptions,
  request: FastifyRequest,
  reply: FastifyReply,
): TinygridError | undefined {
  const found = options.sessions?.identify(request)
  if (found === undefined) return admitUnkeyed(options, request, reply)
  return 'error' in found ? found.error : admitCaller(request, found.caller)
}

function identify(
  { ring, wrongKeys, logger }: KeyCheck,
  request: FastifyRequest,
  key: string,
): Identified {
  const ip = clientAddress(request)
  if (wrongKeys.isExceeded(ip)) return { error: wrongKeys.error(ip) }
  const caller = ring.callerOf(key)
  if (caller !== undefined) return { caller }
  wrongKeys.take(ip)
  logger.warn({ requestId: request.id, ip }, 'wrong API key')
  return { error: new TinygridError('unauthorized', { detail: 'The API key is wrong' }) }
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

/** The key in `X-Api-Key` or `Authorization: Bearer`; other schemes are not meant for us. */
export function presentedKey(headers: IncomingHttpHeaders): string | undefined {
  const key = headers['x-api-key']
  if (typeof key === 'string') return key
  const bearer = /^bearer +(.*)$/i.exec(headers.authorization ?? '')
  return bearer?.[1]
}
