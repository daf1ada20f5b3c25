/**
 * The access log: a line for each request that Node's HTTP server answers, if the operator wants it.
 *
 * Off by default, and nothing is asked of a request then. Redirects that the fast path answers have no line:
 * a line costs more than they do, and clicks are their record; with `TINYGRID_FAST_PATH=false` they have
 * one. Told are method, path, status, time and address, the latter as far as visitors' addresses may
 * be kept; never a query, a header, a body or a target.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import { forwardedAddress, keptAddress } from '../../clicks/ring/kept-address.ts'
import { parseAddress } from '../../links/ip-address.ts'
import type { GatewaySettings } from '../gateway-settings.ts'
import type { RequestIds } from './request-ids.ts'
import { pathOfTarget } from './request-target.ts'

export type NoteAccess = (request: IncomingMessage, response: ServerResponse) => void

/** undefined: no access is noted. */
export function accessLogOf(
  settings: Pick<GatewaySettings, 'accessLog' | 'trustProxy' | 'ipPrivacy'>,
  logger: Logger,
  ids: Pick<RequestIds, 'of'>,
): NoteAccess | undefined {
  if (!settings.accessLog) return undefined
  return (request, response) => {
    const startedAt = performance.now()
    const address = addressOf(request, settings.trustProxy)
    response.once('close', () => {
      const line = {
        requestId: ids.of(request),
        method: request.method,
        path: pathOfTarget(request.url!),
        status: response.statusCode,
        isComplete: response.writableFinished,
        ms: Math.round(performance.now() - startedAt),
        ip: keptAddress(address, settings.ipPrivacy),
      }
      logger.info(line, 'access')
    })
  }
}

function addressOf({ headers, socket }: IncomingMessage, trustProxy: boolean): string {
  const forwarded = trustProxy ? headers['x-forwarded-for'] : undefined
  const claimed = typeof forwarded === 'string' ? forwardedAddress(forwarded) : undefined
  return claimed ?? parseAddress(socket.remoteAddress ?? '') ?? ''
}
