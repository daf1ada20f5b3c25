/**
 * The values in calls between gateways and owners: codes, look-ups, links, writes and results.
 *
 * A look-up is most of the traffic, so it is one short value: the URL; the URL and when it expires;
 * or a word, which no URL can be taken for because it has no colon. A plain create is one text, its
 * answer the time of its link: what the asker knows is not sent back. Everything else goes as the
 * plain data it is.
 *
 * An owner takes from a request what it knows, each field by the parser that the gateway uses too
 * (`links/link-fields.ts`), and nothing else: a message may come from no gateway at all, and an update
 * is laid over a link. Of answers the gateway checks the types, and that a URL can stand in a reply.
 */
import { TinygridError } from '../../links/errors.ts'
import { parseCode, type EpochMs } from '../../links/ids.ts'
import {
  parseCodeField,
  parseExpiry,
  parseFlag,
  parseGivenLifecycle,
  parseIfMatch,
  parseMaxVisits,
  parseNewCode,
  parseOperationId,
  parsePast,
  parseTags,
  parseTitle,
} from '../../links/link-fields.ts'
import { ABSENT, METERED, redirectTo, UNKNOWN, type Link, type Lookup } from '../../links/link.ts'
import {
  isNew,
  newLink,
  type CreateRequest,
  type ImportRequest,
  type LinkChanges,
  type Repeatable,
  type WriteRequest,
  type WriteResult,
} from '../../links/link-owner.ts'
import { isStoredUrl, parseTargetUrl } from '../../links/target-url.ts'
import { LINK_BYTES_MAX, noAnswer, type Answer } from './owner-protocol.ts'

const WORDS: ReadonlyMap<unknown, Lookup> = new Map<unknown, Lookup>([
  ['absent', ABSENT],
  ['metered', METERED],
  ['unknown', UNKNOWN],
  ['deleted', { kind: 'gone', reason: 'deleted' }],
  ['expired', { kind: 'gone', reason: 'expired' }],
  ['used_up', { kind: 'gone', reason: 'used_up' }],
])

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

/** Of a write: everything but the texts that a client gives. Of a reused link: its title and tags too. */
const FIELDS_BYTES_MAX = 2048
/** Escaped, or in UTF-8. */
const CHARACTER_BYTES_MAX = 3

type Fields = Readonly<Record<string, unknown>>

export function encodeLookup(lookup: Lookup): unknown {
  if (lookup.kind === 'gone') return lookup.reason
  if (lookup.kind !== 'redirect') return lookup.kind
  return lookup.expiresAt === undefined ? lookup.url : [lookup.url, lookup.expiresAt]
}

export function parseLookup(value: unknown): Answer<Lookup> {
  if (isUrl(value)) return redirectTo(value, null)
  if (!Array.isArray(value)) return WORDS.get(value) ?? noAnswer()
  const [url, expiresAt] = value as unknown[]
  return isUrl(url) && isTime(expiresAt) ? redirectTo(url, expiresAt) : noAnswer()
}

export function encodeLink(link: Link | undefined): unknown {
  return link ?? null
}

export function parseLinkAnswer(value: unknown): Answer<Link | undefined> {
  if (value === null) return undefined
  return isLink(value) ? value : noAnswer()
}

export function encodeWriteResult(result: WriteResult, request: WriteRequest): unknown {
  if (request.kind !== 'create') return result
  if (result.kind === 'created' && isNew(result.link)) return result.link.createdAt
  if (result.kind !== 'reused') return result
  return { ...result, link: { ...result.link, code: undefined, url: undefined } }
}

export function parseWriteResult(value: unknown, request: WriteRequest): Answer<WriteResult> {
  if (isTime(value)) {
    return request.kind === 'create'
      ? { kind: 'created', link: newLink(request, value) }
      : noAnswer()
  }
  if (!isFields(value)) return noAnswer()
  const result = value['kind'] === 'reused' ? withAsked(value, request) : value
  return isResult(result) ? (result as unknown as WriteResult) : noAnswer()
}

/** A link that is reused has the code and the URL of the request. */
function withAsked(result: Fields, request: WriteRequest): Fields {
  if (request.kind !== 'create' || !isFields(result['link'])) return result
  return { ...result, link: { ...result['link'], code: request.code, url: request.url } }
}

function isResult(result: Fields): boolean {
  switch (result['kind']) {
    case 'created':
    case 'reused':
    case 'done':
      return isLink(result['link'])
    case 'gone':
      return WORDS.get(result['reason'])?.kind === 'gone'
    case 'redirect':
      return isUrl(result['url'])
    case 'taken':
    case 'absent':
    case 'not_deleted':
    case 'stale':
      return true
    default:
      return false
  }
}

export function encodeWriteRequest(request: WriteRequest): unknown {
  if (!isPlain(request)) return request
  const { code, url, operationId } = request
  return [code, url, operationId].join(TEXT_SEPARATOR)
}

