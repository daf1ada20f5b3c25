/**
 * Answers what no route takes: 405 with Allow for a known path, 404 for any other.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { TinygridError } from '../../links/errors.ts'
import type { AllowedMethods } from '../http/allowed-methods.ts'
import type { ErrorReplies } from '../http/error-reply.ts'
import { REQUEST_ID_HEADER } from '../http/request-ids.ts'
import { pathOfTarget } from '../http/request-target.ts'

export function notFoundHandler(errors: ErrorReplies, allowed: AllowedMethods) {
  return (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const path = pathOfTarget(request.raw.url!)
    const methods = allowed.of(path)
    if (methods.length === 0 || methods.includes(request.method)) {
      return sendFor(errors, request, reply, new TinygridError('not_found'))
    }
    const allow = methods.join(', ')
    const detail = `This path takes ${allow}`
    reply.header('allow', allow)
    return sendFor(errors, request, reply, new TinygridError('method_not_allowed', { detail }))
  }
}

/** As a page if a person may have opened the address: data under /api and for every other method. */
export function sendFor(
  errors: ErrorReplies,
  request: FastifyRequest,
  reply: FastifyReply,
  error: unknown,
): FastifyReply {
  const isForProgram = isForPrograms(request)
  if (isForProgram) reply.header(REQUEST_ID_HEADER, request.id)
  const isOpened = request.method === 'GET' || request.method === 'HEAD'
  return isOpened && !isForProgram
    ? errors.sendPage(request, reply, error)
    : errors.sendProblem(request, reply, error)
}

/** A path that cannot be decoded, or is longer than any code: outside the API just no such page. */
export function sendRoutingError(
  errors: ErrorReplies,
  request: FastifyRequest,
  reply: FastifyReply,
  error: unknown,
): void {
  const shown = isForPrograms(request) ? error : new TinygridError('not_found')
  sendFor(errors, request, reply, shown)
}

/** `/rest` and `/v4` by themselves may be codes. */
const FOR_PROGRAMS = /^\/(?:(?:api|health|metrics)(?:\/|$)|(?:rest|v4)\/.)/

/** Whether no person opens this address. */
export function isForPrograms(request: FastifyRequest): boolean {
  return FOR_PROGRAMS.test(pathOfTarget(request.raw.url!))
}
