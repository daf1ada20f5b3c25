/**
 * How a domain is named in a request of the API, and which ones there are.
 *
 * Used by every route that names a link. What is left out, null, `default` and the default domain's own name
 * are the default domain; any other name must be one of the settings.
 */
import { Type } from 'typebox'
import { TinygridError } from '../../links/errors.ts'
import { DOMAIN_LENGTH_MAX, parseDomain, type Domain } from '../../links/full-code.ts'
import type { GatewaySettings } from '../gateway-settings.ts'
import { nullable } from './schema-parts.ts'

const DEFAULT = 'default'
/** As a name of a domain may be written, with a dot at its end. */
const NAME_LENGTH_MAX = DOMAIN_LENGTH_MAX + 1

/** Which domain a new link is to be on. */
export const domainField = nullable(
  Type.String({ minLength: 1, maxLength: NAME_LENGTH_MAX, examples: ['go.example'] }),
  'One of the domains that the service has; left out, null and `default`: the default one',
)

/** Which domain the link of a path is on. */
export const domainQuery = {
  domain: Type.Optional(
    Type.String({
      maxLength: NAME_LENGTH_MAX,
      description: 'Domain of the link; left out: the default one',
    }),
  ),
}

export const linkQuerySchema = Type.Object(domainQuery)

/** Which domain the links of a list are on. */
export const listedDomain = Type.Optional(
  Type.String({
    maxLength: NAME_LENGTH_MAX,
    description: 'Links on this domain; `default`: on the default one',
  }),
)

export const shownDomain = Type.Optional(
  Type.String({ description: 'Left out of links on the default domain' }),
)

export class KnownDomains {
  /** Invariant: each once, in the order of the settings. */
  readonly names: readonly Domain[]
  /** undefined: it is whatever name clients use. */
  readonly defaultName: string | undefined

  constructor({ baseUrl, domains }: Pick<GatewaySettings, 'baseUrl' | 'domains'>) {
    this.names = domains.map(({ name }) => name)
    this.defaultName = baseUrl === undefined ? undefined : new URL(baseUrl).hostname
  }

  /** null: the default one. @throws TinygridError invalid_field */
  parse(value: string | null | undefined, field = 'domain'): Domain | null {
    if (value === undefined || value === null || value === '') return null
    const domain = parseDomain(value)
    if (domain === DEFAULT || (domain !== undefined && domain === this.defaultName)) return null
    if (domain !== undefined && this.names.includes(domain)) return domain
    throw new TinygridError('invalid_field', { field, detail: this.#takes() })
  }

  #takes(): string {
    if (this.names.length === 0) return 'This service has no domain but the default one'
    return `A domain is one of ${[this.defaultName ?? DEFAULT, ...this.names].join(', ')}`
  }
}
