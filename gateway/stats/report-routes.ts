/**
 * `/api/reports`: saved questions, and their answers for the last period that has ended.
 */
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { ReportDesk, ReportResult, ReportStatus } from '../../clicks/reports/report-desk.ts'
import { csvOf, tableOf } from '../../clicks/reports/report-table.ts'
import { TinygridError } from '../../links/errors.ts'
import type { EpochMs } from '../../links/ids.ts'
import type { AuditNotes } from '../audit/audit-trail.ts'
import { noteReport, reportBefore } from '../audit/noted-changes.ts'
import { emptyReply, jsonReply, problemReplies } from '../api/api-replies.ts'
import { formatIsoTime, parseIsoTime } from '../api/iso-time.ts'
import {
  newReportSchema,
  reportChangesSchema,
  reportListSchema,
  reportSchema,
  resultQuerySchema,
  resultSchema,
} from './report-schemas.ts'
import { VISIT_TYPES } from './visit-format.ts'
import { idOf } from './webhook-routes.ts'
import { idParamsSchema } from './webhook-schemas.ts'

interface ResultQuery {
  readonly at?: string
  readonly format?: 'json' | 'csv' | 'parquet'
}

const PATH = '/api/reports'
const ONE = `${PATH}/:id`
const TAGS = ['reports']
const CSV_TYPE = 'text/csv; charset=utf-8; header=present'
const RESULT = {
  description: 'The answer',
  content: {
    'application/json': { schema: resultSchema },
    'text/csv': { schema: { type: 'string', description: 'With a first row of names' } },
    [VISIT_TYPES.parquet]: { schema: { type: 'string', format: 'binary' } },
  },
}
const problems = problemReplies(400, 401, 404, 413, 415, 503)

interface ReportContext {
  readonly now: () => EpochMs
  readonly audit: AuditNotes
}

export function reportRoutes(
  app: FastifyInstance,
  desk: ReportDesk,
  { now, audit }: ReportContext,
): void {
  definitionRoutes(app, desk, audit)
  const schema = {
    summary: 'Answer a report, for the last period that has ended',
    tags: TAGS,
    params: idParamsSchema,
    querystring: resultQuerySchema,
    response: { 200: RESULT, ...problems },
  }
  app.get<{ Querystring: ResultQuery }>(`${ONE}/result`, { schema }, async (request, reply) => {
    const { at, format = 'json' } = request.query
    const [id, moment] = [idOf(request), at === undefined ? now() : timeOf(at)]
    if (format === 'parquet') {
      const bytes = Buffer.from(await desk.parquet(id, moment))
      return asFile(reply, VISIT_TYPES.parquet, `${id}.parquet`).send(bytes)
    }
    const result = await desk.result(id, moment)
    if (format === 'json') return resultView(result)
    const file = `${result.report.id}-${formatIsoTime(result.from).slice(0, 10)}.csv`
    return asFile(reply, CSV_TYPE, file).send(csvOf(tableOf(result.report, result.answer)))
  })
}

function asFile(reply: FastifyReply, type: string, name: string): FastifyReply {
  return reply.type(type).header('content-disposition', `attachment; filename="${name}"`)
}

function definitionRoutes(app: FastifyInstance, desk: ReportDesk, audit: AuditNotes): void {
  const listed = jsonReply('All reports', reportListSchema)
  const list = { summary: 'List reports', tags: TAGS, response: { 200: listed, ...problems } }
  app.get(PATH, { schema: list }, async () => ({ reports: (await desk.list()).map(view) }))

  const add = {
    summary: 'Save a report',
    tags: TAGS,
    body: newReportSchema,
    response: { 201: jsonReply('The report', reportSchema), ...problems },
  }
  app.post(PATH, { schema: add }, async (request, reply) => {
    const report = await desk.add(request.body)
    await noteReport(audit, request, 'report.made', undefined, report)
    return reply.code(201).header('location', `${PATH}/${report.id}`).send(view(report))
  })

  const change = {
    summary: 'Change a report',
    tags: TAGS,
    params: idParamsSchema,
    body: reportChangesSchema,
    response: { 200: jsonReply('The report as it is now', reportSchema), ...problems },
  }
  app.patch(ONE, { schema: change }, async (request) => {
    const before = await reportBefore(audit, desk, idOf(request))
    const report = await desk.change(idOf(request), request.body)
    await noteReport(audit, request, 'report.changed', before, report)
    return view(report)
  })

  const remove = {
    summary: 'Remove a report',
    tags: TAGS,
    params: idParamsSchema,
    response: { 204: emptyReply('Removed'), ...problems },
  }
  app.delete(ONE, { schema: remove }, async (request, reply) => {
    const before = await reportBefore(audit, desk, idOf(request))
    await desk.remove(idOf(request))
    await noteReport(audit, request, 'report.removed', before, undefined)
    return reply.code(204).send()
  })
}

function timeOf(text: string): EpochMs {
  const time = parseIsoTime(text)
  if (time !== undefined) return time
  const detail = 'This must be an ISO 8601 time with Z or an offset'
  throw new TinygridError('invalid_field', { field: 'at', detail })
}

function view(report: ReportStatus) {
  const { createdAt, sentTo, lastFailure } = report
  return {
    ...report,
    createdAt: formatIsoTime(createdAt),
    sentTo: sentTo === null ? null : formatIsoTime(sentTo),
    lastFailure: lastFailure && { ...lastFailure, at: formatIsoTime(lastFailure.at) },
  }
}

function resultView({ report, from, to, answer }: ReportResult) {
  const { totals, groups, other } = answer
  const series = answer.series.map((point) => ({ ...point, start: formatIsoTime(point.start) }))
  const span = { from: formatIsoTime(from), to: formatIsoTime(to) }
  return { report: report.id, name: report.name, ...span, totals, series, groups, other }
}
