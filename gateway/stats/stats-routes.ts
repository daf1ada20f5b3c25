/**
 * `GET /api/stats` and `GET /api/links/:code/stats`: questions about the clicks of all links, or of one.
 *
 * A deleted link keeps its clicks. Long work: answering takes analytics its time, and writing many
 * points this process. Asking ends with the request: who has gone costs the store nothing more.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Question } from '../../clicks/store/question.ts'
import { JSON_TYPE, jsonReply, problemReplies } from '../api/api-replies.ts'
import { codeParamsSchema } from '../api/link-schemas.ts'
import { filtersWithin } from '../api/caller.ts'
import { LongRequests } from '../api/long-request.ts'
import { analyticsOf, givenCode, type ClickContext } from './click-context.ts'
import {
  comparedQuestion,
  parseQuestion,
  tagsAskedFor,
  type StatsQuery,
} from './question-request.ts'
import { linkStatsQuerySchema, statsQuerySchema, statsSchema } from './stats-schemas.ts'
import { statsText } from './stats-view.ts'

export function statsRoutes(app: FastifyInstance, context: ClickContext): void {
  const { work } = context
  const requests = new LongRequests(work, 0)
  const described = {
    tags: ['statistics'],
    description:
      'Totals, a series by interval, and groups by one or two fields. A click is counted here within a ' +
      'second or two.',
  }

  async function answer(request: FastifyRequest, signal: AbortSignal): Promise<string> {
    const query = request.query as StatsQuery
    const plain = parseQuestion(query, await givenCode(context, request), context.now())
    const asked = { ...plain, filters: [...plain.filters, ...filtersWithin(request)] }
    const { compare } = query
    const before = compare === undefined ? undefined : comparedQuestion(asked, compare)
    const analytics = analyticsOf(context)
    const field = asked.groupBy.includes('tag') ? 'groupBy' : 'filter'
    const tags = await context.tagged.find(tagsAskedFor(asked, asked.groupBy), field)
    const ask = async (untagged: Question) => {
      const question = { ...untagged, ...tags }
      return { question, answer: await analytics.ask(question, signal) }
    }
    const [now, previous] = await Promise.all([ask(asked), before && ask(before)])
    return work.run(statsText(now, previous), 'request')
  }

  const schema = {
    ...described,
    querystring: statsQuerySchema,
    summary: 'Clicks of all links',
    response: { 200: jsonReply('The answer', statsSchema), ...problemReplies(400, 401, 503) },
  }
  const ofLink = {
    ...described,
    summary: 'Clicks of a link',
    params: codeParamsSchema,
    querystring: linkStatsQuerySchema,
    response: { 200: jsonReply('The answer', statsSchema), ...problemReplies(400, 401, 404, 503) },
  }
  for (const [path, about] of [
    ['/api/stats', schema],
    ['/api/links/:code/stats', ofLink],
  ] as const) {
    app.get(path, { schema: about, onRequest: requests.admit }, (request, reply) =>
      requests.answer(request, async (signal) =>
        reply.type(JSON_TYPE).send(await answer(request, signal)),
      ),
    )
  }
}
