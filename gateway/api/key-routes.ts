/**
 * `/api/keys`: who may ask, made, listed, changed and revoked by admins.
 *
 * The secret is in the answer that makes it, and nowhere else. The key of the settings is not listed and
 * cannot be revoked here, so nobody is shut out by a mistake.
 */
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import {
  DEFAULT_DOMAIN,
  isKeyId,
  KEY_DOMAINS_MAX,
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
import { DOMAIN_LENGTH_MAX } from '../../links/full-code.ts'
import type { EpochMs } from '../../links/ids.ts'
import { TAG_LENGTH_MAX, TAGS_MAX } from '../../links/link.ts'
import type { AuditNotes } from '../audit/audit-trail.ts'
import { emptyReply, jsonReply, problemReplies } from './api-replies.ts'
import type { KnownDomains } from './domain-fields.ts'
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
const domains = Type.Array(Type.String({ minLength: 1, maxLength: DOMAIN_LENGTH_MAX }), {
  maxItems: KEY_DOMAINS_MAX,
  description:
    'It sees, makes and changes only links on these domains, of which `default` is one, and is refused what is ' +
    'about the whole service; empty: all',
})
const limits = {
  expiresAt: nullable(Type.String(time), 'From then on it opens nothing; null: never'),
  requestsPerMinuteMax: nullable(
    perMinute,
    'Requests that each node answers in a minute; null: all',
  ),
  tags,
  domains,
}
const newKeySchema = Type.Object(
  { name, role, ...Type.Partial(Type.Object(limits)).properties },
  strict,
)
const changesSchema = Type.Partial(Type.Object({ name, role, ...limits }), strict)
const view = {
  id: Type.String({ minLength: KEY_ID_LENGTH, maxLength: KEY_ID_LENGTH }),
  name,
  role,
  createdAt: Type.String(time),
  ...limits,
  lastUsedAt: nullable(Type.String(time), 'To the minute; null: never used'),
}
const keySchema = Type.Object(view, strict)
const keyListSchema = Type.Object({ keys: Type.Array(keySchema, { maxItems: KEYS_MAX }) }, strict)
const secret = Type.String({
  minLength: SECRET_LENGTH,
  maxLength: SECRET_LENGTH,
  description: 'What to send as X-Api-Key; shown this once',
})
const madeKeySchema = Type.Object({ ...view, key: secret }, strict)
const paramsSchema = Type.Object({ id: Type.String({ maxLength: 64 }) })

interface NewKeyBody extends KeyChangesBody {
  readonly name: string
  readonly role: string
}

interface KeyChangesBody {
  readonly name?: string
  readonly role?: string
  readonly expiresAt?: string | null
  readonly requestsPerMinuteMax?: number | null
  readonly tags?: readonly string[]
  readonly domains?: readonly string[]
}

interface KeyContext {
  readonly now: () => EpochMs
  readonly audit: AuditNotes
  readonly domains: KnownDomains
}

export function keyRoutes(app: FastifyInstance, store: KeyStore, context: KeyContext): void {
  listRoute(app, store)
  makeRoute(app, store, context)
  changeRoute(app, store, context)
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

function makeRoute(app: FastifyInstance, store: KeyStore, context: KeyContext): void {
  const { now, audit } = context
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
    const checked = parseKeyFields({ ...request.body, ...parsedFields(request.body, context) })
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

function changeRoute(app: FastifyInstance, store: KeyStore, context: KeyContext): void {
  const schema = {
    summary: 'Change a key',
    description:
      'It goes on with what it may now, on any node within a second; open event streams end. Its secret stays.',
    tags: TAGS,
    params: paramsSchema,
    body: changesSchema,
    response: { 200: jsonReply('The key as it is now', keySchema), ...problems },
  }
  type Asked = { Params: { id: string }; Body: KeyChangesBody }
  app.patch<Asked>(`${PATH}/:id`, { schema }, async (request) => {
    const { id } = request.params
    const key = isKeyId(id) ? store.get(id) : undefined
    if (key === undefined) throw new TinygridError('key_not_found')
    const wanted = { ...key, ...request.body, ...parsedFields(request.body, context) }
    const changed = await store.change(id, parseKeyFields(wanted))
    if (changed === undefined) throw new TinygridError('key_not_found')
    const views = { before: viewOf(key), after: viewOf(changed) }
    await context.audit.note(request, { action: 'key.changed', subject: id, ...views })
    return viewOf(changed)
  })
}

/** What a body says in another way than keys are kept. @throws TinygridError invalid_field */
function parsedFields(body: KeyChangesBody, { now, domains: known }: KeyContext) {
  const { expiresAt, domains: names } = body
  const expiry = expiresAt == null ? null : parseIsoTimeField(expiresAt, '', 'expiresAt')
  if (expiry !== null && expiry <= now()) {
    const detail = 'expiresAt must be in the future'
    throw new TinygridError('invalid_field', { field: 'expiresAt', detail })
  }
  const parsed = names?.map((one) => known.parse(one, 'domains') ?? DEFAULT_DOMAIN)
  return {
    ...(expiresAt === undefined ? {} : { expiresAt: expiry }),
    ...(parsed === undefined ? {} : { domains: parsed }),
  }
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
    domains: key.domains,
    requestsPerMinuteMax: key.requestsPerMinuteMax,
    createdAt: formatIsoTime(createdAt),
    expiresAt: expiresAt === null ? null : formatIsoTime(expiresAt),
    lastUsedAt: lastUsedAt === null ? null : formatIsoTime(lastUsedAt),
  }
}
