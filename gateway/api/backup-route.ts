/**
 * `GET /api/backup`: everything that the server or its cluster has, as one stream of bytes.
 *
 * What the bytes are is `persistence/backup/backup-format.ts`; the server only sends them on. One at a time from
 * each node: it holds a reading of the store and the log's entries for as long as its client takes.
 */
import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { TinygridError } from '../../links/errors.ts'
import type { ApiContext } from './api-context.ts'
import { problemReplies } from './api-replies.ts'
import { LongRequests } from './long-request.ts'

const BACKUP_TYPE = 'application/octet-stream'
const RETRY_AFTER_SECONDS = 10

export function backupRoute(app: FastifyInstance, { backup, work }: ApiContext): void {
  const schema = {
    summary: 'Back everything up',
    description:
      'Links in every state with hashes of passwords, keys as hashes, webhooks and reports, as they were at one ' +
      'moment, and the click store if it is a file. A stream of blocks with checksums, for `tinygrid backup` and `tinygrid restore`; without its end ' +
      'it is not whole.',
    tags: ['links'],
    response: {
      200: {
        description: 'Its bytes',
        content: { [BACKUP_TYPE]: { schema: { type: 'string', format: 'binary' } } },
      },
      ...problemReplies(401, 503),
    },
  }
  const requests = new LongRequests(work, 0)
  let isRunning = false
  app.get('/api/backup', { schema, onRequest: requests.admit }, (request, reply) =>
    requests.answer(request, async () => {
      if (backup === undefined) throw new TinygridError('store_unavailable')
      if (isRunning) {
        const detail = 'A backup is being made'
        throw new TinygridError('overloaded', { detail, retryAfterSeconds: RETRY_AFTER_SECONDS })
      }
      isRunning = true
      reply.raw.once('close', () => (isRunning = false))
      const blocks = await backup()
      return reply.type(BACKUP_TYPE).send(Readable.from(blocks, { objectMode: false }))
    }),
  )
}
