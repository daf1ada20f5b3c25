/**
 * Errors as Shlink writes them: problem+json with types of its own, and what names the thing at fault.
 *
 * Used for everything that its interface refuses. Clients go by `type`; so what Shlink has a type for gets that,
 * and the rest keeps ours (`urn:tinygrid:error:...`). Fields are named as Shlink names them; `detail` is ours, as
 * it says more than "Provided data is not valid".
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { TinygridError } from '../../../links/errors.ts'
import { presentedKey } from '../../api/authentication.ts'
import type { ErrorReplies } from '../../http/error-reply.ts'
import { PROBLEM_TYPE, toProblem } from '../../http/problem.ts'
import { foreignField } from '../foreign-field.ts'

const TYPES = 'https://shlink.io/api/error/'

interface ShlinkProblem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly [extra: string]: unknown
}

/** What Shlink calls our fields. */
const FIELD_NAMES: Readonly<Record<string, string>> = {
  url: 'longUrl',
  code: 'customSlug',
  validFrom: 'validSince',
  expiresAt: 'validUntil',
  rules: 'redirectRules',
}

function problem(
  type: string,
  status: number,
  title: string,
  detail: string,
  extra: object = {},
): ShlinkProblem {
  return { type: `${TYPES}${type}`, title, status, detail, ...extra }
}

export function tagNotFound(tag: string): ShlinkProblem {
  const detail = `Tag with name "${tag}" could not be found`
  return problem('tag-not-found', 404, 'Tag not found', detail, { tag })
}

export function tagConflict(oldName: string, newName: string): ShlinkProblem {
  const detail = `You cannot rename tag ${oldName} to ${newName}, because it already exists`
  return problem('tag-conflict', 409, 'Tag conflict', detail, { oldName, newName })
}

/** @param doing what the key may not do */
export function forbiddenTags(doing: 'rename' | 'delete'): ShlinkProblem {
  const detail = `You are not allowed to ${doing} tags: this key is held to tags of its own`
  return problem('forbidden-tag-operation', 403, 'Forbidden tag operation', detail)
}

export function domainNotFound(authority: string): ShlinkProblem {
  const detail = `Domain with authority "${authority}" could not be found`
  return problem('domain-not-found', 404, 'Domain not found', detail, { authority })
}

export const MERCURE_NOT_CONFIGURED = problem(
  'mercure-not-configured',
  501,
  'Mercure integration not configured',
  'This instance is not integrated with a mercure hub.',
)

/** What Shlink does and this does not. */
export function notSupported(detail: string): ShlinkProblem {
  return { type: 'urn:tinygrid:error:not_supported', title: 'Not supported', status: 501, detail }
}

export function sendShlinkProblem(reply: FastifyReply, told: ShlinkProblem): FastifyReply {
  return reply.code(told.status).type(PROBLEM_TYPE).send(JSON.stringify(told))
}

export function sendShlinkError(errors: ErrorReplies) {
  return (request: FastifyRequest, reply: FastifyReply, thrown: unknown): FastifyReply => {
    const { error, instance } = errors.noted(request, reply, thrown)
    return sendShlinkProblem(reply, { ...shlinkProblemOf(error, request, instance) })
  }
}

function shlinkProblemOf(
  error: TinygridError,
  request: FastifyRequest,
  instance: string | undefined,
): ShlinkProblem {
  const { code: shortCode } = (request.params ?? {}) as { code?: string }
  switch (error.code) {
    case 'unauthorized':
      return withoutKey(request)
    case 'invalid_json':
      return problem('malformed-request-body', 400, 'Malformed request body', error.message)
    case 'invalid_field':
    case 'missing_field':
    case 'unknown_field':
    case 'reserved_code':
      return invalidData(error)
    case 'alias_taken': {
      const { customSlug } = (request.body ?? {}) as { customSlug?: unknown }
      const detail = `Provided slug "${String(customSlug)}" is already in use.`
      return problem('non-unique-slug', 400, 'Invalid custom slug', detail, { customSlug })
    }
    case 'link_not_found':
    case 'link_deleted': {
      const detail = `No URL found with short code "${shortCode}"`
      return problem('short-url-not-found', 404, 'Short URL not found', detail, { shortCode })
    }
    case 'not_found':
      return problem('not-found', 404, 'Not found', error.message)
    default:
      return { ...toProblem(error, instance) }
  }
}

function withoutKey(request: FastifyRequest): ShlinkProblem {
  if (presentedKey(request.headers)) {
    const detail = 'Provided API key does not exist or is invalid.'
    return problem('invalid-api-key', 401, 'Invalid API key', detail)
  }
  const detail =
    'Expected one of the following authentication headers, ["X-Api-Key"], but none were provided'
  const expectedHeaders = ['X-Api-Key']
  return problem('missing-authentication', 401, 'Invalid authorization', detail, {
    expectedHeaders,
  })
}

function invalidData(error: TinygridError): ShlinkProblem {
  const field = foreignField(error, FIELD_NAMES)
  const invalidElements = field === '' ? [] : [field]
  return problem('invalid-data', 400, 'Invalid data', error.message, { invalidElements })
}
