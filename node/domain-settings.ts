/**
 * The setting of the domains beside the default one, which `TINYGRID_BASE_URL` names.
 *
 * Part of the one list in `config.ts`. Either names alone, or a JSON list of names and of objects that say what
 * visitors and crawlers get there; what an object leaves out is as on the default domain. A domain that is
 * taken out keeps its links, which answer 404 until it is there again.
 */
import type { DomainSettings } from '../gateway/gateway-settings.ts'
import { ROBOTS_CHOICES, type Robots } from '../gateway/pages/site-files.ts'
import { DOMAIN_LENGTH_MAX, parseDomain, type Domain } from '../links/full-code.ts'
import { isOwnAddress } from '../links/own-address.ts'
import { ConfigError, parsedBy } from './setting.ts'
import { isWebUrl } from './visitor-settings.ts'

const DOMAINS_MAX = 100
/** Stands for the default domain in requests. */
const NO_NAMES: ReadonlySet<string> = new Set(['default'])

export interface GivenDomain {
  readonly name: Domain
  /** Left out: as on the default domain; null: a page of the service. */
  readonly fallbackUrl?: string | null
  readonly robots?: Robots
}

export const DOMAIN_SETTINGS = {
  domains: parsedBy('TINYGRID_DOMAINS', parseDomains, {
    takes:
      `1 to ${DOMAINS_MAX} host names of at most ${DOMAIN_LENGTH_MAX} characters, separated by commas, or a JSON ` +
      'list of them and of objects such as {"domain":"go.example","fallbackUrl":"https://example.com/","robots":"deny"}',
    about:
      'further domains, each with codes of its own; the same on all nodes, and only with TINYGRID_BASE_URL',
  }),
} as const

function parseDomains(text: string): readonly GivenDomain[] | undefined {
  const items = text.trimStart().startsWith('[') ? parseList(text) : text.split(',')
  if (items === undefined || items.length === 0 || items.length > DOMAINS_MAX) return undefined
  const domains = items.map(parseItem)
  const known = domains.filter((domain) => domain !== undefined)
  const names = new Set(known.map(({ name }) => name))
  return names.size === items.length ? Object.freeze(known) : undefined
}

function parseList(text: string): unknown[] | undefined {
  try {
    const value = JSON.parse(text) as unknown
    return Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

function parseItem(item: unknown): GivenDomain | undefined {
  if (typeof item === 'string') return parseItem({ domain: item.trim() })
  if (typeof item !== 'object' || item === null) return undefined
  const { domain, fallbackUrl, robots, ...unknown } = item as Record<string, unknown>
  const name = typeof domain === 'string' ? parseDomain(domain) : undefined
  if (name === undefined || NO_NAMES.has(name) || Object.keys(unknown).length > 0) return undefined
  const isPage = typeof fallbackUrl === 'string' && isWebUrl(fallbackUrl)
  if (fallbackUrl !== undefined && fallbackUrl !== null && !isPage) return undefined
  const choice = ROBOTS_CHOICES.find((one) => one === robots)
  if (robots !== undefined && choice === undefined) return undefined
  return Object.freeze({
    name,
    ...(fallbackUrl === undefined ? {} : { fallbackUrl: fallbackUrl }),
    ...(choice === undefined ? {} : { robots: choice }),
  })
}

interface Addresses {
  readonly domains?: readonly GivenDomain[] | undefined
  readonly fallbackUrl?: string | undefined
  readonly baseUrl?: string | undefined
  readonly port: number
}

/** @throws ConfigError where nobody could tell the default domain, or a fallback leads back here */
export function checkDomainSettings(given: Addresses): void {
  const { domains = [], baseUrl, port, fallbackUrl } = given
  if (domains.length === 0) return
  if (baseUrl === undefined) {
    throw new ConfigError(
      'TINYGRID_DOMAINS is set, but TINYGRID_BASE_URL is not: it names the default domain',
    )
  }
  const base = new URL(baseUrl)
  const names = domains.map(({ name }) => name)
  if (names.some((name) => name === base.hostname)) {
    throw new ConfigError(
      `TINYGRID_DOMAINS has ${base.hostname}, which is the default domain by TINYGRID_BASE_URL`,
    )
  }
  const own = { base, port, machine: new Set<string>(), others: new Set<string>(names) }
  for (const url of [fallbackUrl, ...domains.map((domain) => domain.fallbackUrl)]) {
    if (url == null || !isOwnAddress(new URL(url), own)) continue
    throw new ConfigError(
      `TINYGRID_DOMAINS makes a fallback of ${url}, which leads back to this service`,
    )
  }
}

/** With what is as on the default domain. */
export function wholeDomains(
  domains: readonly GivenDomain[] | undefined,
  ofDefault: { readonly fallbackUrl: string | undefined; readonly robots: Robots },
): readonly DomainSettings[] {
  const { fallbackUrl = null, robots } = ofDefault
  return Object.freeze(
    (domains ?? []).map((domain) => Object.freeze({ fallbackUrl, robots, ...domain })),
  )
}
