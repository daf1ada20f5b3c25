/**
 * `/api/blocked-hosts`: the hosts to which no link may lead, named, listed and taken away by admins.
 *
 * What the operator's file has is counted here and not listed: it may have a million hosts, and only the file
 * changes it. A single host is asked for to learn whether, and by which entry, it is blocked.
 */
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { AuditNotes } from '../audit/audit-trail.ts'
import { emptyReply, jsonReply, problemReplies } from '../api/api-replies.ts'
import { formatIsoTime } from '../api/iso-time.ts'
import { strict } from '../api/link-schemas.ts'
import { nullable } from '../api/schema-parts.ts'
import { HOST_SOURCES, type BlockedHosts, type HostSource } from '../../links/blocked-hosts.ts'
import { TinygridError } from '../../links/errors.ts'
import { HOST_PATTERN_LENGTH_MAX, parseHostPattern } from '../../links/host-pattern.ts'
import type { EpochMs } from '../../links/ids.ts'
import { PATH_PART_LENGTH_MAX } from '../http/http-server.ts'
import {
  HOST_NOTE_LENGTH_MAX,
  KEPT_HOSTS_MAX,
  type KeptHost,
  type KeptHosts,
} from './kept-hosts.ts'

export interface HostBlocking {
  readonly blocked: BlockedHosts
  readonly kept: KeptHosts
}

const PATH = '/api/blocked-hosts'
const TAGS = ['blocked hosts']
const problems = problemReplies(400, 401, 403, 404, 409, 413, 415, 503)

const host = Type.String({
  minLength: 1,
  maxLength: HOST_PATTERN_LENGTH_MAX,
  description: 'A host in small letters and punycode, or `*.host` for all hosts below it',
})
const note = nullable(Type.String({ maxLength: HOST_NOTE_LENGTH_MAX }), 'Why; for people')
const since = Type.String({ format: 'date-time' })
const entrySchema = Type.Object({ host, note, since }, strict)
const listSchema = Type.Object(
  {
    hosts: Type.Array(entrySchema, { maxItems: KEPT_HOSTS_MAX }),
    hostsInFile: Type.Integer({
      minimum: 0,
      description: 'How many more the file has that TINYGRID_BLOCKED_HOSTS_FILE names',
    }),
  },
  strict,
)
const verdictSchema = Type.Object(
  {
    host,
    isBlocked: Type.Boolean(),
    by: nullable(host, 'The entry that has it; null: none'),
    source: Type.Unsafe<HostSource | null>({
      enum: [...HOST_SOURCES, null],
      description: 'Where that entry is',
    }),
  },
  strict,
)
const bodySchema = Type.Object({ note: Type.Optional(note) }, strict)
const paramsSchema = Type.Object({
  host: Type.String({
    minLength: 1,
    maxLength: PATH_PART_LENGTH_MAX,
    description: 'A host, however it is spelt, or `*.host`',
  }),
})

type Params = { readonly Params: { readonly host: string } }

interface HostContext {
  readonly now: () => EpochMs
  readonly audit: AuditNotes
}

export function blockedHostRoutes(
  app: FastifyInstance,
  blocking: HostBlocking,
  context: HostContext,
): void {
  readRoutes(app, blocking)
  putRoute(app, blocking, context)
  removeRoute(app, blocking, context)
}

function readRoutes(app: FastifyInstance, { blocked, kept }: HostBlocking): void {
  const list = {
    summary: 'List blocked hosts',
    tags: TAGS,
    response: { 200: jsonReply('Those named by the interface', listSchema), ...problems },
  }
  app.get(PATH, { schema: list }, () => {
    return { hosts: kept.all().map(viewOf), hostsInFile: blocked.size('file') }
  })

  const ask = {
    summary: 'Ask whether a host is blocked',
    tags: TAGS,
    params: paramsSchema,
    response: { 200: jsonReply('Whether, and by what', verdictSchema), ...problems },
  }
  app.get<Params>(`${PATH}/:host`, { schema: ask }, ({ params }) => {
    const asked = patternOf(params.host)
    const found = blocked.entryFor(asked)
    return {
      host: asked,
      isBlocked: found !== undefined,
      by: found?.pattern ?? null,
      source: found?.source ?? null,
    }
  })
}

function putRoute(app: FastifyInstance, { kept }: HostBlocking, { now, audit }: HostContext): void {
  const schema = {
    summary: 'Block a host',
    description:
      'No link is made or changed to lead there any more, and those that do are answered 403 from now on, ' +
      'on all nodes within a second. `*.host` blocks all hosts below it and not the host itself.',
    tags: TAGS,
    params: paramsSchema,
    body: bodySchema,
    response: {
      201: jsonReply('It is blocked now', entrySchema),
      200: jsonReply('It was blocked before', entrySchema),
      ...problems,
    },
  }
  app.put<Params & { Body: { note?: string | null } }>(
    `${PATH}/:host`,
    { schema },
    async (request, reply) => {
      const { params, body } = request
      const subject = patternOf(params.host)
      const entry = { host: subject, note: body.note ?? null, since: now() }
      const known = await kept.put(entry)
      const after = viewOf(known === undefined ? entry : { ...entry, since: known.since })
      const before = known === undefined ? null : viewOf(known)
      const action = known === undefined ? 'host.blocked' : 'host.changed'
      await audit.note(request, { action, subject, before, after })
      return reply.code(known === undefined ? 201 : 200).send(after)
    },
  )
}

function removeRoute(app: FastifyInstance, { kept }: HostBlocking, { audit }: HostContext): void {
  const schema = {
    summary: 'Unblock a host',
    description:
      'Takes away the entry of this name; another one, or the file, may still have the host.',
    tags: TAGS,
    params: paramsSchema,
    response: { 204: emptyReply('It is off the list'), ...problems },
  }
  app.delete<Params>(`${PATH}/:host`, { schema }, async (request, reply) => {
    const subject = patternOf(request.params.host)
    const known = await kept.remove(subject)
    if (known === undefined) throw new TinygridError('host_not_found')
    const before = viewOf(known)
    await audit.note(request, { action: 'host.unblocked', subject, before, after: null })
    return reply.code(204).send()
  })
}

/** @throws TinygridError invalid_field */
function patternOf(text: string): string {
  const pattern = parseHostPattern(text)
  if (pattern !== undefined) return pattern
  const detail = 'This must be a host such as bad.example, without a port, or *.bad.example'
  throw new TinygridError('invalid_field', { field: 'host', detail })
}

function viewOf({ host: name, note: why, since: at }: KeptHost) {
  return { host: name, note: why, since: formatIsoTime(at) }
}
