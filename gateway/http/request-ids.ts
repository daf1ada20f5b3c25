/**
 * Ids of requests: by `X-Request-Id` a client's complaint finds its lines in the logs of all nodes.
 *
 * Each request that Node's HTTP server reads and Fastify answers has one: made here, or the one that a proxy
 * gave it, which is believed where `TINYGRID_TRUST_PROXY` says that there is a proxy. Without one a
 * client could choose its id, and give the same one to a thousand requests. What is no id
 * (`parseRequestId`) is passed over and one is made.
 *
 * Every answer of the API, and of every other interface for programs, tells it, and so do all answers with a
 * status of 500 and more. That there is no link by a visitor's code is told without: the fast path answers
 * the same, nothing is logged of it, and there is nothing to find.
 */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { parseRequestId } from '../../links/request-mark.ts'
import type { GatewaySettings } from '../gateway-settings.ts'

export const REQUEST_ID_HEADER = 'x-request-id'

export class RequestIds {
  readonly #trustProxy: boolean
  /** Only for the access log, which sees a request outside of Fastify. */
  readonly #known: WeakMap<IncomingMessage, string> | undefined

  constructor({ trustProxy, accessLog }: Pick<GatewaySettings, 'trustProxy' | 'accessLog'>) {
    this.#trustProxy = trustProxy
    this.#known = accessLog ? new WeakMap() : undefined
  }

  /** The same one each time where there is an access log; else to be called once for a request. */
  readonly of = (request: IncomingMessage): string => {
    const known = this.#known?.get(request)
    if (known !== undefined) return known
    const given = this.#trustProxy ? request.headers[REQUEST_ID_HEADER] : undefined
    const id = parseRequestId(given) ?? randomUUID()
    this.#known?.set(request, id)
    return id
  }
}
