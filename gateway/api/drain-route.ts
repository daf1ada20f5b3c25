/**
 * `/api/cluster/nodes/:node/drain`: a node gives its partitions to the others, and stays or stops.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { DrainWish } from '../../cluster/membership/draining.ts'
import { TinygridError } from '../../links/errors.ts'
import type { NodeId } from '../../links/ids.ts'
import type { AuditNotes } from '../audit/audit-trail.ts'
import { jsonReply, problemReplies } from './api-replies.ts'
import { strict } from './link-schemas.ts'

/** @throws TinygridError node_not_found, no_heirs, node_unavailable */
export type DrainNode = (node: NodeId, wish: DrainWish) => Promise<void>

const PATH = '/api/cluster/nodes/:node/drain'
const TAGS = ['operation']
const problems = problemReplies(400, 401, 403, 404, 409, 413, 415, 503)
const params = Type.Object(
  { node: Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$', description: 'The name of a node' }) },
  strict,
)
const body = Type.Object(
  {
    stop: Type.Optional(
      Type.Boolean({ description: 'Whether its process ends when it has given all away; false' }),
    ),
  },
  strict,
)
const askedSchema = Type.Object(
  { node: Type.String(), asked: Type.Enum(['drain', 'undo', 'stop']) },
  { ...strict, title: 'Drain' },
)

const ACTIONS = { drain: 'node.drained', stop: 'node.stopped', undo: 'node.undrained' } as const

/** @param drain undefined: there is one node, which keeps all */
export function drainRoutes(
  app: FastifyInstance,
  drain: DrainNode | undefined,
  { audit }: { readonly audit: AuditNotes },
): void {
  const ask = async (request: FastifyRequest, node: string, asked: DrainWish) => {
    if (drain === undefined) throw new TinygridError('no_heirs')
    await drain(node as NodeId, asked)
    const change = { action: ACTIONS[asked], subject: node, before: null, after: null } as const
    await audit.note(request, change)
    return { node, asked }
  }
  const response = { 200: jsonReply('The node knows', askedSchema), ...problems }
  const drained = {
    summary: 'Drain a node',
    description:
      'It gives its partitions to the other nodes while it still answers, and is given none until the ' +
      'drain is undone or its process starts anew. `GET /api/cluster` tells how far it is.',
    tags: TAGS,
    params,
    body,
    response,
  }
  app.post<{ Params: { node: string }; Body: { stop?: boolean } }>(
    PATH,
    { schema: drained },
    (request) => ask(request, request.params.node, request.body.stop === true ? 'stop' : 'drain'),
  )
  const undone = {
    summary: 'Undo the drain of a node',
    description: 'It is given its share of partitions again.',
    tags: TAGS,
    params,
    response,
  }
  app.delete<{ Params: { node: string } }>(PATH, { schema: undone }, (request) =>
    ask(request, request.params.node, 'undo'),
  )
}
