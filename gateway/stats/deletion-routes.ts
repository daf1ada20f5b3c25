/**
 * `DELETE /api/links/:code/clicks` and `DELETE /api/visits?address=`: clicks that are to be forgotten, as
 * privacy laws let people ask for.
 *
 * Both reach what the click store has; clicks that are still on their way come in after it, within a second or
 * two, and the click log keeps its batches until they are old. An address is looked for as it is kept: where
 * only its network is, all visits of that network go, since nothing tells them apart, and the answer says so.
 */
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { keptAddress, type IpPrivacy } from '../../clicks/ring/kept-address.ts'
import { TinygridError } from '../../links/errors.ts'
import { parseAddress } from '../../links/ip-address.ts'
import { codeParam } from '../api/api-context.ts'
import { jsonReply, problemReplies } from '../api/api-replies.ts'
import { codeParamsSchema, strict } from '../api/link-schemas.ts'
import { analyticsOf, type ClickContext } from './click-context.ts'
import { invalid } from './question-request.ts'
import { deletedSchema, deletedVisitsSchema } from './stats-schemas.ts'

const ADDRESS_LENGTH_MAX = 64

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
    response: {
      200: jsonReply('How many there were', deletedSchema),
      ...problemReplies(401, 404, 503),
    },
  }
  app.delete('/api/links/:code/clicks', { schema }, async (request) => {
    const code = codeParam(request)
    const deleted = await analyticsOf(context).deleteOfLink(code)
    if (deleted === 0 && (await context.owner.read(code)) === undefined) {
      throw new TinygridError('link_not_found')
    }
    return { deleted }
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
      ...problemReplies(400, 401, 409, 503),
    },
  }
  app.delete<{ Querystring: { address: string } }>('/api/visits', { schema }, async (request) => {
    const address = parseAddress(request.query.address)
    if (address === undefined) throw invalid('address', 'address must be an IPv4 or IPv6 address')
    const { ipPrivacy } = context.settings
    const kept = keptAddress(address, ipPrivacy)
    if (kept === '') throw new TinygridError('addresses_not_kept')
    const deleted = await analyticsOf(context).deleteOfAddress(kept)
    return { deleted, matched: MATCHED[ipPrivacy] }
  })
}

const MATCHED: Readonly<Record<IpPrivacy, string>> = {
  none: 'none',
  anonymised: 'network',
  full: 'address',
}
