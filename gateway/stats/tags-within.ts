/**
 * Tags with how many links have each, as far as they are any business of the caller's key.
 *
 * Used by our own list of tags and Shlink's. The store counts tags of all links; for a key that is held to domains the
 * links of each are looked at, CODES_MAX at a time. A key without domains costs nothing.
 */
import type { FastifyRequest } from 'fastify'
import { TinygridError } from '../../links/errors.ts'
import { domainOf } from '../../links/full-code.ts'
import type { Code } from '../../links/ids.ts'
import type { TagCount } from '../../links/link-owner.ts'
import type { Steps } from '../../links/long-work.ts'
import type { ApiContext } from '../api/api-context.ts'
import { domainsOfCaller, type DomainList } from '../api/caller.ts'

/** Links that are looked at together, counted once for each tag; a tag that has more is looked at alone. */
const CODES_MAX = 50_000
/** That were tagged since they were counted. */
const CODES_MORE_MAX = 10_000

/** @throws TinygridError store_unavailable */
export async function tagsWithin(
  { directory, work }: Pick<ApiContext, 'directory' | 'work'>,
  request: FastifyRequest,
): Promise<readonly TagCount[]> {
  const counts = await directory.tags()
  const within = domainsOfCaller(request)
  if (within === undefined) return counts
  const found: TagCount[] = []
  for (const some of stretches(counts)) {
    const codesMax = linksOf(some) + CODES_MORE_MAX
    const names = some.map(({ tag }) => tag)
    const codes = await directory.codesOfTags(names, codesMax)
    if (codes === undefined) throw new TinygridError('store_unavailable')
    found.push(...(await work.run(counted(codes, within), 'request')))
  }
  return found.sort((a, b) => b.links - a.links || (a.tag < b.tag ? -1 : 1))
}

function* stretches(counts: readonly TagCount[]): Generator<readonly TagCount[]> {
  let some: TagCount[] = []
  for (const count of counts) {
    if (some.length > 0 && linksOf(some) + count.links > CODES_MAX) {
      yield some
      some = []
    }
    some.push(count)
  }
  if (some.length > 0) yield some
}

function linksOf(counts: readonly TagCount[]): number {
  return counts.reduce((sum, { links }) => sum + links, 0)
}

function* counted(
  codes: ReadonlyMap<string, readonly Code[]>,
  within: DomainList,
): Steps<readonly TagCount[]> {
  const counts: TagCount[] = []
  for (const [tag, ofTag] of codes) {
    let links = 0
    for (const code of ofTag) {
      yield
      if (within.includes(domainOf(code))) links++
    }
    if (links > 0) counts.push({ tag, links })
  }
  return counts
}
