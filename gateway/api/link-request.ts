/**
 * From a checked body to what the owner is asked: the rules that a schema cannot say.
 *
 * Pure. Used by single and bulk creation and by PATCH. Field names are given back with the path
 * they have in the request, so that a client knows which of a thousand links is wrong.
 */
import type { LinkDraft } from './link-draft.ts'
import { TinygridError } from '../../links/errors.ts'
import { parseCode, type Code, type EpochMs } from '../../links/ids.ts'
import type { LinkChanges } from '../../links/link-owner.ts'
import { parseIsoTime } from './iso-time.ts'
import type { LinkChangesBody, NewLinkBody } from './link-schemas.ts'
import type { OwnAddress } from '../../links/own-address.ts'
import { isReserved } from '../../links/reserved-codes.ts'
import { parseTargetUrl } from '../../links/target-url.ts'

export interface RequestContext {
  readonly own: OwnAddress
  readonly now: EpochMs
  /** What stands before the names of fields: `links[3].`, or nothing. */
  readonly prefix: string
}

/** @throws TinygridError invalid_field */
export function toDraft(body: NewLinkBody, context: RequestContext): LinkDraft {
  const { prefix } = context
  return {
    url: parseTargetUrl(body.url, context.own, `${prefix}url`),
    alias: body.code === undefined ? undefined : parseAlias(body.code, `${prefix}code`),
    reuse: body.reuse,
    title: parseTitle(body.title ?? null, prefix),
    tags: parseTags(body.tags ?? [], prefix),
    expiresAt: parseFuture(body.expiresAt ?? null, context),
    maxVisits: body.maxVisits ?? null,
  }
}

/** @throws TinygridError invalid_field */
export function toChanges(body: LinkChangesBody, { own, prefix }: RequestContext): LinkChanges {
  const { url, title, tags, expiresAt, maxVisits } = body
  return {
    ...(url === undefined ? {} : { url: parseTargetUrl(url, own, `${prefix}url`) }),
    ...(title === undefined ? {} : { title: parseTitle(title, prefix) }),
    ...(tags === undefined ? {} : { tags: parseTags(tags, prefix) }),
    ...(expiresAt === undefined ? {} : { expiresAt: parseTime(expiresAt, prefix) }),
    ...(maxVisits === undefined ? {} : { maxVisits }),
  }
}

function parseAlias(text: string, field: string): Code {
  const code = parseCode(text)
  if (code === undefined || isReserved(text)) {
    throw new TinygridError('invalid_field', { field, detail: 'This code is reserved' })
  }
  return code
}

/** An empty title is no title. */
function parseTitle(title: string | null, prefix: string): string | null {
  if (title === null) return null
  return parseText(title, `${prefix}title`) || null
}

function parseTags(tags: readonly string[], prefix: string): string[] {
  const parsed = tags.map((tag, index) => {
    const field = `${prefix}tags[${index}]`
    const text = parseText(tag, field)
    if (text !== '') return text
    throw new TinygridError('invalid_field', { field, detail: 'A tag must not be empty' })
  })
  return [...new Set(parsed)]
}

const CONTROL_CHARACTER = /\p{Cc}/u

function parseText(text: string, field: string): string {
  if (!text.isWellFormed()) {
    const detail = 'The text has a lone surrogate: it is not valid Unicode'
    throw new TinygridError('invalid_field', { field, detail })
  }
  if (CONTROL_CHARACTER.test(text)) {
    throw new TinygridError('invalid_field', { field, detail: 'The text has a control character' })
  }
  return text.trim()
}

function parseFuture(text: string | null, { now, prefix }: RequestContext): EpochMs | null {
  const time = parseTime(text, prefix)
  if (time === null || time > now) return time
  const field = `${prefix}expiresAt`
  throw new TinygridError('invalid_field', { field, detail: 'expiresAt must be in the future' })
}

function parseTime(text: string | null, prefix: string): EpochMs | null {
  if (text === null) return null
  const time = parseIsoTime(text)
  if (time !== undefined) return time
  const detail = 'expiresAt must be an ISO 8601 time with offset, such as 2030-01-31T12:00:00Z'
  throw new TinygridError('invalid_field', { field: `${prefix}expiresAt`, detail })
}
