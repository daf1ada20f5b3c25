/**
 * `GET /api/domains`: the domains on which links may be made, for whoever lets a person choose.
 */
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { ApiContext } from './api-context.ts'
import { domainsOfCaller, isWithin } from './caller.ts'
import { jsonReply, problemReplies } from './api-replies.ts'
import { strict } from './link-schemas.ts'

const domainsSchema = Type.Object(
  {
    default: Type.Unsafe<string | null>({
      type: ['string', 'null'],
      description: 'Host name of the base URL; null: whatever name clients use',
    }),
    domains: Type.Array(Type.String(), {
      description: 'Further ones, in the order of the settings',
    }),
  },
  { ...strict, title: 'Domains' },
)

export function domainsRoute(app: FastifyInstance, { domains }: ApiContext): void {
  const schema = {
    summary: 'Domains of the service',
    description: 'Each has codes of its own.',
    tags: ['links'],
    response: { 200: jsonReply('The domains', domainsSchema), ...problemReplies(401) },
  }
  app.get('/api/domains', { schema }, (request) => {
    const within = domainsOfCaller(request)
    const names = domains.names.filter((name) => isWithin(within, name))
    return { default: domains.defaultName ?? null, domains: names }
  })
}
