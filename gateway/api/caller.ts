/**
 * Who asks, for the routes that want to know: the key of a request, and the tags and domains that it is held to.
 *
 * Set by the authentication, once for each request. A key with domains has to do with links on these alone: it sees,
 * makes, changes, counts, exports and hears of no others. A full code tells its domain and never changes it, so
 * nothing is read for that. Which routes take such keys at all says `route-roles.ts`. A key with tags makes and changes only links that have one
 * of them, before and after. The link is read before it is changed, so of two changes at the same moment one
 * that takes the tag away may come between: tags keep colleagues out of each other's way, they are no wall.
 */
import type { FastifyRequest } from 'fastify'
import { DEFAULT_DOMAIN } from '../../cluster/keys/access-key.ts'
import type { Filter } from '../../clicks/store/question.ts'
import { TinygridError } from '../../links/errors.ts'
import { domainOf, type Domain } from '../../links/full-code.ts'
import type { Code } from '../../links/ids.ts'
import type { ListFilters } from '../../links/list-filter.ts'
import type { LinkOwner } from '../../links/link-owner.ts'
import type { Caller } from './key-ring.ts'

const CALLERS = new WeakMap<FastifyRequest, Caller>()

export function setCaller(request: FastifyRequest, caller: Caller): void {
  CALLERS.set(request, caller)
}

/** undefined: it came without a key. */
export function callerOf(request: FastifyRequest): Caller | undefined {
  return CALLERS.get(request)
}

/** The tags of which a link needs one; empty: it needs none. */
export function tagsOfCaller(request: FastifyRequest): readonly string[] {
  return callerOf(request)?.key?.tags ?? []
}

/** @throws TinygridError forbidden */
export function assertTagged(allowed: readonly string[], tags: readonly string[]): void {
  if (allowed.length === 0 || tags.some((tag) => allowed.includes(tag))) return
  const detail = `This key is for links with a tag of: ${allowed.join(', ')}`
  throw new TinygridError('forbidden', { detail })
}

/** @throws TinygridError forbidden */
export function assertMayMake(
  request: FastifyRequest,
  { domain, tags }: { readonly domain: Domain | null; readonly tags: readonly string[] },
): void {
  assertWithin(domainsOfCaller(request), domain)
  assertTagged(tagsOfCaller(request), tags)
}

export type DomainList = readonly (Domain | null)[]

/** Those that the caller is held to, null being the default one; undefined: it is held to none. */
export function domainsOfCaller(request: FastifyRequest): DomainList | undefined {
  const domains = callerOf(request)?.key?.domains
  if (domains === undefined || domains.length === 0) return undefined
  return domains.map((name) => (name === DEFAULT_DOMAIN ? null : (name as Domain)))
}

/** Whether a link on this domain is any business of a caller who is held to these. */
export function isWithin(within: DomainList | undefined, domain: Domain | null): boolean {
  return within === undefined || within.includes(domain)
}

/** @throws TinygridError forbidden */
function assertWithin(within: DomainList | undefined, domain: Domain | null): void {
  if (isWithin(within, domain)) return
  const names = within!.map((one) => one ?? DEFAULT_DOMAIN).join(', ')
  const detail = `This key is for links on: ${names}`
  throw new TinygridError('forbidden', { detail })
}

/** The code, if it is any business of the caller. @throws TinygridError forbidden */
export function codeWithin(request: FastifyRequest, code: Code): Code {
  const within = domainsOfCaller(request)
  if (within !== undefined) assertWithin(within, domainOf(code))
  return code
}

/** What a list of links for the caller has to say besides. */
export function listedWithin(request: FastifyRequest): Pick<ListFilters, 'within'> {
  const within = domainsOfCaller(request)
  return within === undefined ? {} : { within }
}

/** What a question about clicks for the caller has to say besides. */
export function filtersWithin(request: FastifyRequest): Filter[] {
  const within = domainsOfCaller(request)
  if (within === undefined) return []
  return [{ field: 'domain', values: within.map((domain) => domain ?? '') }]
}

/**
 * Whether the caller may change this link. What is not there is left to the owner to tell.
 *
 * @throws TinygridError forbidden
 */
export async function assertMayChange(
  request: FastifyRequest,
  owner: Pick<LinkOwner, 'read'>,
  code: Code,
): Promise<void> {
  codeWithin(request, code)
  const allowed = tagsOfCaller(request)
  if (allowed.length === 0) return
  const link = await owner.read(code)
  if (link !== undefined) assertTagged(allowed, link.tags)
}
