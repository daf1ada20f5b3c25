/**
 * Errors as Kutt writes them: one sentence, in `error`.
 *
 * What a person can put right has the status 400, as its browser extension shows the sentence of no other. Where Kutt
 * answers 500 although nothing is wrong with the server, as for an unknown link, it is our own status.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { TinygridError } from '../../../links/errors.ts'
import type { ErrorReplies } from '../../http/error-reply.ts'
import { foreignField } from '../foreign-field.ts'

/** What Kutt calls our fields. */
const FIELD_NAMES: Readonly<Record<string, string>> = {
  url: 'target',
  code: 'customurl',
  title: 'description',
  expiresAt: 'expire_in',
}

export function sendKuttError(errors: ErrorReplies) {
  return (request: FastifyRequest, reply: FastifyReply, thrown: unknown): FastifyReply => {
    const { error } = errors.noted(request, reply, thrown)
    return reply.code(statusOf(error)).send({ error: sentenceOf(error) })
  }
}

function statusOf({ code, status }: TinygridError): number {
  switch (code) {
    case 'alias_taken':
    case 'target_blocked':
    case 'target_refused':
      return 400
    case 'link_deleted':
      return 404
    default:
      return status
  }
}

function sentenceOf(error: TinygridError): string {
  switch (error.code) {
    case 'alias_taken':
      return 'Custom URL is already in use.'
    case 'link_not_found':
    case 'link_deleted':
      return 'Link was not found.'
    default: {
      const field = foreignField(error, FIELD_NAMES)
      return field === '' ? error.message : `${field}: ${error.message}`
    }
  }
}
