/**
 * `GET /api/audit` and `GET /api/audit/events`: who has changed what, listed by admins and followed as it comes.
 *
 * Any node of a cluster answers for all of them. An event stream is resumed by the id of its last entry, as
 * `GET /api/events` is.
 */
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { KEY_ROLES, type KeyRole } from '../../cluster/keys/access-key.ts'
import type { Clock } from '../../links/clock.ts'
import { TinygridError } from '../../links/errors.ts'
import { HOST_PATTERN_LENGTH_MAX } from '../../links/host-pattern.ts'
import { jsonReply, problemReplies } from '../api/api-replies.ts'
import { callerOf } from '../api/caller.ts'
import type { KeyRing } from '../api/key-ring.ts'
import { strict } from '../api/link-schemas.ts'
import { nullable, TIME_LENGTH_MAX } from '../api/schema-parts.ts'
import { SUBJECT_LENGTH_MAX } from '../sign-in/person.ts'
import { streamEvents } from '../stats/event-stream.ts'
import { parseEventId } from '../stats/live-event.ts'
import { invalid } from '../stats/question-request.ts'
import { oneOf } from '../stats/stats-schemas.ts'
import { parseMoment } from '../stats/time-span.ts'
import { AUDIT_ACTIONS, AUDIT_CALLERS, viewOfEntry, type AuditAction } from './audit-entry.ts'
import { AuditFeed } from './audit-feed.ts'
import type { AuditFilter, AuditTrail } from './audit-trail.ts'

const PATH = '/api/audit'
const TAGS = ['audit']
const LIMIT_DEFAULT = 50
const LIMIT_MAX = 500
const LISTENERS_MAX = 20
const CURSOR_LENGTH_MAX = 16
const CHANGED_LENGTH_MAX = HOST_PATTERN_LENGTH_MAX
const RETRY_AFTER_SECONDS = 10

export interface AuditRouteOptions {
  /** undefined: nothing is audited. */
  readonly trail: AuditTrail | undefined
  readonly clock: Clock
  readonly ring: Pick<KeyRing, 'ended'>
}

const filters = {
  code: Type.Optional(
    Type.String({
      maxLength: CHANGED_LENGTH_MAX,
      description: 'Of this link, host, node, key, webhook or report',
    }),
  ),
  key: Type.Optional(
    Type.String({
      maxLength: SUBJECT_LENGTH_MAX,
      description: 'By the key with this id, or the person with this subject',
    }),
  ),
  action: Type.Optional(oneOf(AUDIT_ACTIONS, 'Only these')),
}
const time = (description: string) => Type.String({ maxLength: TIME_LENGTH_MAX, description })
const listQuerySchema = Type.Object(
  {
    ...filters,
    from: Type.Optional(time('From then on: a time or a date')),
    to: Type.Optional(time('Before then')),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: LIMIT_MAX, default: LIMIT_DEFAULT })),
    cursor: Type.Optional(
      Type.String({ maxLength: CURSOR_LENGTH_MAX, description: 'nextCursor of the page before' }),
    ),
  },
  strict,
)
const followQuerySchema = Type.Object(
  {
    ...filters,
    after: Type.Optional(
      Type.String({
        maxLength: CURSOR_LENGTH_MAX,
        description: 'An id: what came behind it; 0: all',
      }),
    ),
  },
  strict,
)
const anything = (description: string) =>
  nullable(Type.Object({}, { additionalProperties: true }), description)
const entrySchema = Type.Object(
  {
    id: Type.String({ maxLength: CURSOR_LENGTH_MAX, description: 'Rises' }),
    at: Type.String({ format: 'date-time' }),
    action: Type.Enum([...AUDIT_ACTIONS]),
    by: Type.Object(
      {
        kind: Type.Enum([...AUDIT_CALLERS], {
          description:
            'settings: the key of the settings. person: somebody who is signed in. anybody: without a key',
        }),
        id: nullable(Type.String(), 'Of the key; of a person the subject at the provider'),
        name: nullable(Type.String(), 'Of the key or the person, then'),
        role: Type.Unsafe<KeyRole | null>({ enum: [...KEY_ROLES, null] }),
      },
      strict,
    ),
    subject: Type.String({
      description:
        'The code, the host, the node, or the id; of visits of an address what that matched',
    }),
    before: anything('null: it was not there'),
    after: anything('null: it is not there any more'),
    node: Type.String({ description: 'Who was asked' }),
    address: nullable(Type.String(), 'Of the client, as TINYGRID_IP_PRIVACY has it'),
  },
  strict,
)
const pageSchema = Type.Object(
  {
    entries: Type.Array(entrySchema, { maxItems: LIMIT_MAX }),
    nextCursor: nullable(Type.String(), 'null: nothing follows'),
  },
  strict,
)

