/**
 * The full code of a short URL of this service that somebody pasted where a code or a search was meant.
 *
 * Pure; used by the list. With or without its scheme, with the `+` of a preview or without, by the
 * public address, a further domain or a name of this machine (`own-address.ts`).
 */
import { fullCode, type Domain } from '../../links/full-code.ts'
import { parseCode, type Code } from '../../links/ids.ts'
import { isOwnAddress, plainHost, type OwnAddress } from '../../links/own-address.ts'

const SCHEME = /^https?:\/\//i

/** undefined: it is none. */
export function codeOfShortUrl(text: string, own: OwnAddress): Code | undefined {
  const plain = text.trim()
  const url = URL.parse(SCHEME.test(plain) ? plain : `http://${plain}`)
  if (url === null || !plain.includes('/') || !isOwnAddress(url, own)) return undefined
  const host = plainHost(url)
  const domain = own.others?.has(host) === true ? (host as Domain) : null
  // A base URL may have a path; the links of other domains are at their root.
  const prefix = domain === null ? own.base.pathname.replace(/\/$/, '') : ''
  if (!url.pathname.startsWith(`${prefix}/`)) return undefined
  const code = parseCode(url.pathname.slice(prefix.length + 1).replace(/\+$/, ''))
  return code && fullCode(domain, code)
}
