/**
 * The front of a node: its gateway, with the fast path before it.
 *
 * Used by `tinygrid.ts` for a node that has the role of a gateway.
 */
import type { Server } from 'node:http'
import type { FastifyInstance, FastifyListenOptions } from 'fastify'
import type { Logger } from 'pino'
import { openCountryData } from '../clicks/parse/address-data.ts'
import type { ClickRecorder } from '../clicks/ring/click-recorder.ts'
import type { KeptText } from '../cluster/kept/kept-text.ts'
import type { KeyStore } from '../cluster/keys/key-store.ts'
import type { ClusterStatus } from '../cluster/observer/cluster-status.ts'
import type { EpochMs } from '../links/ids.ts'
import { gatewaySettingsOf, type Config } from '../config.ts'
import type { BeginBackup } from '../gateway/api/backup-route.ts'
import type { DrainNode } from '../gateway/api/drain-route.ts'
import { AuditTrail, type AuditLog } from '../gateway/audit/audit-trail.ts'
import { openBlocking, type NodeBlocking } from '../gateway/blocking/node-blocking.ts'
import { UrlCheck } from '../gateway/blocking/url-check.ts'
import { installFastPath, type FastPath } from '../gateway/fast-path/fast-path.ts'
import type { GatewaySettings } from '../gateway/gateway-settings.ts'
import { createGateway } from '../gateway/gateway.ts'
import { hstsOf } from '../gateway/http/security-headers.ts'
import type { SignIn } from '../gateway/sign-in/sign-in.ts'
import { openRedirectPort } from '../gateway/tls/redirect-port.ts'
import { notesOfCase, ownerOfCase } from '../gateway/http/folded-codes.ts'
import { RedirectSpans } from '../gateway/http/redirect-spans.ts'
import { requestDomainsOf } from '../gateway/http/request-domains.ts'
import type { LongWork } from '../links/long-work.ts'
import type { LogNumbers } from '../gateway/operator/log-metrics.ts'
import type { MembershipNumbers } from '../gateway/operator/membership-metrics.ts'
import type { RedirectCounters } from '../gateway/pages/redirect-counters.ts'
import type { LiveClicks } from './live-clicks.ts'
import type { Node } from './node.ts'
import type { NodeAnalytics } from './node-analytics.ts'
import { ownCertificateOf } from './own-tls-settings.ts'
import { ConfigError } from './setting.ts'
import type { Telemetry } from './telemetry/telemetry.ts'

/** What admins name and read by the interface. */
export interface AccessSeams {
  /** Blocked hosts. */
  readonly hosts: KeptText
  /** undefined: nothing is audited. */
  readonly audit: AuditLog | undefined
  /** The secret of sessions; undefined: nobody signs in. */
  readonly sessions: KeptText | undefined
}

export interface FrontOptions {
  readonly config: Config
  /** Alone it has started; in a cluster it may start later, before the front listens. */
  readonly node: Node
  readonly work: LongWork
  readonly redirects: RedirectCounters
  readonly clusterStatus: () => Promise<ClusterStatus>
  /** undefined: the node is alone. */
  readonly drainNode: DrainNode | undefined
  /** undefined: the node is alone. */
  readonly membership: (() => MembershipNumbers) | undefined
  readonly log: () => Promise<LogNumbers>
  /** The node is on its way out: load balancers are to send nothing more. */
  readonly isStopping: () => boolean
  /** undefined: clicks are not counted. */
  readonly clicks: ClickRecorder | undefined
  readonly live: LiveClicks | undefined
  readonly analytics: NodeAnalytics | undefined
  readonly apiKey: string
  readonly keys: KeyStore | undefined
  /** Begins a backup; undefined: nobody can ask for one. */
  readonly backup: BeginBackup | undefined
  readonly access: AccessSeams | undefined
  /** undefined: metrics are told who asks for them, and sent to nobody. */
  readonly telemetry: Telemetry | undefined
  readonly logger: Logger
  readonly now: () => EpochMs
}

export interface Front {
  /** Returns where, `http://localhost:3000`. @throws ConfigError if HOST or PORT cannot be used */
  listen(): Promise<string>
  /** Answers what is under way, and ends. */
  close(): Promise<void>
}

/** Keeps the processor busy for a tenth of a second and more. */
export async function buildFront(options: FrontOptions): Promise<Front> {
  const { config, node, work, redirects, clusterStatus, drainNode, membership, log } = options
  const { isStopping, clicks, live, analytics, apiKey, keys, backup, access, logger, now } = options
  const { telemetry } = options
  const settings = gatewaySettingsOf(config)
  const blocking = await blockingOf(config, access, logger, now)
  const asked = { clusterStatus, drainNode, membership, log, isStopping, work }
  const gateway = await createGateway({
    settings,
    ...asked,
    directory: node.directory,
    status: () => node.status(),
    router: node.cluster && node.router.counters,
    owner: node.links,
    redirects,
    clicks,
    deletions: clicks,
    analytics,
    desks: analytics?.desks,
    ...live,
    analyticsNumbers: analytics?.numbers && (() => analytics.numbers!),
    apiKey,
    keys,
    signIn: await signInOf(config, access, logger, now),
    backup,
    blocking,
    audit: access?.audit && trailOf(config, access.audit, now),
    logger,
    certificate: ownCertificateOf(config, logger),
    now,
    openCountries: () => countriesOf(config, logger),
    exportMetrics: telemetry && ((read) => telemetry.exportMetrics(read)),
  })
  const fastPath = config.fastPath ? fastPathOf(options, settings, gateway, blocking) : undefined
  return frontOf({ gateway, fastPath, blocking }, config)
}

