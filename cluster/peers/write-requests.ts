/**
 * What gateways ask owners to write, as it travels.
 *
 * A plain create is one text; everything else goes as the plain data it is. An owner takes from a
 * request what it knows, each field by the parser that the gateway uses too (`links/link-fields.ts`,
 * `links/link-options.ts`), and nothing else: a message may come from no gateway at all, and an update is
 * laid over a link. What is answered says `owner-values.ts`.
 */
import { TinygridError } from '../../links/errors.ts'
import {
  parseFullCodeField,
  parseExpiry,
  parseFlag,
  parseGivenLifecycle,
  parseIfMatch,
  parseMaxVisits,
  parseNewFullCode,
  parseOperationId,
  parsePast,
  parseTags,
  parseTitle,
  withPeriod,
} from '../../links/link-fields.ts'
import { URL_BYTES_DEFAULT } from '../../links/link.ts'
import {
  hasOptions,
  OPTION_NAMES,
  parseOptionChanges,
  parseOptions,
} from '../../links/link-options.ts'
import type {
  CreateRequest,
  ImportRequest,
  LinkChanges,
  Repeatable,
  WriteRequest,
} from '../../links/link-owner.ts'
import { parseTargetUrl, SAFE_TARGETS } from '../../links/target-url.ts'
import { jsonBytesMax } from './json-bytes.ts'
import { LINK_BYTES_MAX } from './owner-protocol.ts'

/** No character of a code, a URL or an operation id. */
const TEXT_SEPARATOR = ' '

/** What a create says that asks for nothing but a code. */
const PLAIN = {
  kind: 'create',
  title: null,
  tags: [],
  expiresAt: null,
  maxVisits: null,
  isAlias: false,
  reuse: true,
} as const

/** Of a visit and its answer, which is a URL: of most. A backslash in it may be escaped. */
const VISIT_BYTES_MAX = 512 + 2 * URL_BYTES_DEFAULT
/** Of a link that is found again: what no request says. */
const FIELDS_BYTES_MAX = 2048

type Fields = Readonly<Record<string, unknown>>

export function encodeWriteRequest(request: WriteRequest): unknown {
  if (!isPlain(request)) return asksForOptions(request) ? withMark(request) : request
  const { code, url, operationId } = request
  return [code, url, operationId].join(TEXT_SEPARATOR)
}

/**
 * A node of a version without options would pass them over: a link that is to open later would be open
 * at once. So the kind of such a request is one that it does not know, and refuses.
 */
const MARK = '+'

function asksForOptions(request: WriteRequest): boolean {
  if (request.kind === 'create' || request.kind === 'import') return hasOptions(request)
  return request.kind === 'update' && OPTION_NAMES.some((name) => name in request.changes)
}

function withMark(request: WriteRequest): unknown {
  return { ...request, kind: request.kind + MARK }
}

function withoutMark(kind: unknown): unknown {
  return typeof kind === 'string' && kind.endsWith(MARK) ? kind.slice(0, -MARK.length) : kind
}

/** At least the bytes of the request as JSON, and of most answers. */
export function writeBytes(request: WriteRequest): number {
  if (request.kind === 'visit') return VISIT_BYTES_MAX
  // Anything but a create may be answered with a link that has nothing of the request.
  const bytes = FIELDS_BYTES_MAX + jsonBytesMax(request)
  return request.kind === 'create' ? bytes : Math.max(LINK_BYTES_MAX, bytes)
}

function isPlain(request: WriteRequest): request is CreateRequest & { operationId: string } {
  if (request.kind !== 'create' || request.operationId === undefined) return false
  const { title, tags, expiresAt, maxVisits, isAlias, reuse } = request
  const isBare = title === null && tags.length === 0 && expiresAt === null && maxVisits === null
  return isBare && reuse && !isAlias && !hasOptions(request)
}

