/**
 * From a checked body to what the owner is asked: the rules that a schema cannot say.
 *
 * Pure. Used by single and bulk creation and by PATCH. What a field may hold say `links/link-fields.ts`
 * and `links/target-url.ts`; added here is what only a gateway knows. Field names are given back with the path
 * they have in the request, so that a client knows which of a thousand links is wrong.
 */
import type { LinkDraft } from './link-draft.ts'
import { TinygridError } from '../../links/errors.ts'
import { fullCode } from '../../links/full-code.ts'
import type { EpochMs } from '../../links/ids.ts'
import {
  parseMaxVisits,
  parseNewCode,
  parsePast,
  parseTags,
  parseTitle,
  withPeriod,
} from '../../links/link-fields.ts'
import type { ImportRequest, LinkChanges } from '../../links/link-owner.ts'
import type { KnownDomains } from './domain-fields.ts'
import { parseIsoTimeField } from './iso-time.ts'
import { optionChangesOfBody, optionsOfBody } from './link-option-fields.ts'
import type { PastLinkBody } from './bulk-schemas.ts'
import type { LinkChangesBody, NewLinkBody } from './link-schemas.ts'
import { parsePassword } from '../../links/password-hash.ts'
import { parseTargetUrl, type TargetRules } from '../../links/target-url.ts'

export interface RequestContext {
  /** With the addresses that this request came by. */
  readonly targets: TargetRules
  readonly domains: KnownDomains
  readonly now: EpochMs
  /** What stands before the names of fields: `links[3].`, or nothing. */
  readonly prefix: string
}

/** @throws TinygridError invalid_field */
export function toDraft(body: NewLinkBody, context: RequestContext): LinkDraft {
  const { prefix, targets, domains } = context
  return withPeriod(prefix, {
    url: parseTargetUrl(body.url, targets, `${prefix}url`),
    alias: body.code === undefined ? undefined : parseNewCode(body.code, `${prefix}code`),
    domain: domains.parse(body.domain, `${prefix}domain`),
    reuse: body.reuse,
    title: parseTitle(body.title ?? null, `${prefix}title`),
    tags: parseTags(body.tags ?? [], `${prefix}tags`),
    expiresAt: parseFuture(body.expiresAt ?? null, context),
    maxVisits: parseMaxVisits(body.maxVisits ?? null, `${prefix}maxVisits`),
    password: parsePassword(body.password ?? null, `${prefix}password`),
    ...optionsOfBody(body, prefix, targets),
  })
}

/** @throws TinygridError invalid_field */
export function toImport(
  body: PastLinkBody,
  { targets, domains, prefix }: RequestContext,
): ImportRequest {
  const createdAt = parseIsoTimeField(body.createdAt, prefix, 'createdAt')
  const { updatedAt = body.createdAt, maxVisits = null } = body
  return withPeriod(prefix, {
    kind: 'import',
    code: fullCode(
      domains.parse(body.domain, `${prefix}domain`),
      parseNewCode(body.code, `${prefix}code`),
    ),
    url: parseTargetUrl(body.url, targets, `${prefix}url`),
    title: parseTitle(body.title ?? null, `${prefix}title`),
    tags: parseTags(body.tags ?? [], `${prefix}tags`),
    expiresAt: parseTime(body.expiresAt ?? null, prefix),
    ...parsePast(
      {
        createdAt,
        updatedAt: parseIsoTimeField(updatedAt, prefix, 'updatedAt'),
        maxVisits,
        visits: body.visits ?? 0,
      },
      prefix,
    ),
    isAlias: body.isAlias ?? true,
    lifecycle: body.state ?? 'live',
    ...optionsOfBody(body, prefix, targets),
  })
}

/** All but the password. @throws TinygridError invalid_field */
export function toChanges(body: LinkChangesBody, { targets, prefix }: RequestContext): LinkChanges {
  const { url, title, tags, expiresAt, maxVisits } = body
  return {
    ...(url === undefined ? {} : { url: parseTargetUrl(url, targets, `${prefix}url`) }),
    ...(title === undefined ? {} : { title: parseTitle(title, `${prefix}title`) }),
    ...(tags === undefined ? {} : { tags: parseTags(tags, `${prefix}tags`) }),
    ...(expiresAt === undefined ? {} : { expiresAt: parseTime(expiresAt, prefix) }),
    ...(maxVisits === undefined
      ? {}
      : { maxVisits: parseMaxVisits(maxVisits, `${prefix}maxVisits`) }),
    ...optionChangesOfBody(body, prefix, targets),
  }
}

function parseFuture(text: string | null, { now, prefix }: RequestContext): EpochMs | null {
  const time = parseTime(text, prefix)
  if (time === null || time > now) return time
  const field = `${prefix}expiresAt`
  throw new TinygridError('invalid_field', { field, detail: 'expiresAt must be in the future' })
}

function parseTime(text: string | null, prefix: string): EpochMs | null {
  return text === null ? null : parseIsoTimeField(text, prefix, 'expiresAt')
}