interface Filters {
  readonly code?: string
  readonly key?: string
  readonly action?: AuditAction
}

interface ListQuery extends Filters {
  readonly from?: string
  readonly to?: string
  readonly limit?: number
  readonly cursor?: string
}

export function auditRoutes(app: FastifyInstance, options: AuditRouteOptions): void {
  listRoute(app, options)
  followRoute(app, options)
}

function listRoute(app: FastifyInstance, { trail }: AuditRouteOptions): void {
  const schema = {
    summary: 'List changes',
    description:
      'The newest first. A page may be short, even empty, although more follow: go by nextCursor.',
    tags: TAGS,
    querystring: listQuerySchema,
    response: { 200: jsonReply('A page', pageSchema), ...problemReplies(400, 401, 403, 503) },
  }
  app.get<{ Querystring: ListQuery }>(PATH, { schema }, async ({ query }) => {
    const { from, to, limit = LIMIT_DEFAULT, cursor } = query
    const filter = {
      ...filterOf(query),
      ...(from === undefined ? {} : { from: parseMoment(from, 'UTC', 'from') }),
      ...(to === undefined ? {} : { to: parseMoment(to, 'UTC', 'to') }),
    }
    const before = cursor === undefined ? undefined : positionOf(cursor, 'cursor')
    const page = await trailOf(trail).page(filter, limit, before)
    return {
      entries: page.entries.map(({ position, entry }) => viewOfEntry(position, entry)),
      nextCursor: page.before === null ? null : String(page.before),
    }
  })
}

function followRoute(app: FastifyInstance, { trail, clock, ring }: AuditRouteOptions): void {
  const schema = {
    summary: 'Changes as they come',
    description:
      'Server-sent events named `audit`, each as the list has it; `gap` where the log no longer had what came ' +
      'next. Who comes back with the last id, as `Last-Event-ID` or `after`, misses nothing.',
    tags: TAGS,
    querystring: followQuerySchema,
    response: {
      200: {
        description: 'Server-sent events, until one of both ends it',
        content: { 'text/event-stream': { schema: { type: 'string' } } },
      },
      ...problemReplies(400, 401, 403, 503),
    },
  }
  const stopping = new AbortController()
  let listeners = 0
  app.addHook('preClose', (done) => {
    stopping.abort()
    done()
  })
  app.get<{ Querystring: Filters & { after?: string } }>(
    `${PATH}/events`,
    { schema, exposeHeadRoute: false },
    async (request, reply) => {
      const { headers, query } = request
      const last = headers['last-event-id']
      const given = typeof last === 'string' && last !== '' ? last : query.after
      const after = given === undefined ? undefined : { position: positionOf(given, 'after') }
      const feed = new AuditFeed(trailOf(trail).reader, filterOf(query), clock)
      if (listeners >= LISTENERS_MAX) {
        const detail = `At most ${LISTENERS_MAX} may follow at a time`
        throw new TinygridError('overloaded', { detail, retryAfterSeconds: RETRY_AFTER_SECONDS })
      }
      listeners++
      const { signal: ended, release } = ring.ended(callerOf(request)!)
      try {
        const bots = { bots: 'include' } as const
        await streamEvents(reply, {
          feed,
          clock,
          filter: bots,
          after,
          ended,
          stopping: stopping.signal,
        })
      } finally {
        release()
        listeners--
      }
    },
  )
}

/** @throws TinygridError audit_unavailable */
function trailOf(trail: AuditTrail | undefined): AuditTrail {
  if (trail !== undefined) return trail
  const detail = 'Nothing is audited here: TINYGRID_AUDIT is false'
  throw new TinygridError('audit_unavailable', { detail })
}

function positionOf(text: string, field: string): number {
  const place = parseEventId(text)
  if (place !== undefined) return place.position
  throw invalid(field, 'This is not the id of an entry')
}

function filterOf({ code, key, action }: Filters): AuditFilter {
  return {
    ...(code === undefined ? {} : { subject: code }),
    ...(key === undefined ? {} : { key }),
    ...(action === undefined ? {} : { action }),
  }
}
