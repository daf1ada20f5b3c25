/**
 * Shlink's routes about visits: those of a short URL, of a tag, of a domain, of all, of none, and how many.
 *
 * Long work: analytics takes its time to find them, and this process to write many.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { TinygridError } from '../../../links/errors.ts'
import type { Code } from '../../../links/ids.ts'
import { foldCode } from '../../../links/code-case.ts'
import type { Steps } from '../../../links/long-work.ts'
import type { ClickSelection } from '../../../clicks/store/question.ts'
import { JSON_TYPE } from '../../api/api-replies.ts'
import { filtersWithin } from '../../api/caller.ts'
import { LongRequests } from '../../api/long-request.ts'
import { analyticsOf } from '../../stats/click-context.ts'
import { deleteClicks, noteDeletion } from '../../stats/deletion-routes.ts'
import { invalid } from '../../stats/question-request.ts'
import type { ForeignContext } from '../foreign-context.ts'
import { domainOfRequest } from '../foreign-domain.ts'
import { codeOfRequest } from './domain.ts'
import { pageNumberOf, paginationOf } from './numbered-pages.ts'
import { domainNotFound, notSupported, sendShlinkProblem, tagNotFound } from './shlink-problem.ts'
import { spanOf } from './shlink-time.ts'
import { everything, summaryOf, totalsOf } from './visit-counts.ts'
import { VisitPages, VISITS_PER_PAGE_MAX } from './visit-pages.ts'
import { shlinkVisitOf, type TellableVisit } from './visit-view.ts'

const OF_LINK = '/rest/v3/short-urls/:code/visits'
const ORPHANS = '/rest/v3/visits/orphan'
const ORPHAN_TYPES: ReadonlySet<unknown> = new Set(['invalid_short_url', 'base_url', 'regular_404'])

type Query = Readonly<Record<string, unknown>>
type Select = (
  request: FastifyRequest,
  reply: FastifyReply,
) => Promise<Partial<ClickSelection> | undefined>

export function visitRoutes(app: FastifyInstance, context: ForeignContext): void {
  overviewRoute(app, context)
  deletionRoutes(app, context)
  const pages = new VisitPages(context)
  const list = (path: string, select: Select) => listRoute(app, context, pages, path, select)
  list(OF_LINK, async (request) => {
    return { code: await givenCode(context, request) }
  })
  list('/rest/v3/tags/:tag/visits', async (request, reply) => {
    const { tag } = request.params as { tag: string }
    const { domain } = request.query as Query
    const tags = await context.tagged.codesOf([tag], 'tag')
    if ((tags.get(tag) ?? []).length > 0) {
      const ofTag = { field: 'tag', values: [tag] } as const
      return { filters: [ofTag, ...onDomain(context, request, domain)], tags }
    }
    void sendShlinkProblem(reply, tagNotFound(tag))
    return undefined
  })
  list('/rest/v3/domains/:domain/visits', async (request, reply) => {
    const { domain } = request.params as { domain: string }
    try {
      return { filters: onDomain(context, request, domain) }
    } catch {
      void sendShlinkProblem(reply, domainNotFound(domain))
      return undefined
    }
  })
  list('/rest/v3/visits/non-orphan', async (request) => {
    const { domain } = request.query as Query
    return { filters: onDomain(context, request, domain) }
  })
  list(ORPHANS, async (request) => {
    const { domain, type } = request.query as Query
    const filters = onDomain(context, request, domain)
    const isKnown = type === undefined || type === '' || ORPHAN_TYPES.has(type)
    if (!isKnown) throw invalid('type', `type must be one of ${[...ORPHAN_TYPES].join(', ')}`)
    // Every one of ours asked for a code: of the other types there are none.
    return type && type !== 'invalid_short_url'
      ? { orphans: true, filters: NOTHING }
      : { orphans: true, filters }
  })
}

/** No click has such a status. */
const NOTHING: ClickSelection['filters'] = [{ field: 'status', values: ['0'] }]

