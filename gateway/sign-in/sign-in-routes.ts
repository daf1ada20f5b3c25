/**
 * `/api/sign-in`, `/api/session` and `/api/sign-out`: how a person comes and goes.
 *
 * There only if a provider is set. A browser opens the first two addresses, so what goes wrong there is a page; the page
 * of the service calls the others. None needs a key. What may be asked of the provider is bounded: by address and minute,
 * and for all together.
 */
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify'
import type { Logger } from 'pino'
import { Type } from 'typebox'
import { KEY_ROLES } from '../../cluster/keys/access-key.ts'
import { TinygridError } from '../../links/errors.ts'
import type { EpochMs } from '../../links/ids.ts'
import { jsonReply, problemReplies } from '../api/api-replies.ts'
import { formatIsoTime } from '../api/iso-time.ts'
import { strict } from '../api/link-schemas.ts'
import { RateLimit } from '../api/rate-limit.ts'
import { nullable } from '../api/schema-parts.ts'
import type { GatewaySettings } from '../gateway-settings.ts'
import { clientAddress } from '../http/client-address.ts'
import { toTinygridError } from '../http/error-reply.ts'
import { queryOfTarget } from '../http/forwarded-query.ts'
import { changeLog, type RequestTimes } from '../http/request-times.ts'
import { DATA_SECURITY_HEADERS } from '../http/security-headers.ts'
import { PERSON_NAME_LENGTH_MAX } from './person.ts'
import { parseReturnAddress, RETURN_LENGTH_MAX } from './return-address.ts'
import { SignInFailure } from './sign-in-failure.ts'
import { sendSignInPage } from './sign-in-page.ts'
import type { SignIn } from './sign-in.ts'

const SIGN_IN_PATH = '/api/sign-in'
/** Where the provider sends people back to. */
export const CALLBACK_PATH = `${SIGN_IN_PATH}/callback`

/** Of the first two routes, of an address in a minute. */
const ATTEMPTS_PER_MINUTE_MAX = 60
const TAGS = ['session']
const HEADERS = { ...DATA_SECURITY_HEADERS, 'cache-control': 'no-store' }

export interface SignInScope {
  /** undefined: nobody signs in, and there is none of these routes. */
  readonly signIn: SignIn | undefined
  readonly settings: Pick<GatewaySettings, 'limitedAddressesMax'>
  readonly logger: Logger
  readonly times: RequestTimes
  readonly now: () => EpochMs
  readonly isClosing: () => boolean
}

const personSchema = Type.Object(
  {
    name: nullable(Type.String({ maxLength: PERSON_NAME_LENGTH_MAX }), 'null: none is known'),
    role: Type.Enum([...KEY_ROLES]),
    endsAt: Type.String({ format: 'date-time', description: 'When the session ends' }),
  },
  strict,
)
const sessionSchema = Type.Object(
  { person: nullable(personSchema, 'null: nobody is signed in') },
  strict,
)
const endSchema = Type.Object(
  { url: nullable(Type.String(), 'Where the person signs out at the provider; null: nowhere') },
  strict,
)
const beginQuerySchema = Type.Object({
  to: Type.Optional(
    Type.String({
      maxLength: RETURN_LENGTH_MAX,
      description: 'Where to go on then: a part of the page, such as /#/stats',
    }),
  ),
})

export function signInRoutes(app: FastifyInstance, scope: SignInScope): void {
  const { signIn, logger, times, isClosing, now, settings } = scope
  if (signIn === undefined) return
  const { limitedAddressesMax: addressesMax } = settings
  const attempts = new RateLimit({ max: ATTEMPTS_PER_MINUTE_MAX, addressesMax, now })
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(HEADERS)
    done(isClosing() ? new TinygridError('shutting_down') : undefined)
  })
  app.addHook('onResponse', changeLog(logger, times))
  void app.register(async (pages) => {
    pages.addHook('onRequest', (request, _reply, done) => {
      const ip = clientAddress(request)
      done(attempts.take(ip) ? undefined : attempts.error(ip))
    })
    pages.setErrorHandler((error, request, reply) => {
      const told = toTinygridError(error)
      noteFailure(logger, request, told)
      return sendSignInPage(reply, told, SIGN_IN_PATH)
    })
    beginRoute(pages, signIn)
    finishRoute(pages, signIn, logger)
  })
  void app.register(async (calls) => {
    calls.addHook('onRequest', (request, _reply, done) => {
      const found = signIn.sessions.identify(request)
      done(found !== undefined && 'error' in found ? found.error : undefined)
    })
    sessionRoute(calls, signIn)
    endRoute(calls, signIn)
  })
}

