/**
 * What owners answer gateways: look-ups, links and the results of writes.
 *
 * A look-up is most of the traffic, so it is one short value: the URL; the URL, when it expires and with
 * which status it redirects; or a word, which no URL can be taken for because it has no colon. A create
 * that made what was asked is answered by the time of its link: what the asker knows is not sent back.
 * Everything else goes as the plain data it is. The gateway checks the types, and that a URL can stand in
 * a reply. What is asked says `write-requests.ts`.
 */
import { parseFullCode } from '../../links/full-code.ts'
import type { EpochMs } from '../../links/ids.ts'
import {
  ABSENT,
  METERED,
  PROTECTED,
  REDIRECT_STATUSES,
  redirectTo,
  RULED,
  SCHEDULED,
  UNKNOWN,
  type GoneReason,
  type Link,
  type Lookup,
  type RedirectStatus,
} from '../../links/link.ts'
import { areOptions, isQueryForwarding } from '../../links/link-options.ts'
import { isNew, newLink, type WriteRequest, type WriteResult } from '../../links/link-owner.ts'
import { isStoredUrl } from '../../links/target-url.ts'
import { noAnswer, type Answer } from './owner-protocol.ts'

const WORDS: ReadonlyMap<unknown, Lookup> = new Map<unknown, Lookup>([
  ['absent', ABSENT],
  ['metered', METERED],
  ['protected', PROTECTED],
  ['ruled', RULED],
  ['scheduled', SCHEDULED],
  ['unknown', UNKNOWN],
  ['deleted', { kind: 'gone', reason: 'deleted' }],
  ['expired', { kind: 'gone', reason: 'expired' }],
  ['used_up', { kind: 'gone', reason: 'used_up' }],
])

type Fields = Readonly<Record<string, unknown>>

export function encodeLookup(lookup: Lookup): unknown {
  if (lookup.kind === 'gone') return encodeGone(lookup.reason, lookup.url)
  if (lookup.kind !== 'redirect') return lookup.kind
  const { url, expiresAt, status, forwardQuery } = lookup
  if (forwardQuery !== undefined) return [url, expiresAt ?? null, status ?? null, forwardQuery]
  if (status !== undefined) return [url, expiresAt ?? null, status]
  return expiresAt === undefined ? url : [url, expiresAt]
}

function encodeGone(reason: GoneReason, url: string | undefined): unknown {
  return url === undefined ? reason : [reason, url]
}

export function parseLookup(value: unknown): Answer<Lookup> {
  if (isUrl(value)) return redirectTo(value, null)
  if (!Array.isArray(value)) return WORDS.get(value) ?? noAnswer()
  const [first, second, status, forwardQuery] = value as unknown[]
  const word = WORDS.get(first)
  if (word?.kind === 'gone') return isUrl(second) ? { ...word, url: second } : noAnswer()
  if (!isUrl(first) || (second !== null && !isTime(second))) return noAnswer()
  if (status === undefined) return redirectTo(first, second)
  if (forwardQuery === undefined) {
    return isStatus(status) ? redirectTo(first, second, { redirectStatus: status }) : noAnswer()
  }
  if (!isQueryForwarding(forwardQuery) || (status !== null && !isStatus(status))) return noAnswer()
  const options = status === null ? { forwardQuery } : { forwardQuery, redirectStatus: status }
  return redirectTo(first, second, options)
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
      return WORDS.get(result['reason'])?.kind === 'gone' && isUrlOrNone(result['url'])
    case 'redirect':
      return isUrl(result['url']) && isFormOfRedirect(result)
    case 'taken':
    case 'absent':
    case 'not_deleted':
    case 'unfit':
    case 'stale':
      return true
    default:
      return false
  }
}

function isLink(value: unknown): value is Link {
  if (!isFields(value)) return false
  const { code, url, lifecycle, createdAt, updatedAt, visits, isAlias } = value
  const isNamed = typeof code === 'string' && parseFullCode(code) !== undefined
  const times = [createdAt, updatedAt, visits].every(isTime)
  const isKnown = lifecycle === 'live' || lifecycle === 'deleted' || lifecycle === 'purged'
  const isPurged = lifecycle === 'purged' && url === ''
  const isWhole = isNamed && times && isKnown && (isPurged || isUrl(url))
  return isWhole && hasSettings(value) && typeof isAlias === 'boolean'
}

function hasSettings({ title, tags, expiresAt, maxVisits, ...rest }: Fields): boolean {
  return (
    areOptions(rest) &&
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

function isUrlOrNone(value: unknown): boolean {
  return value === undefined || isUrl(value)
}

function isStatus(value: unknown): value is RedirectStatus {
  return REDIRECT_STATUSES.some((status) => status === value)
}

function isFormOfRedirect({ status, forwardQuery }: Fields): boolean {
  const hasStatus = status === undefined || isStatus(status)
  return hasStatus && (forwardQuery === undefined || isQueryForwarding(forwardQuery))
}

function isTags(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((tag) => typeof tag === 'string')
}

/** A time in milliseconds or a count. */
function isTime(value: unknown): value is EpochMs {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
