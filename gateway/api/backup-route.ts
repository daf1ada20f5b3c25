/**
 * `GET /api/backup`: everything that the server or its cluster has, as one stream of bytes.
 *
 * What the bytes are is `persistence/backup/backup-format.ts`; the server only sends them on. One of a moment, and one
 * that goes on, at a time from each node: it holds a reading of the store and the log's entries for as long as its
 * client takes. One that goes on ends with its client or the node, whoever is first.
 */
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { Type } from 'typebox'
import { TinygridError } from '../../links/errors.ts'
import type { ApiContext } from './api-context.ts'
import { problemReplies } from './api-replies.ts'
import { strict } from './link-schemas.ts'
import { LongRequests } from './long-request.ts'

/** @param until one moment after the other, until it is aborted; undefined: one moment */
export type BeginBackup = (until?: AbortSignal) => Promise<AsyncIterable<Uint8Array>>

const BACKUP_TYPE = 'application/octet-stream'
const RETRY_AFTER_SECONDS = 10

const querySchema = Type.Object(
  {
    follow: Type.Optional(
      Type.Unsafe<'true' | 'false'>({
        type: 'string',
        enum: ['true', 'false'],
        description: 'Goes on with what changes, a moment every few seconds, until it is ended',
      }),
    ),
  },
  strict,
)

export function backupRoute(app: FastifyInstance, { backup, work }: ApiContext): void {
  const schema = {
    summary: 'Back everything up',
    description:
      'Links in every state with hashes of passwords, keys as hashes, webhooks and reports, blocked hosts and ' +
      'audited changes, as they were at one moment, and the click store. A stream of blocks with checksums, for ' +
      '`tinygrid backup` and `tinygrid restore`; without its end, or a moment, it is not whole.',
    tags: ['links'],
    querystring: querySchema,
    response: {
      200: {
        description: 'Its bytes',
        content: { [BACKUP_TYPE]: { schema: { type: 'string', format: 'binary' } } },
      },
      ...problemReplies(400, 401, 503),
    },
  }
  const requests = new LongRequests(work, 0)
  const running = new Set<boolean>()
  const stopping = new AbortController()
  app.addHook('preClose', (done) => {
    stopping.abort()
    done()
  })
  app.get<{ Querystring: { follow?: string } }>(
    '/api/backup',
    { schema, onRequest: requests.admit },
    async (request, reply) => {
      const follow = request.query.follow === 'true'
      const begin = async () => {
        if (backup === undefined) throw new TinygridError('store_unavailable')
        if (running.has(follow)) {
          const detail = 'A backup is being made'
          throw new TinygridError('overloaded', { detail, retryAfterSeconds: RETRY_AFTER_SECONDS })
        }
        running.add(follow)
        reply.raw.once('close', () => running.delete(follow))
        return backup(follow ? endOf(reply, stopping.signal) : undefined)
      }
      const send = (blocks: AsyncIterable<Uint8Array>) =>
        reply.type(BACKUP_TYPE).send(Readable.from(blocks, { objectMode: false }))
      // One that goes on for days keeps no long work from others.
      if (follow) return send(await requests.answer(request, begin))
      return requests.answer(request, async () => send(await begin()))
    },
  )
}

/** Aborted when the client is gone, or the server goes. */
function endOf(reply: FastifyReply, stopping: AbortSignal): AbortSignal {
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  return AbortSignal.any([gone.signal, stopping])
}