/** @throws TinygridError invalid_field; bad_request for what is no request */
export function parseWriteRequest(value: unknown): WriteRequest {
  if (typeof value === 'string') return parsePlainCreate(value)
  if (!isFields(value)) throw notUnderstood()
  const repeatable: Repeatable =
    value['operationId'] === undefined
      ? {}
      : { operationId: parseOperationId(value['operationId']) }
  const kind = withoutMark(value['kind'])
  switch (kind) {
    case 'create':
      return { ...parseCreate(value), ...repeatable }
    case 'import':
      return { ...parseImport(value), ...repeatable }
    case 'visit':
      return { kind: 'visit', code: parseFullCodeField(value['code']), ...repeatable }
    case 'update':
      return { ...parseUpdate(value), ...repeatable }
    case 'delete':
    case 'restore':
    case 'purge':
      return { kind, ...parseCondition(value), ...repeatable }
    default:
      throw notUnderstood()
  }
}

/** What stands in the text: code, URL, operation id. */
function parsePlainCreate(text: string): WriteRequest {
  const [code, url, operationId, more] = text.split(TEXT_SEPARATOR, 4)
  if (more !== undefined) throw notUnderstood()
  return {
    ...PLAIN,
    code: parseNewFullCode(code),
    url: parseTargetUrl(url, SAFE_TARGETS),
    operationId: parseOperationId(operationId),
  }
}

function parseCreate({ code, url, title, tags, expiresAt, ...rest }: Fields): CreateRequest {
  return withPeriod('', {
    kind: 'create',
    code: parseNewFullCode(code),
    url: parseTargetUrl(url, SAFE_TARGETS),
    title: parseTitle(title),
    tags: parseTags(tags),
    expiresAt: parseExpiry(expiresAt),
    maxVisits: parseMaxVisits(rest['maxVisits']),
    isAlias: parseFlag(rest['isAlias'], 'isAlias'),
    reuse: parseFlag(rest['reuse'], 'reuse'),
    ...parseOptions(rest),
  })
}

function parseImport({ createdAt, updatedAt, maxVisits, visits, ...rest }: Fields): ImportRequest {
  return withPeriod('', {
    kind: 'import',
    code: parseNewFullCode(rest['code']),
    url: parseTargetUrl(rest['url'], SAFE_TARGETS),
    title: parseTitle(rest['title']),
    tags: parseTags(rest['tags']),
    expiresAt: parseExpiry(rest['expiresAt']),
    ...parsePast({ createdAt, updatedAt, maxVisits, visits }),
    isAlias: parseFlag(rest['isAlias'], 'isAlias'),
    lifecycle: parseGivenLifecycle(rest['lifecycle']),
    ...parseOptions(rest),
  })
}

function parseCondition({ code, ifMatch }: Fields) {
  const condition = ifMatch === undefined ? {} : { ifMatch: parseIfMatch(ifMatch) }
  return { code: parseFullCodeField(code), ...condition }
}

function parseUpdate(value: Fields): WriteRequest {
  const { changes } = value
  if (!isFields(changes)) throw notUnderstood()
  return { kind: 'update', ...parseCondition(value), changes: parseChanges(changes) }
}

function parseChanges({ url, title, tags, expiresAt, maxVisits, ...rest }: Fields): LinkChanges {
  return {
    ...(url === undefined ? {} : { url: parseTargetUrl(url, SAFE_TARGETS) }),
    ...(title === undefined ? {} : { title: parseTitle(title) }),
    ...(tags === undefined ? {} : { tags: parseTags(tags) }),
    ...(expiresAt === undefined ? {} : { expiresAt: parseExpiry(expiresAt) }),
    ...(maxVisits === undefined ? {} : { maxVisits: parseMaxVisits(maxVisits) }),
    ...parseOptionChanges(rest),
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function notUnderstood(): TinygridError {
  return new TinygridError('bad_request', {
    detail: 'The request of the other node is not understood',
  })
}
