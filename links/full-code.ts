/**
 * The full code of a link: its plain code on the default domain, `<domain>/<plain code>` on another one.
 *
 * The one place that knows the difference. Codes on two domains have nothing to do with each other, so inside
 * everything goes by the full code: partition, log, stores, caches, calls between nodes, clicks. On the default
 * domain that is what follows the slash, as it always was, so nothing that is stored changes. Only the
 * gateway puts the two together, by the Host of a request or the `domain` of a call, and takes them apart
 * again where it shows a link. No plain code has a slash, so no two links share a full code. Pure.
 *
 * Rejected: a number for each domain, which every node would have to agree on; a field of its own beside the
 * code, which every key of every store, log and cache would have to carry along.
 */
import { CODE_LENGTH_MAX, parseCode, type Code, type PlainCode } from './ids.ts'

declare const brand: unique symbol
/** A host name in small letters, without a port. */
export type Domain = string & { readonly [brand]: 'Domain' }

/** Longest name of a domain, in characters: a record has one byte for the length of a full code. */
export const DOMAIN_LENGTH_MAX = 128
const SEPARATOR = '/'
/** Longest full code, in characters. */
export const FULL_CODE_LENGTH_MAX = DOMAIN_LENGTH_MAX + SEPARATOR.length + CODE_LENGTH_MAX

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/** The domain that `text` spells, in any case, or in Unicode; undefined: it is none. */
export function parseDomain(text: string): Domain | undefined {
  const url = /^[^\s/?#@:\\]+$/.test(text) ? URL.parse(`http://${text}`) : null
  const name = url?.hostname.replace(/\.$/, '')
  return name !== undefined && isDomain(name) ? (name as Domain) : undefined
}

function isDomain(name: string): boolean {
  return name.length <= DOMAIN_LENGTH_MAX && name.split('.').every((label) => LABEL.test(label))
}

/** @param domain null: the default one */
export function fullCode(domain: Domain | null, code: PlainCode): Code {
  return domain === null ? code : ((domain + SEPARATOR + code) as Code)
}

/** What stands before the plain code in the full codes of a domain. */
export function prefixOf(domain: Domain | null): string {
  return domain === null ? '' : domain + SEPARATOR
}

/** null: the default one. */
export function domainOf(code: Code): Domain | null {
  const at = code.indexOf(SEPARATOR)
  return at < 0 ? null : (code.slice(0, at) as Domain)
}

/** What follows the slash in the short link. */
export function plainCodeOf(code: Code): PlainCode {
  return code.slice(code.indexOf(SEPARATOR) + 1) as PlainCode
}

/** The full code that `text` spells, or undefined if no link could have it. */
export function parseFullCode(text: string): Code | undefined {
  const at = text.indexOf(SEPARATOR)
  if (at < 0) return parseCode(text)
  const isFull = at > 0 && isDomain(text.slice(0, at))
  return isFull && parseCode(text.slice(at + 1)) !== undefined ? (text as Code) : undefined
}
