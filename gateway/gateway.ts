/**
 * The gateway: what the world calls.
 *
 * `createGateway` puts the parts together; each route and each concern has a file of its own.
 *
 *   GET /:code            redirect-route.ts   the hot route; no hook of any other part runs for it
 *   GET /:code+           preview.ts
 *   /api/**               api.ts              the key, then one file per route; sign-in/ for people
 *   /health/*, /metrics   operator-routes.ts
 *   /openapi.json         openapi.ts          and /docs/api
 *   /docs/*               guide-pages.ts
 *   /, /assets/*          web-page.ts
 *   errors                error-reply.ts      whatever is thrown, in one form
 *
 * It knows links by `links/link-owner.ts` alone: whether their owner is this process or another is
 * the router's business.
 */
import type { FastifyInstance } from 'fastify'
import { Registry } from 'prom-client'
import { NO_KEYS } from '../cluster/keys/no-keys.ts'
import { systemClock } from '../links/clock.ts'
import type { LinkOwner } from '../links/link-owner.ts'
import { accessLogOf } from './http/access-log.ts'
import { AllowedMethods } from './http/allowed-methods.ts'
import type { KeyCheck } from './api/authentication.ts'
import { KeyRing } from './api/key-ring.ts'
import { api } from './api/api.ts'
import { NO_AUDIT } from './audit/audit-trail.ts'
import { noBlocking, type NodeBlocking } from './blocking/node-blocking.ts'
import { ErrorReplies } from './http/error-reply.ts'
import { compatibleInterfaces } from './compatible/compatible.ts'
import { foreignAddresses } from './compatible/foreign-interfaces.ts'
import type { GatewayOptions } from './gateway-options.ts'
import { ConnectionBounds } from './http/connection-bounds.ts'
import { CrossOrigin } from './http/cross-origin.ts'
import { answerFirst } from './http/first-answer.ts'
import { notesOfCase, ownerOfCase } from './http/folded-codes.ts'
import { createHttpServer, endConnectionsWhenIdle } from './http/http-server.ts'
import { KnownDomains } from './api/domain-fields.ts'
import { LinkCreator } from './api/link-creation.ts'
import { registerAnalyticsMetrics } from './operator/analytics-metrics.ts'
import { registerBlockingMetrics } from './operator/blocking-metrics.ts'
import { registerCertificateMetrics } from './operator/certificate-metrics.ts'
import { registerClickMetrics } from './operator/click-metrics.ts'
import { registerMembershipMetrics } from './operator/membership-metrics.ts'
import { registerLogMetrics } from './operator/log-metrics.ts'
import { registerMetrics } from './operator/metrics.ts'
import { readMetrics } from './operator/process-metrics.ts'
import { Fallback } from './pages/fallback.ts'
import { notFoundHandler, sendFor, sendRoutingError } from './pages/not-found.ts'
import { describeRoutes, documentRoutes } from './operator/openapi.ts'
import { operatorRoutes } from './operator/operator-routes.ts'
import { GuessLimits } from './passwords/guess-limits.ts'
import { passwordRoute } from './passwords/password-route.ts'
import { VisitorFacts } from './pages/visitor-facts.ts'
import { PasswordDesk } from './passwords/password-desk.ts'
import { PublicAddress } from './http/public-address.ts'
import { RateLimit } from './api/rate-limit.ts'
import { createRedirectCounters, type RedirectCounters } from './pages/redirect-counters.ts'
import { redirectAtOnce } from './pages/redirect-at-once.ts'
import { redirectRoute } from './pages/redirect-route.ts'
import { requestDomainsOf } from './http/request-domains.ts'
import { RedirectSpans } from './http/redirect-spans.ts'
import { RequestIds } from './http/request-ids.ts'
import { markRequests } from './http/request-spans.ts'
import { RequestTimes } from './http/request-times.ts'
import { hstsOf } from './http/security-headers.ts'
import { refuseTwoHosts } from './http/single-host.ts'
import { signInRoutes } from './sign-in/sign-in-routes.ts'
import type { EventsOptions } from './stats/events-route.ts'
import { Http2Sessions } from './tls/http2-sessions.ts'
import { LinkVisits } from './stats/link-visits.ts'
import { LiveFeed } from './stats/live-feed.ts'
import { siteFiles } from './pages/site-files.ts'
import { webPage } from './pages/web-page.ts'

