/**
 * `GET /api/export`: every link that has a code, in whatever state, as one stream of NDJSON.
 *
 * In no order, because it is read as the store has it: deleted links are in no index. The last line
 * says how many there were, so that a stream that was cut on its way is never taken for a whole one.
 * Writing the lines is long work; reading waits for the client. Rejected: pages, which would need
 * another index over everything.
 */
import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { TinygridError } from '../../links/errors.ts'
import { domainOf } from '../../links/full-code.ts'
import type { StoredVersion } from '../../links/link-owner.ts'
import type { LongWork, Steps } from '../../links/long-work.ts'
import type { ApiContext } from './api-context.ts'
import { problemReplies } from './api-replies.ts'
import { domainsOfCaller, isWithin, type DomainList } from './caller.ts'
import { exportedLinkSchema, exportEndSchema } from './bulk-schemas.ts'
import { exportedViewOf } from './link-view.ts'
import { LongRequests } from './long-request.ts'

const NDJSON_TYPE = 'application/x-ndjson'
/** Each holds a reading of the store open for as long as its client takes. */
const EXPORTS_MAX = 4
const RETRY_AFTER_SECONDS = 10
/** Codes of damaged links that are named. */
const DAMAGED_MAX = 1000

export function exportRoute(app: FastifyInstance, context: ApiContext): void {
  const { directory, work, address } = context
  const schema = {
    summary: 'Export every link',
    description:
      'Deleted, expired and used up ones too, one JSON object per line and in no order; what was ' +
      'purged is not there. A key that is held to domains gets the links on these. The last line is `{"end":true,"links":...,"damaged":[...]}`: without it the ' +
      'export is not whole. POST /api/links/bulk takes the lines in again, as they are.',
    tags: ['links'],
    response: {
      200: {
        description: 'One link per line, then the end',
        content: { [NDJSON_TYPE]: { schema: { anyOf: [exportedLinkSchema, exportEndSchema] } } },
      },
      ...problemReplies(401, 503),
    },
  }
  const requests = new LongRequests(work, 0)
  let exports = 0
  app.get('/api/export', { schema, onRequest: requests.admit }, (request, reply) =>
    requests.answer(request, async () => {
      if (exports >= EXPORTS_MAX) {
        throw new TinygridError('overloaded', { retryAfterSeconds: RETRY_AFTER_SECONDS })
      }
      exports++
      reply.raw.once('close', () => exports--)
      const baseUrl = address.baseUrl(request)
      const versions = await directory.everything()
      const lines = linesOf(versions, { baseUrl, within: domainsOfCaller(request) }, work)
      // Awaiting the reply, as an async handler does, is awaiting its end.
      return reply.type(NDJSON_TYPE).send(Readable.from(lines))
    }),
  )
}

async function* linesOf(
  batches: AsyncIterable<readonly StoredVersion[]>,
  { baseUrl, within }: { readonly baseUrl: string; readonly within: DomainList | undefined },
  work: LongWork,
): AsyncGenerator<string> {
  const end = { end: true, links: 0, damaged: [] as string[] }
  for await (const batch of batches) {
    const isWanted = ({ code }: StoredVersion) => isWithin(within, domainOf(code))
    const versions = within === undefined ? batch : batch.filter(isWanted)
    const whole = versions.filter(({ link }) => link !== undefined)
    end.links += whole.length
    for (const { code, link } of versions) {
      if (link === undefined && end.damaged.length < DAMAGED_MAX) end.damaged.push(code)
    }
    if (whole.length > 0) yield await work.run(written(whole, baseUrl), 'request')
  }
  yield `${JSON.stringify(end)}\n`
}

function* written(versions: readonly StoredVersion[], baseUrl: string): Steps<string> {
  const lines: string[] = []
  for (const { link } of versions) {
    yield
    lines.push(`${JSON.stringify(exportedViewOf(link!, baseUrl))}\n`)
  }
  return lines.join('')
}
