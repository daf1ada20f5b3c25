/**
 * Fastify's own errors in the words of our table.
 *
 * Used by `error-reply.ts` for whatever a handler did not throw itself: bad JSON, a body that is too
 * large, a schema that does not hold. Returns undefined for what is not the client's fault.
 */
import { TinygridError, type ErrorCode } from '../../links/errors.ts'

const CODES: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_BAD_URL: 'not_found',
  FST_ERR_MAX_PARAM_LENGTH: 'uri_too_long',
  FST_ERR_NOT_FOUND: 'not_found',
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'invalid_json',
  FST_ERR_CTP_INVALID_JSON_BODY: 'invalid_json',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'bad_request',
}

const BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  403: 'not_found',
  404: 'not_found',
  408: 'request_timeout',
  413: 'body_too_large',
  414: 'uri_too_long',
  415: 'unsupported_media_type',
  503: 'shutting_down',
}

export function fromFrameworkError(error: unknown): TinygridError | undefined {
  if (!(error instanceof Error)) return undefined
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown }
  const known = CODES[String(code)]
  if (known !== undefined) return new TinygridError(known, { cause: error })
  if (error instanceof SyntaxError && statusCode === 400) {
    return new TinygridError('invalid_json', { cause: error })
  }
  if (typeof statusCode !== 'number' || statusCode < 400) return undefined
  const byStatus = BY_STATUS[statusCode] ?? (statusCode < 500 ? 'bad_request' : undefined)
  return byStatus === undefined ? undefined : new TinygridError(byStatus, { cause: error })
}
