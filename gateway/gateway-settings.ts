/**
 * What an operator may decide about the HTTP side, with defaults that suit most.
 *
 * Filled by the configuration, which overrides what the environment names; read by the gateway's
 * parts, each of which takes what it needs. Every limit here has a unit in its name or its comment.
 */

import type { IpPrivacy } from '../clicks/ring/kept-address.ts'
import type { CodeCase } from '../links/code-case.ts'
import type { Domain } from '../links/full-code.ts'
import { URL_BYTES_DEFAULT, type QueryForwarding, type RedirectStatus } from '../links/link.ts'
import { WEB_SCHEMES } from '../links/target-schemes.ts'
import type { TargetRules } from '../links/target-url.ts'
import type { ForeignInterface } from './compatible/foreign-interfaces.ts'
import type { Robots } from './pages/site-files.ts'

/**
 * What a client can make the process hold for one connection: what was read and not answered, and
 * replies up to what a socket takes (64 KB) and one batch more. Larger answers are bounded for all
 * together (`unreadBytesMax`), and so are requests (`requestsMax`).
 */
export const CONNECTION_BYTES_MAX = 128 * 1024

/** A domain beside the default one. */
export interface DomainSettings {
  readonly name: Domain
  /** As `fallbackUrl` is for the default domain; null: a page that says so. */
  readonly fallbackUrl: string | null
  readonly robots: Robots
}

export interface GatewaySettings {
  readonly host: string
  /** 0 picks a free port. */
  readonly port: number
  /** What short links start with, without a slash at the end; by default what the client used. */
  readonly baseUrl: string | undefined
  /** Those beside the default one; only with a base URL, which is the default one's. */
  readonly domains: readonly DomainSettings[]
  /** Whether a reverse proxy in front sets X-Forwarded-For, -Host and -Proto. */
  readonly trustProxy: boolean
  /** Whether each request that the fast path does not answer is logged. */
  readonly accessLog: boolean
  /** What is kept of visitors' addresses. */
  readonly ipPrivacy: IpPrivacy
  /** Whether `POST /api/links` works without a key. */
  readonly publicCreate: boolean
  /** Origins whose web pages may call the API, as browsers write them, or `*`. */
  readonly corsOrigins: readonly string[]
  /** Interfaces of other shorteners that are answered, too. */
  readonly interfaces: readonly ForeignInterface[]
  /** Where links may lead that are made or changed from now on. */
  readonly targets: TargetRules
  /** Whether codes that differ in case alone are two codes: as it was when the data were made. */
  readonly codeCase: CodeCase
  /** Longest alias, in characters. */
  readonly aliasLengthMax: number
  /** Length of generated codes, in characters. */
  readonly codeLength: number
  /** Whether a raw socket reader answers plain redirects in front of this gateway. */
  readonly fastPath: boolean
  /** What becomes of the query of a visitor, for links that do not say it themselves. */
  readonly forwardQuery: QueryForwarding
  /** Of redirects, for links that do not say it themselves. */
  readonly redirectStatus: RedirectStatus
  readonly robots: Robots
  /** How long browsers are told to use HTTPS alone; 0: they are told nothing. */
  readonly hstsSeconds: number
  /** Where visitors are sent whose code leads nowhere; by default to a page that says so. */
  readonly fallbackUrl: string | undefined
  /** Creates without a key, per address. */
  readonly unkeyedCreatesPerMinuteMax: number
  /** Wrong keys per address, before its requests with any key are refused for a while. */
  readonly wrongKeysPerMinuteMax: number
  /** Wrong passwords of links per address, before its next ones are refused for a while. */
  readonly wrongPasswordsPerMinuteMax: number
  /** The same per link, whoever tries. */
  readonly wrongPasswordsPerLinkMax: number
  /** Addresses remembered for these limits; beyond it the oldest is forgotten. */
  readonly limitedAddressesMax: number
  /** Of a request with one JSON text, which is parsed in one go: 64 KB take 1.6 ms at worst. */
  readonly bodyBytesMax: number
  /** Of a bulk request, which is read in pieces. */
  readonly bulkBodyBytesMax: number
  readonly bulkLinksMax: number
  /** Request line and headers together. */
  readonly headerBytesMax: number
  readonly connectionsMax: number
  /** From a request's first byte to the end of its headers. */
  readonly headersTimeoutMs: number
  /** From a request's first byte to its last. */
  readonly requestTimeoutMs: number
  /** How long an idle connection is kept for its next request. */
  readonly keepAliveTimeoutMs: number
  /** Requests that are begun at a time, but for redirects that memory answers. */
  readonly requestsMax: number
  /** Bytes of answers, of all clients together, that they have not read yet. */
  readonly unreadBytesMax: number
  /** How long a client may read nothing of an answer. */
  readonly unreadTimeoutMs: number
}

export const GATEWAY_DEFAULTS: GatewaySettings = Object.freeze({
  host: '127.0.0.1',
  port: 3000,
  baseUrl: undefined,
  domains: Object.freeze([]),
  trustProxy: false,
  accessLog: false,
  ipPrivacy: 'anonymised',
  publicCreate: false,
  corsOrigins: Object.freeze([]),
  interfaces: Object.freeze([]),
  targets: Object.freeze({ schemes: WEB_SCHEMES, bytesMax: URL_BYTES_DEFAULT }),
  codeCase: 'sensitive',
  aliasLengthMax: 8,
  codeLength: 7,
  fastPath: true,
  forwardQuery: true,
  redirectStatus: 302,
  robots: 'allow',
  hstsSeconds: 0,
  fallbackUrl: undefined,
  unkeyedCreatesPerMinuteMax: 60,
  wrongKeysPerMinuteMax: 30,
  wrongPasswordsPerMinuteMax: 10,
  wrongPasswordsPerLinkMax: 100,
  limitedAddressesMax: 20_000,
  bodyBytesMax: 64 * 1024,
  bulkBodyBytesMax: 8 * 1024 * 1024,
  bulkLinksMax: 1000,
  headerBytesMax: 16 * 1024,
  connectionsMax: 20_000,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 72_000,
  requestsMax: 8_192,
  unreadBytesMax: 128 * 1024 * 1024,
  unreadTimeoutMs: 120_000,
})
