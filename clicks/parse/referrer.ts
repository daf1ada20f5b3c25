/**
 * Where a visitor came from: the host and the path of a referrer, or nothing.
 *
 * Used by the click parser. Only what a browser or an app sends counts: `http`, `https` and
 * `android-app`, of which the host is the app's name. Names of hosts stay in Punycode (`xn--...`): one
 * host has one spelling then, and two that only look alike stay apart. Paths stay percent-encoded for
 * the same reason. User, password, port, query and fragment are nobody's business here.
 */
import { CLICK_TEXT_MAX } from '../click.ts'
import { cleanText, headerText } from './clean-text.ts'

export interface Referrer {
  readonly host: string
  readonly path: string
}

export const NO_REFERRER: Referrer = Object.freeze({ host: '', path: '' })

/** What comes after it is query, or cut off from the path anyway; in characters. */
const REFERRER_READ_MAX = 2_048
const WEB = /^https?:\/\//i
const ANDROID_APP = /^android-app:\/\/([\w.-]{1,253})(?:\/|$)/i

export function parseReferrer(header: string): Referrer {
  const text = headerText(header.slice(0, REFERRER_READ_MAX))
  if (WEB.test(text)) return ofPage(text)
  const app = ANDROID_APP.exec(text)?.[1]
  return app === undefined ? NO_REFERRER : { host: app.toLowerCase(), path: '' }
}

function ofPage(text: string): Referrer {
  const url = URL.parse(text.toWellFormed())
  if (url === null) return NO_REFERRER
  const host = plainHost(url.hostname)
  // Cut off it would be somebody else's.
  if (host.length > CLICK_TEXT_MAX.referrerHost) return NO_REFERRER
  return { host, path: cutPath(cleanText(url.pathname, CLICK_TEXT_MAX.referrerPath)) }
}

/** Without the final dot and a leading `www.`, unless that is half of the name. */
function plainHost(hostname: string): string {
  const host = hostname.endsWith('.') ? hostname.slice(0, -1) : hostname
  return host.startsWith('www.') && host.includes('.', 4) ? host.slice(4) : host
}

/** A path that was cut does not end within `%C3`. */
function cutPath(path: string): string {
  return path.length < CLICK_TEXT_MAX.referrerPath ? path : path.replace(/%.?$/, '')
}
