/**
 * `/api/keys`: who may ask, made, listed and revoked by admins.
 *
 * The secret is in the answer that makes it, and nowhere else. The key of the settings is not listed and
 * cannot be revoked here, so nobody is shut out by a mistake.
 */
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import {
  isKeyId,
  KEY_ID_LENGTH,
  KEY_NAME_LENGTH_MAX,
  KEY_ROLES,
  KEYS_MAX,
  newSecret,
  parseKeyFields,
  REQUESTS_PER_MINUTE_MAX,
  secretDigest,
  type AccessKey,
} from '../../cluster/keys/access-key.ts'
import type { KeyStore } from '../../cluster/keys/key-store.ts'
import { TinygridError } from '../../links/errors.ts'
import type { EpochMs } from '../../links/ids.ts'
import { TAG_LENGTH_MAX, TAGS_MAX } from '../../links/link.ts'
import type { AuditNotes } from '../audit/audit-trail.ts'
import { emptyReply, jsonReply, problemReplies } from './api-replies.ts'
import { formatIsoTime, parseIsoTimeField } from './iso-time.ts'
import { strict } from './link-schemas.ts'
import { nullable } from './schema-parts.ts'

const PATH = '/api/keys'
const TAGS = ['keys']
const SECRET_LENGTH = 48
const problems = problemReplies(400, 401, 403, 404, 409, 413, 415, 503)

const name = Type.String({ minLength: 1, maxLength: KEY_NAME_LENGTH_MAX })
const role = Type.Enum([...KEY_ROLES], {
  description:
    'read: look at everything. create: make links too. edit: change them too. admin: all',
})
const time = { format: 'date-time' }
const tags = Type.Array(Type.String({ minLength: 1, maxLength: TAG_LENGTH_MAX }), {
  maxItems: TAGS_MAX,
  description:
    'It makes and changes only links with one of these tags; empty: all. For create and edit',
})
const perMinute = Type.Integer({ minimum: 1, maximum: REQUESTS_PER_MINUTE_MAX })
const limits = {
  expiresAt: nullable(Type.String(time), 'From then on it opens nothing; null: never'),
  requestsPerMinuteMax: nullable(
    perMinute,
    'Requests that each node answers in a minute; null: all',
  ),
  tags,
}
const newKeySchema = Type.Object(
  { name, role, ...Type.Partial(Type.Object(limits)).properties },
  strict,
)
const view = {
  id: Type.String({ minLength: KEY_ID_LENGTH, maxLength: KEY_ID_LENGTH }),
  name,
  role,
  createdAt: Type.String(time),
  ...limits,
  lastUsedAt: nullable(Type.String(time), 'To the minute; null: never used'),
}
const keyListSchema = Type.Object(
  { keys: Type.Array(Type.Object(view, strict), { maxItems: KEYS_MAX }) },
  strict,
)
const secret = Type.String({
  minLength: SECRET_LENGTH,
  maxLength: SECRET_LENGTH,
  description: 'What to send as X-Api-Key; shown this once',
})
const madeKeySchema = Type.Object({ ...view, key: secret }, strict)
const paramsSchema = Type.Object({ id: Type.String({ maxLength: 64 }) })

interface NewKeyBody {
  readonly name: string
  readonly role: string
  readonly expiresAt?: string | null
  readonly requestsPerMinuteMax?: number | null
  readonly tags?: readonly string[]
}

interface KeyContext {
  readonly now: () => EpochMs
  readonly audit: AuditNotes
}

export function keyRoutes(app: FastifyInstance, store: KeyStore, context: KeyContext): void {
  listRoute(app, store)
  makeRoute(app, store, context)
  revokeRoute(app, store, context)
}

function listRoute(app: FastifyInstance, store: KeyStore): void {
  const listed = jsonReply('All keys but that of the settings', keyListSchema)
  const list = { summary: 'List keys', tags: TAGS, response: { 200: listed, ...problems } }
  app.get(PATH, { schema: list }, () => {
    const keys = store.all().toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
    return { keys: keys.map(viewOf) }
  })
}

function makeRoute(app: FastifyInstance, store: KeyStore, { now, audit }: KeyContext): void {
  const schema = {
    summary: 'Make a key',
    description:
      'It is kept as a hash: the answer alone has the key itself. A limit of requests holds for each ' +
      'node. Other nodes know the key within a second.',
    tags: TAGS,
    body: newKeySchema,
    response: { 201: jsonReply('The key', madeKeySchema), ...problems },
  }
  app.post<{ Body: NewKeyBody }>(PATH, { schema }, async (request, reply) => {
    const { expiresAt = null, ...fields } = request.body
    const expiry = expiresAt === null ? null : parseIsoTimeField(expiresAt, '', 'expiresAt')
    const checked = parseKeyFields({ ...fields, expiresAt: expiry })
    if (expiry !== null && expiry <= now()) {
      const detail = 'expiresAt must be in the future'
      throw new TinygridError('invalid_field', { field: 'expiresAt', detail })
    }
    const { id, secret: made } = newSecret()
    const digest = secretDigest(made).toString('base64url')
    const key = { ...checked, id, hash: digest, createdAt: now(), lastUsedAt: null }
    await store.add(key)
    try {
      const change = { action: 'key.made', subject: id, before: null, after: viewOf(key) } as const
      await audit.note(request, change)
    } catch (error) {
      // Nobody will be told its secret.
      await store.remove(id)
      throw error
    }
    return reply.code(201).send({ ...viewOf(key), key: made })
  })
}

function revokeRoute(app: FastifyInstance, store: KeyStore, { audit }: KeyContext): void {
  const schema = {
    summary: 'Revoke a key',
    description: 'It opens nothing any more, on any node within a second; open event streams end.',
    tags: TAGS,
    params: paramsSchema,
    response: { 204: emptyReply('Revoked'), ...problems },
  }
  app.delete<{ Params: { id: string } }>(`${PATH}/:id`, { schema }, async (request, reply) => {
    const { id } = request.params
    const key = isKeyId(id) ? store.get(id) : undefined
    if (!isKeyId(id) || !(await store.remove(id))) throw new TinygridError('key_not_found')
    const before = key === undefined ? null : viewOf(key)
    await audit.note(request, { action: 'key.revoked', subject: id, before, after: null })
    return reply.code(204).send()
  })
}

/** Without the hash. */
function viewOf(key: AccessKey) {
  const { id, name: given, role: its, createdAt, expiresAt, lastUsedAt } = key
  return {
    id,
    name: given,
    role: its,
    tags: key.tags,
    requestsPerMinuteMax: key.requestsPerMinuteMax,
    createdAt: formatIsoTime(createdAt),
    expiresAt: expiresAt === null ? null : formatIsoTime(expiresAt),
    lastUsedAt: lastUsedAt === null ? null : formatIsoTime(lastUsedAt),
  }
}
