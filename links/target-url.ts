/**
 * The URL that a link leads to: read as browsers read it, refused where it cannot be a target.
 *
 * Pure; used by every way to create or change a link. The result is what the WHATWG parser makes of
 * the text (ASCII: host in punycode, path and query percent-encoded), so equal addresses are equal
 * text. Credentials (`user:pass@`) are kept: such addresses are real, and who follows the link is told them. What only
 * tells of a link, its preview and the audit log, leaves the password out (`withoutPassword`). Rejected: to refuse
 * them, which would leave links behind that other shorteners have.
 *
 * Which schemes are allowed, and how long a URL may be, is a setting of the gateway that is asked. An
 * owner takes whatever is safe in a `Location` header, and so do log, store and cache: a link that was made
 * under another setting, or by a node that has another one, goes on working. Some schemes are never
 * taken by anybody. Rejected: owners that hold to a setting of their own, so that what one node made
 * another would have to call damaged.
 */
import type { BlockedHosts } from './blocked-hosts.ts'
import { TinygridError } from './errors.ts'
import { URL_BYTES_MAX } from './link.ts'
import { isOwnAddress, type OwnAddress } from './own-address.ts'
import { isTargetScheme, isWebScheme } from './target-schemes.ts'

/** What is asked of a target. */
export interface TargetRules {
  /** In small letters, without the colon. undefined: any that `isTargetScheme` knows to be safe. */
  readonly schemes: readonly string[] | undefined
  /** Of the URL as it is stored. At most URL_BYTES_MAX. */
  readonly bytesMax: number
  /** What would be a loop; undefined: an owner asks, who does not know by which addresses it is reached. */
  readonly own?: OwnAddress | undefined
  /** Where nobody may be led; undefined: an owner asks, who leaves it to gateways. */
  readonly blocked?: Pick<BlockedHosts, 'has'> | undefined
}

/** What is safe to store and to send. */
export const SAFE_TARGETS: TargetRules = Object.freeze({
  schemes: undefined,
  bytesMax: URL_BYTES_MAX,
})

/** C0, DEL and C1: the parser would drop tabs and line ends silently, so that two texts look alike. */
const CONTROL_CHARACTER = /\p{Cc}/u
const WEB = /^https?:\/\/[\x21-\x7e]+$/
const ANY = /^([^:]*):[\x21-\x7e]+$/

/** @throws TinygridError invalid_field, target_blocked */
export function parseTargetUrl(value: unknown, rules: TargetRules, field = 'url'): string {
  const refuse = (detail: string) => new TinygridError('invalid_field', { field, detail })
  if (typeof value !== 'string') throw refuse('The URL must be a text')
  const { bytesMax, own, blocked } = rules
  // Written out it only gets longer, but for what the parser leaves out at the ends and in the path.
  if (value.length > TEXT_PER_BYTE_MAX * bytesMax) {
    throw refuse(`The URL has ${value.length} characters; at most ${bytesMax} bytes are allowed`)
  }
  if (!value.isWellFormed()) throw refuse('The URL has a lone surrogate: it is not valid Unicode')
  if (CONTROL_CHARACTER.test(value)) throw refuse('The URL has a control character')
  const url = URL.parse(value)
  if (url === null) throw refuse('The URL must be absolute, such as https://example.com/page')
  refuseScheme(url, rules, refuse)
  const written = writtenUrl(url)
  if (written.length > bytesMax) {
    throw refuse(`The URL has ${written.length} bytes when written out; at most ${bytesMax}`)
  }
  if (!isStoredUrl(written)) throw refuse('The URL leads nowhere: nothing follows its scheme')
  if (own !== undefined && isWeb(url) && isOwnAddress(url, own)) {
    throw refuse('The URL leads back to this service')
  }
  if (blocked?.has(written) === true) {
    const detail = `Links to ${url.host} are blocked here`
    throw new TinygridError('target_blocked', { field, detail })
  }
  return written
}

function refuseScheme(
  url: URL,
  { schemes }: TargetRules,
  refuse: (detail: string) => TinygridError,
): void {
  const scheme = url.protocol.slice(0, -1)
  if (!isTargetScheme(scheme)) throw refuse(`A link must not lead to ${url.protocol} addresses`)
  if (schemes === undefined || schemes.includes(scheme)) return
  const allowed = schemes.map((one) => (isWebScheme(one) ? `${one}://` : `${one}:`))
  throw refuse(`The URL must start with ${listOf(allowed)}, not ${url.protocol}`)
}

/** Longer texts, in characters for each byte that is allowed, are not given to the parser at all. */
const TEXT_PER_BYTE_MAX = 4

/**
 * The URL as it is stored. Without a host the parser leaves spaces as they are, which would end the
 * address in a header and in a text of two columns.
 */
export function writtenUrl({ href }: URL): string {
  return href.includes(' ') ? href.replaceAll(' ', '%20') : href
}

/**
 * Whether the text can stand in a `Location` header as a target: a cheap look at what is stored, or
 * comes from another node, for which `parseTargetUrl` was asked when the link was made. Which schemes
 * and lengths the settings allow today is no matter.
 */
export function isStoredUrl(text: string): boolean {
  if (text.length > URL_BYTES_MAX) return false
  if (WEB.test(text)) return true
  const scheme = ANY.exec(text)?.[1]
  return scheme !== undefined && !isWebScheme(scheme) && isTargetScheme(scheme)
}

/** With three stars in the place of a password. */
export function withoutPassword(target: string): string {
  const url = target.includes('@') ? URL.parse(target) : null
  if (url === null || url.password === '') return target
  url.password = '***'
  return url.href
}

function isWeb({ protocol }: URL): boolean {
  return isWebScheme(protocol.slice(0, -1))
}

function listOf(words: readonly string[]): string {
  const last = words.at(-1)!
  return words.length === 1 ? last : `${words.slice(0, -1).join(', ')} or ${last}`
}
