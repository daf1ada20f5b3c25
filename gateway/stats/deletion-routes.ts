/**
 * `DELETE /api/links/:code/clicks` and `DELETE /api/visits?address=`: clicks that are to be forgotten, as
 * privacy laws let people ask for.
 *
 * Both are entries of the click log (`clicks/log/click-deletion.ts`), which every copy of the clicks carries out in their
 * place: one that is away, or has to be made anew from the log, when it comes there. So they are promised once the
 * log has them; 202 says that a copy is not there yet. Clicks that other nodes still have come in after it,
 * within a second or two, and the click log keeps its batches until they are old. An address is looked for as it
 * is kept: where only its network is, all visits of that network go, since nothing tells them apart, and the
 * answer says so. The audit log has who deleted them, and never the address.
 */
import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { DeletionKind } from '../../clicks/log/click-deletion.ts'
import { keptAddress, type IpPrivacy } from '../../clicks/ring/kept-address.ts'
import { TinygridError } from '../../links/errors.ts'
import type { Code } from '../../links/ids.ts'
import { parseAddress } from '../../links/ip-address.ts'
import { codeParam } from '../api/api-context.ts'
import { jsonReply, problemReplies } from '../api/api-replies.ts'
import { linkQuerySchema } from '../api/domain-fields.ts'
import { codeParamsSchema, strict } from '../api/link-schemas.ts'
import { analyticsOf, type ClickContext } from './click-context.ts'
import { invalid } from './question-request.ts'
import { deletedSchema, deletedVisitsSchema } from './stats-schemas.ts'

const ADDRESS_LENGTH_MAX = 64
const NOT_YET = 'It is logged and will be done; until then clicks may still be told'

export function deletionRoutes(app: FastifyInstance, context: ClickContext): void {
  deleteOfLink(app, context)
  deleteOfAddress(app, context)
}

function deleteOfLink(app: FastifyInstance, context: ClickContext): void {
  const schema = {
    summary: 'Delete all clicks of a link',
    description:
      'Also of a link that was purged, and of a code that was followed in vain. The link stays.',
    tags: ['statistics'],
    params: codeParamsSchema,
    querystring: linkQuerySchema,
    response: {
      200: jsonReply('How many there were', deletedSchema),
      202: jsonReply(NOT_YET, deletedSchema),
      ...problemReplies(400, 401, 404, 503),
    },
  }
  app.delete('/api/links/:code/clicks', { schema }, async (request, reply) => {
    const code = codeParam(context, request)
    const deleted = await deleteClicks(context, 'link', code)
    if (deleted === 0 && (await context.owner.read(code)) === undefined) {
      throw new TinygridError('link_not_found')
    }
    await noteDeletion(context, request, code)
    return reply.code(deleted === null ? 202 : 200).send({ deleted })
  })
}

function deleteOfAddress(app: FastifyInstance, context: ClickContext): void {
  const schema = {
    summary: "Delete an address's visits",
    description:
      'As TINYGRID_IP_PRIVACY has it, the visits of exactly this address, or of its whole network (of IPv4 256 ' +
      'addresses, of IPv6 a /48): `matched` tells which. 409 where no addresses are kept. Counts by the hour ' +
      'of clicks that are no longer kept one by one stay: they know no address.',
    tags: ['statistics'],
    querystring: Type.Object(
      {
        address: Type.String({
          minLength: 1,
          maxLength: ADDRESS_LENGTH_MAX,
          description: 'IPv4 or IPv6',
          examples: ['203.0.113.7', '2001:db8::7'],
        }),
      },
      strict,
    ),
    response: {
      200: jsonReply('How many there were', deletedVisitsSchema),
      202: jsonReply(NOT_YET, deletedVisitsSchema),
      ...problemReplies(400, 401, 409, 503),
    },
  }
  type Asked = { Querystring: { address: string } }
  app.delete<Asked>('/api/visits', { schema }, async (request, reply) => {
    const address = parseAddress(request.query.address)
    if (address === undefined) throw invalid('address', 'address must be an IPv4 or IPv6 address')
    const { ipPrivacy } = context.settings
    const kept = keptAddress(address, ipPrivacy)
    if (kept === '') throw new TinygridError('addresses_not_kept')
    const deleted = await deleteClicks(context, 'address', kept)
    const told = { deleted, matched: MATCHED[ipPrivacy] }
    const change = { action: 'visits.deleted', subject: told.matched } as const
    await context.audit.note(request, { ...change, before: null, after: null })
    return reply.code(deleted === null ? 202 : 200).send(told)
  })
}

/** How many there were is not said: a copy that is away may have had more. */
export async function noteDeletion(
  { audit }: Pick<ClickContext, 'audit'>,
  request: FastifyRequest,
  code: Code,
): Promise<void> {
  await audit.note(request, { action: 'clicks.deleted', subject: code, before: null, after: null })
}

/** Has the log say that clicks are to be forgotten. How many there were; null: it will be done, and is not yet everywhere. */
export async function deleteClicks(
  context: ClickContext,
  kind: DeletionKind,
  value: string,
): Promise<number | null> {
  const analytics = analyticsOf(context)
  const id = randomUUID()
  if (context.deletions === undefined) throw new TinygridError('click_log_unavailable')
  await context.deletions.noteDeletion({ id, kind, value })
  return analytics.deleted(id).catch((error: unknown) => {
    if (error instanceof TinygridError) return null
    throw error
  })
}

const MATCHED: Readonly<Record<IpPrivacy, string>> = {
  none: 'none',
  anonymised: 'network',
  full: 'address',
}
