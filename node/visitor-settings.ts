/**
 * The settings of what visitors and crawlers get besides a link's own.
 *
 * Part of the one list in `config.ts`.
 */
import { EXPIRED_URL_BYTES_MAX, REDIRECT_STATUSES } from '../links/link.ts'
import { ROBOTS_CHOICES } from '../gateway/pages/site-files.ts'
import { isOwnAddress } from '../links/own-address.ts'
import { choice, ConfigError, matching } from './setting.ts'

export const VISITOR_SETTINGS = {
  redirectStatus: choice('TINYGRID_REDIRECT_STATUS', {
    fallback: '302',
    of: REDIRECT_STATUSES.map(String),
    about:
      'status of redirects, for links that do not say it; browsers keep 301 and 308 for an hour, and ' +
      'what they answer themselves is not counted',
  }),
  forwardQuery: choice('TINYGRID_FORWARD_QUERY', {
    fallback: 'true',
    of: ['true', 'false', 'override'],
    about:
      'whether the query of a visitor goes on to the target, for links that do not say it; override: ' +
      'its parameters replace those of the target',
  }),
  robots: choice('TINYGRID_ROBOTS', {
    fallback: 'allow',
    of: ROBOTS_CHOICES,
    about: 'whether robots.txt lets programs follow short links, as chats do to show a preview',
  }),
  fallbackUrl: matching('TINYGRID_FALLBACK_URL', isWebUrl, 'an http or https URL', {
    about: 'where visitors are sent whose code leads nowhere; by default to a page that says so',
  }),
} as const

export function isWebUrl(text: string): boolean {
  const url = text.length <= EXPIRED_URL_BYTES_MAX ? URL.parse(text) : null
  return url !== null && /^https?:$/.test(url.protocol)
}

interface Addresses {
  readonly fallbackUrl?: string | undefined
  readonly baseUrl?: string | undefined
  readonly port: number
}

/** @throws ConfigError where a code that leads nowhere would lead to itself */
export function checkVisitorSettings({ fallbackUrl, baseUrl, port }: Addresses): void {
  if (fallbackUrl === undefined || baseUrl === undefined) return
  const own = { base: new URL(baseUrl), port, machine: new Set<string>() }
  if (!isOwnAddress(new URL(fallbackUrl), own)) return
  throw new ConfigError(`TINYGRID_FALLBACK_URL is ${fallbackUrl}, which leads back to this service`)
}
