/**
 * A click as Shlink shows a visit. Pure.
 *
 * A click does not keep the text of the user agent, only what was read out of it; clients read browser and system
 * out of the text again. So a short one is written of which they read the same. It is not what the visitor sent.
 */
import type { PlacedClick } from '../../../clicks/click.ts'
import { shortUrlOf } from '../../http/public-address.ts'

/** As analytics writes it. */
export type TellableVisit = Omit<PlacedClick, 'at'> & { readonly at: string }

const ORPHAN_TYPE = 'invalid_short_url'

/** By what browsers say that they run on; other systems are named as they are. */
const SYSTEM_TOKENS: Readonly<Record<string, string>> = {
  Windows: 'Windows NT',
  macOS: 'Macintosh; Intel Mac OS X',
  iOS: 'iPhone; CPU iPhone OS like Mac OS X',
  iPadOS: 'iPad; CPU OS like Mac OS X',
  Android: 'Linux; Android',
  Linux: 'X11; Linux x86_64',
  'Chrome OS': 'X11; CrOS x86_64',
}

const BROWSER_TOKENS: Readonly<Record<string, (version: string) => string>> = {
  'Microsoft Edge': (version) => `Edg/${version}`,
  Opera: (version) => `OPR/${version}`,
  'Samsung Internet for Android': (version) => `SamsungBrowser/${version}`,
  Safari: (version) => `Version/${version} Safari/605`,
}

const countryNames = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' })

/** @param isOrphan it led to no link: each of these had a code */
export function shlinkVisitOf(visit: TellableVisit, baseUrl: string, isOrphan: boolean): object {
  const { at, code, kind, referrerHost, referrerPath, country } = visit
  return {
    referer: referrerHost === '' ? '' : `https://${referrerHost}${referrerPath}`,
    date: at,
    userAgent: userAgentOf(visit),
    visitLocation: country === '' ? null : locationOf(country),
    potentialBot: kind !== 'human',
    visitedUrl: shortUrlOf(baseUrl, code),
    ...(isOrphan ? { type: ORPHAN_TYPE } : {}),
  }
}

/** Empty where nothing is known. */
export function userAgentOf(
  visit: Pick<TellableVisit, 'botName' | 'browser' | 'browserVersion' | 'os'>,
) {
  const { botName, browser, browserVersion, os } = visit
  if (botName !== '') return botName
  if (browser === '' && os === '') return ''
  const system = os === '' ? '' : ` (${SYSTEM_TOKENS[os] ?? os})`
  if (browser === '') return `Mozilla/5.0${system}`
  const version = browserVersion === '' ? '0' : browserVersion
  const token = BROWSER_TOKENS[browser]?.(version) ?? `${browser.replaceAll(' ', '')}/${version}`
  return `Mozilla/5.0${system} ${token}`
}

/** Nothing nearer than the country is kept. */
function locationOf(country: string): object {
  return {
    countryCode: country,
    countryName: /^[A-Z]{2}$/.test(country) ? (countryNames.of(country) ?? country) : country,
    regionName: '',
    cityName: '',
    latitude: 0,
    longitude: 0,
    timezone: '',
    isEmpty: false,
  }
}
