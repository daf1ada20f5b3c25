/**
 * Answers requests before Fastify looks for a route, which costs as much as the rest of a redirect.
 *
 * Used by the gateway for redirects that are sure. What is not answered takes its usual way, as if nothing had
 * been asked.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { NoteAccess } from './access-log.ts'
import type { ConnectionBounds } from './connection-bounds.ts'
import { HSTS } from './security-headers.ts'

export interface FirstOptions {
  readonly bounds: ConnectionBounds
  readonly hsts: string | undefined
  /** undefined: there is no access log. */
  readonly noteAccess: NoteAccess | undefined
}

/** Asks `answer` before Fastify; what it does not answer, now or later, takes its usual way. */
export function answerFirst(
  { server }: FastifyInstance,
  { bounds, hsts, noteAccess }: FirstOptions,
  answer: (request: IncomingMessage, response: ServerResponse, pass: () => void) => boolean,
): void {
  const listeners = server.listeners('request') as RequestListener[]
  server.removeAllListeners('request')
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (hsts !== undefined) response.setHeader(HSTS, hsts)
    noteAccess?.(request, response)
    const pass = () => {
      bounds.begun(request, response)
      for (const listener of listeners) listener.call(server, request, response)
    }
    if (!answer(request, response, pass)) pass()
    else if (!response.writableEnded) bounds.begun(request, response)
  })
}
