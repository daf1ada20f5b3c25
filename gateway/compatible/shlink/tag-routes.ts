/**
 * `/rest/v3/tags`: tags by name, with their links and visits; renamed and deleted.
 *
 * A tag is what links have, so it is renamed and deleted link by link: up to TAGGED_LINKS_MAX of them, else it is
 * refused. Who looks meanwhile sees both; what ends in the middle is gone on with by asking again.
 */
import type { FastifyInstance } from 'fastify'
import { TAGS_LISTED_MAX, type TagCount } from '../../../links/link-owner.ts'
import { TAG_LENGTH_MAX } from '../../../links/link.ts'
import { TinygridError } from '../../../links/errors.ts'
import { LongRequests } from '../../api/long-request.ts'
import { filtersWithin, tagsOfCaller } from '../../api/caller.ts'
import { invalid } from '../../stats/question-request.ts'
import { tagsWithin } from '../../stats/tags-within.ts'
import type { ForeignContext } from '../foreign-context.ts'
import { pageNumberOf, paginationOf, type PageNumber } from './numbered-pages.ts'
import { bodyOf } from './short-url-body.ts'
import { forbiddenTags, sendShlinkProblem, tagConflict, tagNotFound } from './shlink-problem.ts'
import { tagsOf, textOf } from './short-url-query.ts'
import { TagChanges } from './tag-changes.ts'
import { NO_VISITS, summariesOfTags, type VisitsSummary } from './visit-counts.ts'

const PATH = '/rest/v3/tags'
const ORDERS = ['tag', 'shortUrlsCount', 'visits', 'nonBotVisits'] as const
type TagOrder = (typeof ORDERS)[number]
type Query = Readonly<Record<string, unknown>>

interface ToldTag extends TagCount {
  readonly visitsSummary: VisitsSummary
}

export function tagRoutes(app: FastifyInstance, context: ForeignContext): void {
  listRoutes(app, context)
  changeRoutes(app, context)
}

function listRoutes(app: FastifyInstance, context: ForeignContext): void {
  const { work } = context
  const requests = new LongRequests(work, 0)
  const options = { onRequest: requests.admit }

  app.get(PATH, options, (request) =>
    requests.answer(request, async () => {
      const query = request.query as Query
      const found = searched(await tagsWithin(context, request), query)
      const sorted = ordered(found, query, ['tag'])
      const number = pageOf(query)
      const data = sliced(sorted, number).map(({ tag }) => tag)
      return { tags: { data, pagination: paginationOf(number, data.length, sorted.length) } }
    }),
  )

  app.get(`${PATH}/stats`, options, (request) =>
    requests.answer(request, async () => {
      const query = request.query as Query
      const found = searched(await tagsWithin(context, request), query)
      const summaries = await summariesOfTags(
        context,
        found.map(({ tag }) => tag),
        filtersWithin(request),
      )
      const told = found.map(({ tag, links }) => ({
        tag,
        links,
        visitsSummary: summaries.get(tag) ?? NO_VISITS,
      }))
      const sorted = ordered(told, query, ORDERS)
      const number = pageOf(query)
      const data = sliced(sorted, number).map(({ tag, links, visitsSummary }) => ({
        tag,
        shortUrlsCount: links,
        visitsSummary,
      }))
      return { tags: { data, pagination: paginationOf(number, data.length, sorted.length) } }
    }),
  )
}

function changeRoutes(app: FastifyInstance, context: ForeignContext): void {
  const requests = new LongRequests(context.work, context.settings.bodyBytesMax)
  const options = { onRequest: requests.admit }
  const changes = new TagChanges(context)

  app.put(PATH, options, (request, reply) =>
    requests.answer(request, async (signal) => {
      const body = bodyOf(request.body)
      const [oldName, newName] = [nameOf(body, 'oldName'), nameOf(body, 'newName')]
      if (tagsOfCaller(request).length > 0) return sendShlinkProblem(reply, forbiddenTags('rename'))
      if (oldName === newName) return reply.code(204).send()
      if ((await changes.codesOf(newName)).length > 0) {
        return sendShlinkProblem(reply, tagConflict(oldName, newName))
      }
      if ((await changes.codesOf(oldName)).length === 0) {
        return sendShlinkProblem(reply, tagNotFound(oldName))
      }
      await changes.replace(request, oldName, newName, signal)
      return reply.code(204).send()
    }),
  )

  app.delete(PATH, options, (request, reply) =>
    requests.answer(request, async (signal) => {
      if (tagsOfCaller(request).length > 0) return sendShlinkProblem(reply, forbiddenTags('delete'))
      for (const tag of tagsOf(request.query as Query, 'tags')) {
        await changes.replace(request, tag, undefined, signal)
      }
      return reply.code(204).send()
    }),
  )
}

function nameOf(body: Readonly<Record<string, unknown>>, field: string): string {
  const name = body[field]
  if (name === undefined) throw new TinygridError('missing_field', { field })
  if (typeof name === 'string' && name !== '' && name.length <= 2 * TAG_LENGTH_MAX) return name
  throw invalid(field, `${field} must be a tag of 1 to ${TAG_LENGTH_MAX} characters`)
}

function pageOf(query: Query): PageNumber {
  return pageNumberOf(query, { perPage: TAGS_LISTED_MAX, perPageMax: TAGS_LISTED_MAX })
}

function sliced<T>(all: readonly T[], { page, perPage }: PageNumber): readonly T[] {
  return all.slice((page - 1) * perPage, page * perPage)
}

function searched(counts: readonly TagCount[], query: Query): readonly TagCount[] {
  const term = textOf(query, 'searchTerm', 2 * TAG_LENGTH_MAX).toLowerCase()
  return term === '' ? counts : counts.filter(({ tag }) => tag.toLowerCase().includes(term))
}

/** By name, unless something else is asked for. */
function ordered<T extends TagCount & Partial<ToldTag>>(
  tags: readonly T[],
  { orderBy = 'tag-ASC' }: Query,
  orders: readonly TagOrder[],
): readonly T[] {
  const [name, direction = 'ASC'] = String(orderBy).split('-')
  const order = orders.find((known) => known === name)
  if (order === undefined) throw invalid('orderBy', `orderBy must be one of ${orders.join(', ')}`)
  const sign = direction === 'DESC' ? -1 : 1
  return [...tags].sort((a, b) => {
    const [one, other] = [keyOf(a, order), keyOf(b, order)]
    return one === other ? 0 : sign * (one < other ? -1 : 1)
  })
}

function keyOf({ tag, links, visitsSummary }: TagCount & Partial<ToldTag>, order: TagOrder) {
  switch (order) {
    case 'tag':
      return tag
    case 'shortUrlsCount':
      return links
    case 'visits':
      return visitsSummary?.total ?? 0
    case 'nonBotVisits':
      return visitsSummary?.nonBots ?? 0
  }
}
