/**
 * The HTTP server under the gateway: Fastify with every limit set.
 *
 * What is not set here has no limit in Node or one that suits nobody (a request may take five
 * minutes, a body a megabyte, an unknown field passes). Nothing is trusted that a client can send,
 * unless a proxy is declared.
 */
import type { Server } from 'node:http'
import {
  fastify,
  LogController,
  type FastifyHttpOptions,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify'
import type { Logger } from 'pino'
import type { AllowedMethods } from './allowed-methods.ts'
import { clientErrorHandler } from './client-error.ts'
import type { GatewaySettings } from '../gateway-settings.ts'
import type { RequestIds } from './request-ids.ts'
import { acceptJsonOnly } from '../api/json-body.ts'
import type { OwnCertificate } from '../tls/own-certificate.ts'
import { closeFailedHandshakes, serveRenewed, tlsOptions } from '../tls/tls-server.ts'
import { compileSchema, queryValidatorOf, validatorOf } from '../api/validation.ts'

/** Longest part of a path that a route takes: codes have at most 64, hosts 255. */
export const PATH_PART_LENGTH_MAX = 300
/** How often Node looks for requests that are late. */
const TIMEOUT_CHECK_INTERVAL_MS = 1_000

export interface HttpServerOptions {
  readonly settings: GatewaySettings
  readonly logger: Logger
  /** undefined: it speaks no TLS. */
  readonly certificate?: OwnCertificate | undefined
  /** Which methods a path takes. */
  readonly allowed: AllowedMethods
  readonly ids: RequestIds
  /** Answers errors that arise before a route is found. */
  readonly onRoutingError: (error: Error, request: FastifyRequest, reply: FastifyReply) => void
}

export function createHttpServer(options: HttpServerOptions): FastifyInstance {
  const { settings, logger, certificate, allowed, ids, onRoutingError } = options
  const http = {
    maxHeaderSize: settings.headerBytesMax,
    headersTimeout: settings.headersTimeoutMs,
    connectionsCheckingInterval: TIMEOUT_CHECK_INTERVAL_MS,
  }
  const app = fastify({
    ...serverKindOf(http, settings, certificate),
    logController: new FrameworkLog(logger),
    requestTimeout: settings.requestTimeoutMs,
    keepAliveTimeout: settings.keepAliveTimeoutMs,
    bodyLimit: settings.bodyBytesMax,
    trustProxy: settings.trustProxy && isNearestProxy,
    exposeHeadRoutes: true,
    genReqId: ids.of,
    // While stopping, redirects go on; the API refuses by itself, in its own words.
    return503OnClosing: false,
    routerOptions: { maxParamLength: PATH_PART_LENGTH_MAX },
    clientErrorHandler: clientErrorHandler(allowed),
    frameworkErrors: onRoutingError,
  })
  app.server.maxConnections = settings.connectionsMax
  if (certificate !== undefined) {
    closeFailedHandshakes(app.server)
    serveRenewed(app.server, certificate)
  }
  acceptJsonOnly(app)
  app.setValidatorCompiler(({ schema, httpPart }) => validatorFor(schema as object, httpPart))
  app.setSerializerCompiler(() => (value) => JSON.stringify(value))
  return app
}

/**
 * Node closes what is idle when the server closes, but a connection that answers its last request
 * after that would stay for the whole keep-alive time, and hold up the stop.
 */
export function endConnectionsWhenIdle({ server }: FastifyInstance): void {
  server.keepAliveTimeout = 1
  server.keepAliveTimeoutBuffer = 0
}

/** To Fastify a server with TLS is another type; all that is used here of it is the same. */
function serverKindOf(
  http: FastifyHttpOptions<Server>['http'] & object,
  settings: GatewaySettings,
  certificate: OwnCertificate | undefined,
): FastifyHttpOptions<Server> {
  if (certificate === undefined) return { http }
  return { https: { ...http, ...tlsOptions(settings, certificate) } } as FastifyHttpOptions<Server>
}

/**
 * Only the proxy that connects to us is believed: what stands before its entry in X-Forwarded-For
 * came from the client, who could make up a new address for each request.
 */
function isNearestProxy(_address: string, hop: number): boolean {
  return hop === 0
}

/** Codes in paths are parsed by their routes, and headers by those who read them. */
function validatorFor(schema: object, httpPart: string | undefined) {
  if (httpPart === 'body') return validatorOf(compileSchema(schema))
  if (httpPart === 'querystring') return queryValidatorOf(schema)
  return () => true
}

/**
 * What Fastify itself has to say, in our log; and what it does not say per request. Fastify gets no
 * logger, because then it makes a child logger and two listeners for every request, a tenth of a
 * redirect's time. Its few warnings come through here instead.
 */
class FrameworkLog extends LogController {
  readonly #logger: Logger

  constructor(logger: Logger) {
    super({ disableRequestLogging: true })
    this.#logger = logger
  }

  override streamError(error: Error): void {
    this.#logger.warn({ err: error }, 'reply was cut off')
  }

  override writeHeadError(error: Error): void {
    this.#logger.error({ err: error }, 'headers could not be written')
  }

  override serializerError(error: Error): void {
    this.#logger.error({ err: error }, 'reply could not be serialised')
  }

  override serviceUnavailable(): void {}
}
