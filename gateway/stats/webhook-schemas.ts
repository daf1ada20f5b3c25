/**
 * The shapes of webhooks in requests and replies. What a schema cannot say is checked by
 * `clicks/hooks/webhook.ts`.
 */
import { Type } from 'typebox'
import {
  CODES_MAX,
  HOOK_EVENTS,
  RECEIVER_BYTES_MAX,
  THRESHOLDS_MAX,
} from '../../clicks/hooks/webhook.ts'
import { TAG_LENGTH_MAX, TAGS_MAX } from '../../links/link.ts'
import { FULL_CODE_LENGTH_MAX } from '../../links/full-code.ts'
import { strict } from '../api/link-schemas.ts'
import { nullable } from '../api/schema-parts.ts'

const ID_LENGTH = 12
const SECRET_LENGTH_MAX = 96

const url = Type.String({
  minLength: 1,
  maxLength: RECEIVER_BYTES_MAX,
  description:
    'Where messages are sent, by POST; a public address unless the operator allows others',
})
const events = Type.Array(Type.Enum([...HOOK_EVENTS]), {
  minItems: 1,
  maxItems: HOOK_EVENTS.length,
  description: 'What is told; clicks together, at most once a second',
})
const fields = {
  codes: Type.Array(Type.String({ minLength: 1, maxLength: FULL_CODE_LENGTH_MAX }), {
    maxItems: CODES_MAX,
    description: 'Only of these links; empty: of all',
  }),
  tags: Type.Array(Type.String({ minLength: 1, maxLength: TAG_LENGTH_MAX }), {
    maxItems: TAGS_MAX,
    description: 'Of changes: only of links with one of these tags; empty: of all',
  }),
  thresholds: Type.Array(Type.Integer({ minimum: 1 }), {
    maxItems: THRESHOLDS_MAX,
    description: 'Visits of one link that are told when they are reached; with the event threshold',
  }),
  secret: Type.String({
    maxLength: SECRET_LENGTH_MAX,
    description: 'whsec_ and 24 to 64 bytes in base64; one is made if it is left out',
  }),
  isEnabled: Type.Boolean({ description: 'While it is off, nothing is kept for it' }),
}
const { codes, tags, thresholds, secret, isEnabled } = fields

export const newWebhookSchema = Type.Object(
  { url, events, ...Type.Partial(Type.Object(fields)).properties },
  strict,
)
export const webhookChangesSchema = Type.Partial(Type.Object({ url, events, ...fields }), strict)

const id = Type.String({ minLength: ID_LENGTH, maxLength: ID_LENGTH, pattern: '^[a-z0-9-]+$' })
export const idParamsSchema = Type.Object({ id })

const time = Type.String({ format: 'date-time' })
const definition = { id, url, events, codes, tags, thresholds, isEnabled, createdAt: time }
const failure = Type.Object({ at: time, reason: Type.String() })

export const madeWebhookSchema = Type.Object({ ...definition, secret })

export const webhookSchema = Type.Object({
  ...definition,
  delivered: Type.Integer({ description: 'Messages, since the process that sends them started' }),
  failed: Type.Integer({ description: 'Attempts that failed' }),
  lastDeliveredAt: nullable(time, 'When the last message was taken'),
  lastFailure: Type.Union([failure, Type.Null()]),
  lag: nullable(
    Type.Integer(),
    'Positions of the click log that are not told yet; null: it is off',
  ),
  lost: Type.Integer({ description: 'Positions that the click log dropped before they were told' }),
  letters: Type.Integer({ description: 'Messages that were given up after a day' }),
})
export const webhookListSchema = Type.Object({ webhooks: Type.Array(webhookSchema) })

export const attemptSchema = Type.Object({
  kind: Type.Enum(['delivered', 'failed']),
  status: Type.Optional(Type.Integer()),
  reason: Type.Optional(Type.String()),
})

export const letterListSchema = Type.Object({
  letters: Type.Array(
    Type.Object({
      messageId: Type.String(),
      at: time,
      attempts: Type.Integer(),
      reason: Type.String(),
    }),
  ),
})

export const retrySchema = Type.Object({ delivered: Type.Integer(), failed: Type.Integer() })
