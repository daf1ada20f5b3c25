/**
 * Who asks, for the routes that want to know: the key of a request, and the tags that it is held to.
 *
 * Set by the authentication, once for each request. A key with tags makes and changes only links that have one
 * of them, before and after. The link is read before it is changed, so of two changes at the same moment one
 * that takes the tag away may come between: tags keep colleagues out of each other's way, they are no wall.
 */
import type { FastifyRequest } from 'fastify'
import { TinygridError } from '../../links/errors.ts'
import type { Code } from '../../links/ids.ts'
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
  const allowed = tagsOfCaller(request)
  if (allowed.length === 0) return
  const link = await owner.read(code)
  if (link !== undefined) assertTagged(allowed, link.tags)
}
