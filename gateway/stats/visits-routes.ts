/**
 * `GET /api/visits` and `GET /api/links/:code/visits`: clicks one by one, newest first.
 *
 * As pages of JSON, or as one file of NDJSON, CSV or Parquet, which is passed on as analytics makes it,
 * piece by piece, as fast as the client reads: nothing is gathered. A file that cannot be had to its end is
 * cut off with its connection, and its making ends when the client has gone. Files hold a reading of the click store open, so few are made at a time.
 */
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { TinygridError } from '../../links/errors.ts'
import type { VisitFormat } from '../../clicks/analytics/analytics.ts'
import type { VisitsQuestion } from '../../clicks/store/question.ts'
import { JSON_TYPE, problemReplies } from '../api/api-replies.ts'
import { codeParamsSchema } from '../api/link-schemas.ts'
import { filtersWithin } from '../api/caller.ts'
import { LongRequests } from '../api/long-request.ts'
import { analyticsOf, givenCode, type ClickContext } from './click-context.ts'
import { tagsAskedFor } from './question-request.ts'
import { visitsPageSchema } from './stats-schemas.ts'
import { fileName, formatOf, VISIT_TYPES } from './visit-format.ts'
import {
  cursorOf,
  linkVisitsQuerySchema,
  parseVisits,
  visitsQuerySchema,
  type VisitsQuery,
} from './visits-request.ts'

const FILES_MAX = 4
const RETRY_AFTER_SECONDS = 10

const REPLY = {
  description: 'The visits, newest first',
  content: {
    'application/json': { schema: visitsPageSchema },
    'application/x-ndjson': { schema: { type: 'object', description: 'One visit a line' } },
    'text/csv': { schema: { type: 'string', description: 'With a first row of names' } },
    'application/vnd.apache.parquet': { schema: { type: 'string', format: 'binary' } },
  },
}

interface Asked {
  readonly question: VisitsQuestion
  readonly format: VisitFormat
  readonly limit: number
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal
}

export function visitsRoutes(app: FastifyInstance, context: ClickContext): void {
  const requests = new LongRequests(context.work, 0)
  const files = { open: 0 }
  const described = {
    tags: ['statistics'],
    description:
      'Pages of JSON, or a whole file of NDJSON, CSV or Parquet: by `format`, or by the Accept header. Cells ' +
      'of CSV that a spreadsheet would run as a formula have an apostrophe in front.',
  }
  const schema = {
    ...described,
    querystring: visitsQuerySchema,
    summary: 'Visits of all links',
    response: { 200: REPLY, ...problemReplies(400, 401, 503) },
  }
  const ofLink = {
    ...described,
    summary: 'Visits of a link',
    params: codeParamsSchema,
    querystring: linkVisitsQuerySchema,
    response: { 200: REPLY, ...problemReplies(400, 401, 404, 503) },
  }
  // HEAD would make the whole file.
  const options = { onRequest: requests.admit, exposeHeadRoute: false }
  for (const [path, about] of [
    ['/api/visits', schema],
    ['/api/links/:code/visits', ofLink],
  ] as const) {
    app.get(path, { ...options, schema: about }, (request, reply) =>
      requests.answer(request, async (signal) => {
        const asked = await askedFor(context, request, signal)
        if (asked.format !== 'json') return sendFile(context, reply, asked, files)
        return reply.type(JSON_TYPE).send(await pageOf(context, asked))
      }),
    )
  }
}

async function askedFor(
  context: ClickContext,
  request: FastifyRequest,
  signal: AbortSignal,
): Promise<Asked> {
  const query = request.query as VisitsQuery
  const format = formatOf(query.format, request.headers.accept)
  const code = await givenCode(context, request)
  const { question, limit } = parseVisits(query, format, code, context.now())
  const tags = await context.tagged.find(tagsAskedFor(question), 'filter')
  const filters = [...question.filters, ...filtersWithin(request)]
  return { question: { ...question, filters, ...tags }, format, limit, signal }
}

/** One visit more than the page takes tells whether any follow. */
async function pageOf(context: ClickContext, asked: Asked): Promise<string> {
  const { question, limit, signal } = asked
  const pieces: Uint8Array[] = []
  const visits = analyticsOf(context).visits(question, 'json', limit + 1, signal)
  for await (const piece of visits) pieces.push(piece)
  const lines = Buffer.concat(pieces).toString().split('\n').slice(0, -1)
  const page = lines.slice(0, limit)
  const next = lines.length > limit ? cursorOf(page.at(-1)!) : null
  return `{"visits":[${page.join(',')}],"nextCursor":${JSON.stringify(next)}}`
}

async function sendFile(
  context: ClickContext,
  reply: FastifyReply,
  { question, format, limit, signal }: Asked,
  files: { open: number },
): Promise<FastifyReply> {
  if (files.open >= FILES_MAX) {
    throw new TinygridError('overloaded', { retryAfterSeconds: RETRY_AFTER_SECONDS })
  }
  files.open++
  reply.raw.once('close', () => files.open--)
  const visits = analyticsOf(context).visits(question, format, limit, signal)
  const pieces = visits[Symbol.asyncIterator]()
  // What fails at once is told as an error; later there is no way to say so.
  const first = await pieces.next()
  reply.header('content-disposition', `attachment; filename="${fileName(question, format)}"`)
  const body = Readable.from(withFirst(first, pieces), { objectMode: false })
  // Awaiting the reply, as an async handler does, is awaiting its end.
  return reply.type(VISIT_TYPES[format]).send(body)
}

async function* withFirst(
  first: IteratorResult<Uint8Array>,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    for (let piece = first; piece.done !== true; piece = await rest.next()) yield piece.value
  } finally {
    await rest.return?.()
  }
}