/** Passwords to be hashed: as many as one bulk request may have that waits for its answer. */
const HASHES = { workMax: 1, waitingMax: 100 }

/** Ready, but not listening. `close()` finishes what is under way. */
export async function createGateway(options: GatewayOptions): Promise<FastifyInstance> {
  const { settings, directory, work, status, clusterStatus, logger, now, signIn } = options
  const { codeCase, forwardQuery, redirectStatus } = settings
  const owner = ownerOfCase(options.owner, codeCase)
  const clicks = notesOfCase(options.clicks?.notes, codeCase)
  const redirects = options.redirects ?? createRedirectCounters()
  const errors = new ErrorReplies(logger)
  const { blocking = noBlocking() } = options
  const registry = metricsOf(options, redirects, errors.counts, blocking)
  const times = new RequestTimes(registry)
  const address = new PublicAddress(settings)
  const ids = new RequestIds(settings)
  const app = serverOf(options, errors, ids)
  const http2 = Http2Sessions.of(app.server, settings)
  const bounds = new ConnectionBounds(app.server, settings, http2)
  let isClosing = false
  app.addHook('preClose', (done) => {
    isClosing = true
    endConnectionsWhenIdle(app)
    http2?.close()
    done()
  })
  await describeRoutes(app, settings.baseUrl, signIn?.cookies.nameOf('session'))
  const keys = keyCheckOf(options)
  const defaults = { forwardQuery, redirectStatus, ...blockingAndSpans(blocking) }
  const domains = requestDomainsOf(settings.domains, settings.trustProxy)
  const hot = { ...defaults, owner, now, counters: redirects, clicks, domains }
  const visitors = new VisitorFacts({ openCountries: options.openCountries })
  const fallback = new Fallback(settings, address, blocking.blocked)
  const toVisitors = { ...hot, errors, fallback, address, times, keys, visitors }
  redirectRoute(app, toVisitors)
  passwordRoute(app, { ...toVisitors, passwords: new PasswordDesk(), guesses: guessesOf(options) })
  const passwords = new PasswordDesk(HASHES)
  const creator = creatorOf(options, owner, passwords)
  const { analytics, deletions, desks, backup, audit = NO_AUDIT, clock = systemClock } = options
  const visits = new LinkVisits(analytics, clock)
  const clickParts = { analytics, deletions, desks, visits, blocking, audit }
  const asked = { settings, owner, directory, domains: new KnownDomains(settings), backup }
  const context = { ...asked, ...clickParts, creator, passwords, address, errors, work, now }
  const scopes = { keys, logger, times, status, clock, isClosing: () => isClosing }
  await compatibleInterfaces(app, settings.interfaces, { ...context, ...scopes })
  await app.register(async (scope) => {
    const live = { ...liveEvents(options), ring: keys.ring }
    const cluster = { clusterStatus, drainNode: options.drainNode }
    api(scope, { ...cluster, ...scopes, context, sessions: signIn?.sessions, live })
  })
  await app.register(async (scope) => signInRoutes(scope, { ...scopes, signIn, settings, now }))
  const isEnding = () => isClosing || options.isStopping?.() === true
  operatorRoutes(app, { registry, status, isClosing: isEnding })
  siteFiles(app, settings, domains)
  await app.register(async (scope) => webPage(scope, signIn !== undefined))
  await documentRoutes(app)
  await app.ready()
  answerFirst(
    app,
    { bounds, hsts: hstsOf(settings), noteAccess: accessLogOf(settings, logger, ids) },
    (request, response, pass) => !isClosing && redirectIfSure(hot, request, response, pass),
  )
  return app
}

