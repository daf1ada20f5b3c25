/**
 * What the routes about clicks share: whom to ask, and whether a link was ever given.
 */
import type { FastifyRequest } from 'fastify'
import { TinygridError } from '../../links/errors.ts'
import type { Code } from '../../links/ids.ts'
import type { Analytics } from '../../clicks/analytics/analytics.ts'
import { codeParam, type ApiContext } from '../api/api-context.ts'
import type { TaggedCodes } from './tagged-codes.ts'

export interface ClickContext extends ApiContext {
  readonly tagged: TaggedCodes
}

/** @throws TinygridError analytics_unavailable: this program counts no clicks */
export function analyticsOf({ analytics }: Pick<ApiContext, 'analytics'>): Analytics {
  if (analytics !== undefined) return analytics
  const detail = 'Clicks are not counted here'
  throw new TinygridError('analytics_unavailable', { detail })
}

/**
 * The code in the path, of a link that was given, deleted or not; undefined: the path has none.
 *
 * @throws TinygridError link_not_found
 */
export async function givenCode(
  context: ApiContext,
  request: FastifyRequest,
): Promise<Code | undefined> {
  if ((request.params as { code?: string }).code === undefined) return undefined
  const code = codeParam(context, request)
  if ((await context.owner.read(code)) !== undefined) return code
  throw new TinygridError('link_not_found')
}
