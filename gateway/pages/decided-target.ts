/**
 * Where a visitor is sent whose owner has to be asked: of links with rules, or whose password was right.
 *
 * Used by the redirect route and by the form of links with a password. The owner decides first and
 * counts then, if the link has maxVisits: a visitor whom the last visit has escaped is sent nowhere.
 */
import type { FastifyRequest } from 'fastify'
import { TinygridError } from '../../links/errors.ts'
import type { Code } from '../../links/ids.ts'
import type { LinkOwner } from '../../links/link-owner.ts'
import { unblocked, type Blocking } from '../blocking/blocked-target.ts'
import { clientAddress } from '../http/client-address.ts'
import type { Target } from '../http/redirect-form.ts'
import type { RedirectCounters } from './redirect-counters.ts'
import type { VisitorFacts } from './visitor-facts.ts'
import { goneError, visitorError } from './visitor-pages.ts'

export interface DecidingOptions extends Blocking {
  readonly owner: LinkOwner
  readonly visitors: VisitorFacts
  readonly counters: RedirectCounters
}

/**
 * @param counts false: nobody follows the link, its head alone is asked for
 * @throws TinygridError
 */
export async function decidedTarget(
  options: DecidingOptions,
  request: FastifyRequest,
  code: Code,
  counts = true,
): Promise<Target> {
  const { owner, visitors, counters } = options
  const visitor = await visitors.of(request.headers, clientAddress(request))
  const resolved = await owner.resolve(code, visitor)
  if (resolved.kind !== 'resolved') throw visitorError(resolved)
  const { url, status, forwardQuery, rule, isMetered } = unblocked(options, resolved)
  if (counts) {
    if (isMetered) await countVisit(owner, code)
    counters[isMetered ? 'metered' : 'late']++
  }
  return {
    url,
    isDecidedAnew: true,
    ...(rule === 0 ? {} : { rule }),
    ...(status === undefined ? {} : { status }),
    ...(forwardQuery === undefined ? {} : { forwardQuery }),
  }
}

async function countVisit(owner: LinkOwner, code: Code): Promise<void> {
  const result = await owner.write({ kind: 'visit', code })
  if (result.kind === 'redirect') return
  throw result.kind === 'gone'
    ? goneError(result.reason, result.url)
    : new TinygridError('link_not_found')
}