function listRoute(
  app: FastifyInstance,
  context: ForeignContext,
  pages: VisitPages,
  path: string,
  select: Select,
): void {
  const { work, address } = context
  const requests = new LongRequests(work, 0)
  app.get(path, { onRequest: requests.admit }, (request, reply) =>
    requests.answer(request, async (signal) => {
      const chosen = await select(request, reply)
      if (chosen === undefined) return reply
      const query = request.query as Query
      const { from, to } = spanOf(query)
      const excludeBots = query['excludeBots'] === 'true'
      const selection: ClickSelection = {
        ...everything(context.now()),
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
        bots: excludeBots ? 'exclude' : 'include',
        ...chosen,
        filters: [...(chosen.filters ?? []), ...filtersWithin(request)],
      }
      const number = pageNumberOf(query, {
        perPage: VISITS_PER_PAGE_MAX,
        perPageMax: VISITS_PER_PAGE_MAX,
      })
      const { code, filters, orphans } = selection
      const list = JSON.stringify([from, to, code, filters, orphans, excludeBots])
      const { lines, total } = await pages.page(list, selection, number, signal)
      const told = textsOf(lines, address.baseUrl(request), orphans)
      const texts = await work.run(told, 'request')
      const pagination = JSON.stringify(paginationOf(number, lines.length, total))
      return reply
        .type(JSON_TYPE)
        .send(`{"visits":{"data":[${texts.join(',')}],"pagination":${pagination}}}`)
    }),
  )
}

function* textsOf(lines: readonly string[], baseUrl: string, isOrphan: boolean): Steps<string[]> {
  const texts: string[] = []
  for (const line of lines) {
    yield
    texts.push(JSON.stringify(shlinkVisitOf(JSON.parse(line) as TellableVisit, baseUrl, isOrphan)))
  }
  return texts
}

function overviewRoute(app: FastifyInstance, context: ForeignContext): void {
  const requests = new LongRequests(context.work, 0)
  app.get('/rest/v3/visits', { onRequest: requests.admit }, (request) =>
    requests.answer(request, async (signal) => {
      const analytics = analyticsOf(context)
      const all = { ...everything(context.now()), filters: filtersWithin(request) }
      const [visits, orphans] = await Promise.all([
        analytics.ask(totalsOf(all), signal),
        analytics.ask(totalsOf({ ...all, orphans: true }), signal),
      ])
      return {
        visits: {
          nonOrphanVisits: summaryOf(visits.totals),
          orphanVisits: summaryOf(orphans.totals),
        },
      }
    }),
  )
}

function deletionRoutes(app: FastifyInstance, context: ForeignContext): void {
  app.delete(OF_LINK, async (request) => {
    // Of a copy of the clicks that is away nobody knows how many it had.
    const code = await givenCode(context, request)
    const deleted = await deleteClicks(context, 'link', code)
    await noteDeletion(context, request, code)
    return { deletedVisits: deleted ?? 0 }
  })
  app.delete(ORPHANS, (_request, reply) => {
    const detail =
      'Visits of unknown codes are deleted code by code: DELETE /api/links/:code/clicks'
    return sendShlinkProblem(reply, notSupported(detail))
  })
}

/** Of a live link; those of a deleted one are asked for by our own API. @throws TinygridError link_not_found */
async function givenCode(context: ForeignContext, request: FastifyRequest): Promise<Code> {
  const code = codeOfRequest(context, request)
  const link = await context.owner.read(code)
  if (link?.lifecycle !== 'live') throw new TinygridError('link_not_found')
  return context.settings.codeCase === 'insensitive' ? foldCode(code) : code
}

/** Of clicks on codes of one domain. @throws TinygridError invalid_field */
function onDomain(
  context: ForeignContext,
  request: FastifyRequest,
  given: unknown,
): ClickSelection['filters'] {
  const domain = domainOfRequest(context, request, given)
  if (!given || context.domains.names.length === 0) return []
  return [{ field: 'domain', values: [domain ?? ''] }]
}
