/**
 * `/api/webhooks`: who is told of what, how that goes, and what could not be told.
 *
 * The analytics process keeps them and sends; what is asked here it answers.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { WebhookDesk, WebhookStatus } from '../../clicks/hooks/webhook-desk.ts'
import type { Webhook } from '../../clicks/hooks/webhook.ts'
import type { AuditNotes } from '../audit/audit-trail.ts'
import { hookBefore, noteHook } from '../audit/noted-changes.ts'
import { emptyReply, jsonReply, problemReplies } from '../api/api-replies.ts'
import { formatIsoTime } from '../api/iso-time.ts'
import {
  attemptSchema,
  idParamsSchema,
  letterListSchema,
  madeWebhookSchema,
  newWebhookSchema,
  retrySchema,
  webhookChangesSchema,
  webhookListSchema,
  webhookSchema,
} from './webhook-schemas.ts'

const PATH = '/api/webhooks'
const ONE = `${PATH}/:id`
const TAGS = ['webhooks']
const problems = problemReplies(400, 401, 404, 413, 415, 503)

export function webhookRoutes(app: FastifyInstance, desk: WebhookDesk, audit: AuditNotes): void {
  makingRoutes(app, desk, audit)
  changingRoutes(app, desk, audit)
  deliveryRoutes(app, desk, audit)
}

function makingRoutes(app: FastifyInstance, desk: WebhookDesk, audit: AuditNotes): void {
  const listed = jsonReply('All webhooks', webhookListSchema)
  const list = { summary: 'List webhooks', tags: TAGS, response: { 200: listed, ...problems } }
  app.get(PATH, { schema: list }, async () => ({ webhooks: (await desk.list()).map(statusView) }))

  const made = jsonReply('The webhook, with the secret that signs its messages', madeWebhookSchema)
  const add = {
    summary: 'Make a webhook',
    description:
      'Messages are signed as Standard Webhooks 1.0 says, and sent again for a day under their id ' +
      'until they are taken (2xx). Redirects are not followed. The secret is shown this once.',
    tags: TAGS,
    body: newWebhookSchema,
    response: { 201: made, ...problems },
  }
  app.post(PATH, { schema: add }, async (request, reply) => {
    const webhook = await desk.add(request.body)
    await noteHook(audit, request, 'webhook.made', undefined, webhook)
    return reply.code(201).header('location', `${PATH}/${webhook.id}`).send(madeView(webhook))
  })
}

function changingRoutes(app: FastifyInstance, desk: WebhookDesk, audit: AuditNotes): void {
  const change = {
    summary: 'Change a webhook',
    tags: TAGS,
    params: idParamsSchema,
    body: webhookChangesSchema,
    response: { 200: jsonReply('The webhook as it is now', webhookSchema), ...problems },
  }
  app.patch(ONE, { schema: change }, async (request) => {
    const before = await hookBefore(audit, desk, idOf(request))
    const status = await desk.change(idOf(request), request.body)
    await noteHook(audit, request, 'webhook.changed', before, status)
    return statusView(status)
  })

  const remove = {
    summary: 'Remove a webhook, with what it could not tell',
    tags: TAGS,
    params: idParamsSchema,
    response: { 204: emptyReply('Removed'), ...problems },
  }
  app.delete(ONE, { schema: remove }, async (request, reply) => {
    const before = await hookBefore(audit, desk, idOf(request))
    await desk.remove(idOf(request))
    await noteHook(audit, request, 'webhook.removed', before, undefined)
    return reply.code(204).send()
  })
}

function deliveryRoutes(app: FastifyInstance, desk: WebhookDesk, audit: AuditNotes): void {
  const shared = { tags: TAGS, params: idParamsSchema }
  const test = {
    ...shared,
    summary: 'Send a message without events, once',
    response: { 200: jsonReply('How it went', attemptSchema), ...problems },
  }
  app.post(`${ONE}/test`, { schema: test }, async (request) => {
    const outcome = await desk.test(idOf(request))
    const subject = idOf(request)
    await audit.note(request, { action: 'webhook.tested', subject, before: null, after: null })
    return outcome
  })

  const letters = {
    ...shared,
    summary: 'List the messages that were given up, oldest first',
    response: { 200: jsonReply('The messages', letterListSchema), ...problems },
  }
  app.get(`${ONE}/letters`, { schema: letters }, async (request) => {
    const given = await desk.letters(idOf(request))
    const views = given.map(({ messageId, at, attempts, reason }) => {
      return { messageId, at: formatIsoTime(at), attempts, reason }
    })
    return { letters: views }
  })

  const retry = {
    ...shared,
    summary: 'Send the messages that were given up again, once each',
    response: { 200: jsonReply('How many were taken', retrySchema), ...problems },
  }
  app.post(`${ONE}/retry`, { schema: retry }, async (request) => {
    const outcome = await desk.retry(idOf(request))
    const subject = idOf(request)
    await audit.note(request, { action: 'webhook.retried', subject, before: null, after: null })
    return outcome
  })
}

export function idOf(request: FastifyRequest): string {
  return (request.params as { id: string }).id
}

function madeView(webhook: Webhook) {
  return { ...webhook, createdAt: formatIsoTime(webhook.createdAt) }
}

function statusView(status: WebhookStatus) {
  const { lastDeliveredAt, lastFailure } = status
  return {
    ...status,
    createdAt: formatIsoTime(status.createdAt),
    lastDeliveredAt: lastDeliveredAt === null ? null : formatIsoTime(lastDeliveredAt),
    lastFailure: lastFailure && { ...lastFailure, at: formatIsoTime(lastFailure.at) },
  }
}