function beginRoute(app: FastifyInstance, signIn: SignIn): void {
  const options = pageRoute('Sign in', 'Leads to the provider, and from there back.', 302)
  const schema = { ...options.schema, querystring: beginQuerySchema }
  app.get<{ Querystring: { to?: string } }>(
    SIGN_IN_PATH,
    { ...options, schema },
    async (request, reply) => {
      const to = parseReturnAddress(request.query.to ?? '/')
      if (to === undefined) throw new SignInFailure('bad_return')
      const { location, cookies } = await signIn.begin(to)
      return reply
        .code(302)
        .headers({ location, 'set-cookie': [...cookies] })
        .send()
    },
  )
}

function finishRoute(app: FastifyInstance, signIn: SignIn, logger: Logger): void {
  const about = 'Where the provider sends a person back to.'
  const options = pageRoute('Finish to sign in', about, 303)
  app.get(CALLBACK_PATH, options, async (request, reply) => {
    const query = queryOfTarget(request.raw.url!)
    const { location, cookies, session } = await signIn.finish(request.headers, query)
    const { subject, role } = session
    logger.info({ subject, role, ip: clientAddress(request) }, 'signed in')
    return reply
      .code(303)
      .headers({ location, 'set-cookie': [...cookies] })
      .send()
  })
}

function sessionRoute(app: FastifyInstance, { sessions }: SignIn): void {
  const schema = {
    summary: 'Who is signed in',
    tags: TAGS,
    security: [],
    response: {
      200: jsonReply('The person, if there is one', sessionSchema),
      ...problemReplies(403, 503),
    },
  }
  app.get('/api/session', { schema }, (request, reply) => {
    const found = sessions.identify(request)
    if (found === undefined || 'error' in found) return reply.send({ person: null })
    const { role, person } = found.caller
    const { name, endsAt } = person!
    return reply.send({ person: { name, role, endsAt: formatIsoTime(endsAt) } })
  })
}

function endRoute(app: FastifyInstance, signIn: SignIn): void {
  const schema = {
    summary: 'Sign out',
    description: 'Ends the session in this browser.',
    tags: TAGS,
    security: [],
    response: { 200: jsonReply('Signed out', endSchema), ...problemReplies(403, 503) },
  }
  app.post('/api/sign-out', { schema }, async (request, reply) => {
    const { url = null, cookies } = await signIn.end(request.headers)
    return reply.header('set-cookie', [...cookies]).send({ url })
  })
}

function pageRoute(summary: string, description: string, status: number) {
  const content = { 'text/html': { schema: { type: 'string' } } }
  const problem = { description: 'A page that says what went wrong', content }
  const onward = { description: 'Onward', headers: { Location: { schema: { type: 'string' } } } }
  const response = { [status]: onward, 400: problem, 403: problem, 429: problem, 503: problem }
  const schema = { summary, description, tags: TAGS, security: [], response }
  return { schema, exposeHeadRoute: false } satisfies Partial<RouteOptions>
}

/** No text of the provider's, no address with a code in it. */
function noteFailure(logger: Logger, request: FastifyRequest, error: TinygridError): void {
  const ip = clientAddress(request)
  if (error instanceof SignInFailure) {
    logger.warn({ ip, reason: error.reason, what: error.what }, 'nobody was signed in')
  } else if (error.code !== 'rate_limited') {
    logger.warn({ ip, reason: error.code }, 'nobody was signed in')
  }
}