/** Each undefined in most programs, or empty. */
function blockingAndSpans({ blocked }: NodeBlocking) {
  return { blocked, spans: RedirectSpans.open() }
}

/** With what holds for all requests: who may ask, and how they are refused. */
function serverOf(
  { settings, logger, certificate }: GatewayOptions,
  errors: ErrorReplies,
  ids: RequestIds,
): FastifyInstance {
  const allowed = new AllowedMethods()
  const more = foreignAddresses(settings.interfaces)
  const crossOrigin = new CrossOrigin(settings.corsOrigins, allowed, more)
  const app = createHttpServer({
    settings,
    logger,
    allowed,
    certificate,
    ids,
    onRoutingError: (error, request, reply) => {
      crossOrigin.addTo(request, reply)
      sendRoutingError(errors, request, reply, error)
    },
  })
  crossOrigin.watch(app)
  app.addHook('onRequest', refuseTwoHosts)
  allowed.watch(app)
  app.setErrorHandler((error, request, reply) => sendFor(errors, request, reply, error))
  const notFound = notFoundHandler(errors, allowed)
  // Before a body is looked at: it is of no use, and what is wrong with it would be told instead.
  app.addHook('onRequest', (request, reply, done) => {
    if (request.is404) void notFound(request, reply)
    else done()
  })
  app.setNotFoundHandler(notFound)
  markRequests(app)
  return app
}

function keyCheckOf(options: GatewayOptions): KeyCheck {
  const { settings, apiKey, keys: store = NO_KEYS, clock = systemClock, now, logger } = options
  const { wrongKeysPerMinuteMax: max, limitedAddressesMax: addressesMax } = settings
  const wrongKeys = new RateLimit({ max, addressesMax, now })
  return { ring: new KeyRing({ apiKey, store, clock, now }), wrongKeys, logger }
}

function creatorOf(
  { settings: { codeLength, codeCase }, apiKey: secret }: GatewayOptions,
  owner: LinkOwner,
  passwords: PasswordDesk,
): LinkCreator {
  return new LinkCreator({ owner, codeLength, codeCase, secret, passwords })
}

function guessesOf({ settings, now }: GatewayOptions): GuessLimits {
  return new GuessLimits({
    perAddress: settings.wrongPasswordsPerMinuteMax,
    perLink: settings.wrongPasswordsPerLinkMax,
    rememberedMax: settings.limitedAddressesMax,
    now,
  })
}

function metricsOf(
  options: GatewayOptions,
  redirects: RedirectCounters,
  errors: ErrorReplies['counts'],
  blocking: NodeBlocking,
): Registry {
  const { status, work, router, membership, log, clicks, analyticsNumbers, certificate } = options
  const registry = new Registry()
  options.exportMetrics?.(() => readMetrics(registry))
  registerMetrics(registry, { status, redirects, errors, work, router })
  registerBlockingMetrics(registry, blocking)
  if (log !== undefined) registerLogMetrics(registry, log)
  if (membership !== undefined) registerMembershipMetrics(registry, membership)
  if (clicks !== undefined) registerClickMetrics(registry, clicks)
  if (certificate !== undefined) registerCertificateMetrics(registry, certificate)
  if (analyticsNumbers !== undefined) registerAnalyticsMetrics(registry, analyticsNumbers)
  return registry
}

function liveEvents(options: GatewayOptions): Omit<EventsOptions, 'ring'> {
  const { clickLog: log, parser, work, clock, logger } = options
  const ticking = clock ?? systemClock
  if (log === undefined || parser === undefined) return { feed: undefined, clock: ticking }
  const onError = (error: unknown) => logger.error({ err: error }, 'live events failed')
  return { feed: new LiveFeed({ log, parser, work, clock: ticking, onError }), clock: ticking }
}

/** What fails here fails again in Fastify. */
function redirectIfSure(...given: Parameters<typeof redirectAtOnce>): boolean {
  try {
    return redirectAtOnce(...given)
  } catch {
    return false
  }
}