/** At least the bytes of the request as JSON, and of its answer. */
export function writeBytes(request: WriteRequest): number {
  // Anything but a create may be answered with a link that has nothing of the request.
  if (request.kind !== 'create') return LINK_BYTES_MAX
  const { url, title, tags } = request
  const characters = tags.reduce((sum, tag) => sum + tag.length, url.length + (title?.length ?? 0))
  return FIELDS_BYTES_MAX + CHARACTER_BYTES_MAX * characters
}

function isPlain(request: WriteRequest): request is CreateRequest & { operationId: string } {
  if (request.kind !== 'create' || request.operationId === undefined) return false
  const { title, tags, expiresAt, maxVisits, isAlias, reuse } = request
  const isBare = title === null && tags.length === 0 && expiresAt === null && maxVisits === null
  return isBare && reuse && !isAlias
}

/** @throws TinygridError invalid_field; bad_request for what is no request */
export function parseWriteRequest(value: unknown): WriteRequest {
  if (typeof value === 'string') return parsePlainCreate(value)
  if (!isFields(value)) throw notUnderstood()
  const repeatable: Repeatable =
    value['operationId'] === undefined
      ? {}
      : { operationId: parseOperationId(value['operationId']) }
  switch (value['kind']) {
    case 'create':
      return { ...parseCreate(value), ...repeatable }
    case 'import':
      return { ...parseImport(value), ...repeatable }
    case 'visit':
      return { kind: 'visit', code: parseCodeField(value['code']), ...repeatable }
    case 'update':
    case 'delete':
    case 'restore':
    case 'purge':
      return { ...parseChange(value['kind'], value), ...repeatable }
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
    code: parseNewCode(code),
    url: parseTargetUrl(url, undefined),
    operationId: parseOperationId(operationId),
  }
}

function parseCreate({ code, url, title, tags, expiresAt, ...rest }: Fields): CreateRequest {
  return {
    kind: 'create',
    code: parseNewCode(code),
    url: parseTargetUrl(url, undefined),
    title: parseTitle(title),
    tags: parseTags(tags),
    expiresAt: parseExpiry(expiresAt),
    maxVisits: parseMaxVisits(rest['maxVisits']),
    isAlias: parseFlag(rest['isAlias'], 'isAlias'),
    reuse: parseFlag(rest['reuse'], 'reuse'),
  }
}

function parseImport({ createdAt, updatedAt, maxVisits, visits, ...rest }: Fields): ImportRequest {
  return {
    kind: 'import',
    code: parseNewCode(rest['code']),
    url: parseTargetUrl(rest['url'], undefined),
    title: parseTitle(rest['title']),
    tags: parseTags(rest['tags']),
    expiresAt: parseExpiry(rest['expiresAt']),
    ...parsePast({ createdAt, updatedAt, maxVisits, visits }),
    isAlias: parseFlag(rest['isAlias'], 'isAlias'),
    lifecycle: parseGivenLifecycle(rest['lifecycle']),
  }
}

type ChangeKind = 'update' | 'delete' | 'restore' | 'purge'

function parseChange(kind: ChangeKind, { code, ifMatch, changes }: Fields): WriteRequest {
  const condition = ifMatch === undefined ? {} : { ifMatch: parseIfMatch(ifMatch) }
  const common = { code: parseCodeField(code), ...condition }
  if (kind !== 'update') return { kind, ...common }
  if (!isFields(changes)) throw notUnderstood()
  return { kind, ...common, changes: parseChanges(changes) }
}

function parseChanges({ url, title, tags, expiresAt, maxVisits }: Fields): LinkChanges {
  return {
    ...(url === undefined ? {} : { url: parseTargetUrl(url, undefined) }),
    ...(title === undefined ? {} : { title: parseTitle(title) }),
    ...(tags === undefined ? {} : { tags: parseTags(tags) }),
    ...(expiresAt === undefined ? {} : { expiresAt: parseExpiry(expiresAt) }),
    ...(maxVisits === undefined ? {} : { maxVisits: parseMaxVisits(maxVisits) }),
  }
}

function isLink(value: unknown): value is Link {
  if (!isFields(value)) return false
  const { code, url, lifecycle, createdAt, updatedAt, visits, isAlias } = value
  const isNamed = typeof code === 'string' && parseCode(code) !== undefined
  const times = [createdAt, updatedAt, visits].every(isTime)
  const isKnown = lifecycle === 'live' || lifecycle === 'deleted' || lifecycle === 'purged'
  const isPurged = lifecycle === 'purged' && url === ''
  const isWhole = isNamed && times && isKnown && (isPurged || isUrl(url))
  return isWhole && hasSettings(value) && typeof isAlias === 'boolean'
}

function hasSettings({ title, tags, expiresAt, maxVisits }: Fields): boolean {
  return (
    (title === null || typeof title === 'string') &&
    isTags(tags) &&
    (expiresAt === null || isTime(expiresAt)) &&
    (maxVisits === null || isTime(maxVisits))
  )
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isUrl(value: unknown): value is string {
  return typeof value === 'string' && isStoredUrl(value)
}

function isTags(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((tag) => typeof tag === 'string')
}

/** A time in milliseconds or a count. */
function isTime(value: unknown): value is EpochMs {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function notUnderstood(): TinygridError {
  return new TinygridError('bad_request', {
    detail: 'The request of the other node is not understood',
  })
}
