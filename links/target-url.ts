/**
 * The URL that a link leads to: read as browsers read it, refused where it cannot be a target.
 *
 * Pure; used by every way to create or change a link. The result is what the WHATWG parser makes of
 * the text (ASCII: host in punycode, path and query percent-encoded), so equal addresses are equal
 * text. Credentials (`user:pass@`) are kept: such addresses are real, and the preview shows them.
 */
import { TinygridError } from './errors.ts'
import { URL_BYTES_MAX } from './link.ts'
import { isOwnAddress, type OwnAddress } from './own-address.ts'

/** C0, DEL and C1: the parser would drop tabs and line ends silently, so that two texts look alike. */
const CONTROL_CHARACTER = /\p{Cc}/u
const STORED = /^https?:\/\/[\x21-\x7e]+$/

/**
 * @param own undefined: asked by an owner, who does not know by which addresses it is reached
 * @throws TinygridError invalid_field
 */
export function parseTargetUrl(value: unknown, own: OwnAddress | undefined, field = 'url'): string {
  const refuse = (detail: string) => new TinygridError('invalid_field', { field, detail })
  if (typeof value !== 'string') throw refuse('The URL must be a text')
  // Written out it only gets longer, but for what the parser leaves out at the ends and in the path.
  if (value.length > TEXT_LENGTH_MAX) {
    throw refuse(
      `The URL has ${value.length} characters; at most ${URL_BYTES_MAX} bytes are allowed`,
    )
  }
  if (!value.isWellFormed()) throw refuse('The URL has a lone surrogate: it is not valid Unicode')
  if (CONTROL_CHARACTER.test(value)) throw refuse('The URL has a control character')
  const url = URL.parse(value)
  if (url === null) throw refuse('The URL must be absolute, such as https://example.com/page')
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw refuse(`The URL must start with http:// or https://, not ${url.protocol}`)
  }
  if (url.href.length > URL_BYTES_MAX) {
    throw refuse(`The URL has ${url.href.length} bytes when written out; at most ${URL_BYTES_MAX}`)
  }
  if (own !== undefined && isOwnAddress(url, own))
    throw refuse('The URL leads back to this service')
  return url.href
}

/** Texts beyond this are not given to the parser at all. */
const TEXT_LENGTH_MAX = 4 * URL_BYTES_MAX

/**
 * Whether the text can stand in a `Location` header as a target: a cheap look at what is stored, or
 * comes from another node, for which `parseTargetUrl` was asked when the link was made.
 */
export function isStoredUrl(text: string): boolean {
  return text.length <= URL_BYTES_MAX && STORED.test(text)
}