function fastPathOf(
  { config, node, redirects, clicks, now }: FrontOptions,
  settings: GatewaySettings,
  gateway: FastifyInstance,
  { blocked }: NodeBlocking,
): FastPath {
  const { codeCase } = config
  // The gateway does so by itself.
  const owner = ownerOfCase(node.links, codeCase)
  const domains = requestDomainsOf(settings.domains, settings.trustProxy)
  return installFastPath(gateway.server, {
    lookup: (code) => owner.lookup(code, now()),
    find: (code) => owner.find(code),
    counters: redirects,
    prefixOf: domains && ((head) => domains.prefixOfHead(head)),
    forwardQuery: settings.forwardQuery,
    redirectStatus: settings.redirectStatus,
    hsts: hstsOf(settings),
    hasFallback: hasFallback(settings),
    clicks: notesOfCase(clicks?.notes, codeCase),
    now,
    blocked,
    spans: RedirectSpans.open(),
  })
}

interface Parts {
  readonly gateway: FastifyInstance
  readonly fastPath: FastPath | undefined
  readonly blocking: NodeBlocking
}

/** With the port for HTTP, if there is one. */
function frontOf({ gateway, fastPath, blocking }: Parts, config: Config): Front {
  let plain: Server | undefined
  const close = async () => {
    plain?.close()
    await Promise.all([gateway.close(), fastPath?.close()])
    await blocking.close()
  }
  return {
    listen: async () => {
      const url = await listen(gateway, config)
      plain = await listenForHttp(config)
      return url
    },
    close,
  }
}

/** Beside HTTPS, where it is wanted. @throws ConfigError if its port cannot be used */
async function listenForHttp(config: Config): Promise<Server | undefined> {
  const { host, tlsRedirectPort: port, port: httpsPort } = config
  // With several domains each stays where its visitor is.
  const baseUrl = config.domains === undefined ? config.baseUrl : undefined
  if (port === undefined) return undefined
  try {
    return await openRedirectPort({ host, port, baseUrl, httpsPort })
  } catch (error) {
    const why = (error as Error).message
    throw new ConfigError(`TINYGRID_TLS_REDIRECT_PORT ${port} cannot be used: ${why}`)
  }
}

/** On any of its domains. */
function hasFallback({ fallbackUrl, domains }: GatewaySettings): boolean {
  return fallbackUrl !== undefined || domains.some((domain) => domain.fallbackUrl !== null)
}

/** @throws StartError if the file of blocked hosts cannot be taken */
function blockingOf(
  config: Config,
  access: AccessSeams | undefined,
  logger: Logger,
  now: () => EpochMs,
) {
  return openBlocking({
    file: config.blockedHostsFile,
    text: access?.hosts,
    check: urlCheckOf(config, logger, now),
    warn: (what) => logger.warn(what),
  })
}

function trailOf({ nodeId: node, ipPrivacy }: Config, log: AuditLog, now: () => EpochMs) {
  return new AuditTrail({ log, node, ipPrivacy, now })
}

/** undefined: nobody signs in, and nothing of it is loaded. */
async function signInOf(
  config: Config,
  access: AccessSeams | undefined,
  logger: Logger,
  now: () => EpochMs,
): Promise<SignIn | undefined> {
  if (config.oidcIssuer === undefined || access?.sessions === undefined) return undefined
  const { openSignIn } = await import('./sign-in.ts')
  return openSignIn(config, access.sessions, logger, now)
}

/** undefined: nobody is to be asked. */
function urlCheckOf(config: Config, logger: Logger, now: () => EpochMs): UrlCheck | undefined {
  const { urlCheckUrl: url, urlCheckSecret: secret, urlCheckTimeoutMs: timeoutMs } = config
  if (url === undefined || secret === undefined) return undefined
  return new UrlCheck({
    url,
    secret,
    timeoutMs,
    failsOpen: config.urlCheckFails === 'open',
    allowsPrivate: config.urlCheckPrivate,
    now,
    warn: (what) => logger.warn(what),
  })
}

/** For redirect rules. */
async function countriesOf({ geoipFile: countryFile }: Config, logger: Logger) {
  const warn = (why: string) => logger.warn(`redirect rules by country hold for nobody: ${why}`)
  try {
    return await openCountryData({ countryFile, onMissing: warn })
  } catch (error) {
    warn((error as Error).message)
    return undefined
  }
}

/** Where a person on this machine finds it. */
async function listen(gateway: FastifyInstance, config: Config): Promise<string> {
  const { host, port, reusePort } = config
  // Fastify hands the options on to Node, which knows one more than Fastify's types.
  const options: FastifyListenOptions & { reusePort: boolean } = { host, port, reusePort }
  try {
    const url = new URL(await gateway.listen(options))
    if (['127.0.0.1', '0.0.0.0', '[::]', '[::1]'].includes(url.hostname)) url.hostname = 'localhost'
    return url.origin
  } catch (error) {
    const { syscall, message } = error as NodeJS.ErrnoException
    if (syscall === undefined) throw error
    throw new ConfigError(`HOST ${host} with PORT ${port} cannot be used: ${message}`)
  }
}
