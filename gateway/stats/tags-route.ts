/**
 * `GET /api/tags`: the tags of all links, with how many links have each.
 *
 * Long work: the store counts them anew each time.
 */
import type { FastifyInstance } from 'fastify'
import { TAGS_LISTED_MAX, type TagCount } from '../../links/link-owner.ts'
import type { Steps } from '../../links/long-work.ts'
import type { ApiContext } from '../api/api-context.ts'
import { JSON_TYPE, jsonReply, problemReplies } from '../api/api-replies.ts'
import { LongRequests } from '../api/long-request.ts'
import { tagsSchema } from './stats-schemas.ts'
import { tagsWithin } from './tags-within.ts'

export function tagsRoute(app: FastifyInstance, context: ApiContext): void {
  const { work } = context
  const schema = {
    summary: 'Tags with counts of links',
    description: `The most used first, at most ${TAGS_LISTED_MAX}.`,
    tags: ['links'],
    response: { 200: jsonReply('The tags', tagsSchema), ...problemReplies(401, 503) },
  }
  const requests = new LongRequests(work, 0)
  app.get('/api/tags', { schema, onRequest: requests.admit }, (request, reply) =>
    requests.answer(request, async () => {
      const text = await work.run(tagsText(await tagsWithin(context, request)), 'request')
      return reply.type(JSON_TYPE).send(text)
    }),
  )
}

function* tagsText(counts: readonly TagCount[]): Steps<string> {
  const texts: string[] = []
  for (const count of counts) {
    yield
    texts.push(JSON.stringify(count))
  }
  return `{"tags":[${texts.join(',')}]}`
}
