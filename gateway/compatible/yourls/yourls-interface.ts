/**
 * YOURLS' interface on `/yourls-api.php`, by GET and by POST.
 *
 * `signature` holds one of our keys; a client that can send headers may send the key there instead. Signatures with
 * a timestamp are digests of a secret that both sides have: hashes of keys alone are kept here, so they cannot be
 * checked and are refused, and so are user names and passwords. A key in an address is in logs of proxies and in
 * histories: who can sends it by POST.
 *
 * Bookmarklets of YOURLS open its admin pages, which are not here.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { TinygridError } from '../../../links/errors.ts'
import { presentedKey } from '../../api/authentication.ts'
import { LongRequests } from '../../api/long-request.ts'
import { acceptForms } from '../../passwords/form-body.ts'
import type { ForeignContext } from '../foreign-context.ts'
import { foreignScope } from '../foreign-scope.ts'
import { YourlsActions, type Parameters } from './yourls-actions.ts'
import { writtenAnswer, type AnswerFields, type YourlsAnswer } from './yourls-answer.ts'

const PATH = '/yourls-api.php'

export function yourlsInterface(app: FastifyInstance, context: ForeignContext): void {
  acceptForms(app)
  foreignScope(app, context, {
    sendError: (request, reply, error) => sendYourlsError(context, request, reply, error),
    keyOf,
    keyIsIn: 'body',
  })
  const actions = new YourlsActions(context)
  const requests = new LongRequests(context.work, context.settings.bodyBytesMax)
  const handler = (request: FastifyRequest, reply: FastifyReply) =>
    requests.answer(request, async (signal) => {
      const answer = await actions.answer(request, parametersOf(request), signal)
      return send(request, reply, answer)
    })
  const options = { onRequest: requests.admit, bodyLimit: context.settings.bodyBytesMax }
  app.get(PATH, options, handler)
  app.post(PATH, options, handler)
}

/** Those of the body go before those of the address. Given twice, the last counts. */
function parametersOf({ query, body }: FastifyRequest): Parameters {
  const given: Record<string, string> = {}
  for (const [name, value] of Object.entries(query as Record<string, string | string[]>)) {
    given[name] = [value].flat().at(-1) ?? ''
  }
  if (body instanceof URLSearchParams) for (const [name, value] of body) given[name] = value
  return given
}

function keyOf(request: FastifyRequest): string | undefined {
  const { signature, timestamp } = parametersOf(request)
  const isTimed = timestamp !== undefined && timestamp !== ''
  return presentedKey(request.headers) ?? (signature && !isTimed ? signature : undefined)
}

function send(request: FastifyRequest, reply: FastifyReply, answer: YourlsAnswer): FastifyReply {
  const { format = 'xml', callback, jsonp } = parametersOf(request)
  const { status, type, text } = writtenAnswer(answer, format, callback ?? jsonp)
  return reply.code(status).type(`${type}; charset=utf-8`).send(text)
}

function sendYourlsError(
  { errors }: ForeignContext,
  request: FastifyRequest,
  reply: FastifyReply,
  thrown: unknown,
): FastifyReply {
  const { error } = errors.noted(request, reply, thrown)
  const fields = errorFields(error, parametersOf(request))
  return send(request, reply, { fields, simple: fields.message })
}

type ErrorFields = AnswerFields & { readonly message: string }

function errorFields(error: TinygridError, given: Parameters): ErrorFields {
  switch (error.code) {
    case 'unauthorized':
      return { message: whyNotKnown(given), errorCode: '403' }
    case 'alias_taken':
    case 'reserved_code': {
      const message = `Short URL ${given['keyword']} already exists in database or is reserved`
      return failed('error:keyword', message, 400)
    }
    case 'invalid_field':
    case 'missing_field':
      return failed(error.field === 'url' ? 'error:nourl' : 'error:field', error.message, 400)
    default:
      return { message: error.message, errorCode: String(error.status) }
  }
}

function failed(code: string, message: string, status: number): ErrorFields {
  return { status: 'fail', code, message, errorCode: String(status), statusCode: String(status) }
}

function whyNotKnown({ signature = '', timestamp = '', username, password }: Parameters): string {
  if (timestamp !== '') {
    return 'Signatures with a timestamp are not taken: send an API key as signature, without timestamp'
  }
  if (username !== undefined || password !== undefined) {
    return 'User names and passwords are not taken: send an API key as signature'
  }
  return signature === '' ? 'Please log in: send an API key as signature' : 'The API key is wrong'
}
