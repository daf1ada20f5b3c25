/**
 * What stands in a form's fields while a link is made or edited, and what it means to the service.
 *
 * Used by the shorten form and the edit dialog. Pure. Checks only what the service could not see
 * from the request (an empty address, a number that is none): every other rule is the service's own,
 * whose refusal names the field. Times are local in the form and UTC on the wire.
 */
import { listOf } from './list-text.ts'
import type { Link, LinkChanges, NewLink } from './api.ts'
import { rulesOf, textOfRules } from './rule-draft.ts'

/** Every value is the text of its field. */
export interface LinkDraft {
  readonly url: string
  readonly code: string
  /** Empty: the default one. */
  readonly domain: string
  readonly title: string
  /** Separated by commas. */
  readonly tags: string
  /** As `<input type="datetime-local">` has it: local time, no zone. */
  readonly expiresAt: string
  readonly maxVisits: string
  /** Local time, as `expiresAt`. */
  readonly validFrom: string
  readonly redirectStatus: '' | '301' | '302' | '307' | '308'
  readonly expiredUrl: string
  readonly forwardQuery: '' | 'true' | 'false' | 'override'
  /** A new one; empty: none, or as it is. */
  readonly password: string
  /** Of a link that has a password: whether it is to be taken away. */
  readonly protection: '' | 'kept' | 'removed'
  /** As `rule-draft.ts` has them. */
  readonly rules: string
}

export type DraftField = keyof LinkDraft
export type FieldErrors = Partial<Record<DraftField, string>>

export const EMPTY_DRAFT: LinkDraft = {
  url: '',
  code: '',
  domain: '',
  title: '',
  tags: '',
  expiresAt: '',
  maxVisits: '',
  validFrom: '',
  redirectStatus: '',
  expiredUrl: '',
  forwardQuery: '',
  password: '',
  protection: '',
  rules: '',
}

const ADVANCED = ['validFrom', 'redirectStatus', 'expiredUrl', 'forwardQuery'] as const
const EDITABLE = [
  ...(['url', 'title', 'tags', 'expiresAt', 'maxVisits', 'rules'] as const),
  ...ADVANCED,
]
const OWN = [...EDITABLE, 'password', 'protection'] as const
const FORWARDINGS = { '': null, true: true, false: false, override: 'override' } as const
const TIMES = { toUtc, toLocal }

/** What keeps the draft from being sent at all. */
export function draftErrors(draft: LinkDraft): FieldErrors {
  const errors: FieldErrors = {}
  if (draft.url.trim() === '') errors.url = 'Enter the address the link should lead to.'
  if (draft.maxVisits.trim() !== '' && !/^[1-9]\d*$/.test(draft.maxVisits.trim())) {
    errors.maxVisits = 'Enter a whole number, 1 or more.'
  }
  return errors
}

export function newLinkOf(draft: LinkDraft, wantsNewCode: boolean): NewLink {
  const code = draft.code.trim()
  const title = draft.title.trim()
  const tags = tagsOf(draft.tags)
  return {
    url: urlOf(draft.url),
    ...(code !== '' && { code }),
    ...(draft.domain !== '' && { domain: draft.domain }),
    ...(wantsNewCode && { reuse: false }),
    ...(title !== '' && { title }),
    ...(tags.length > 0 && { tags }),
    ...(draft.expiresAt !== '' && { expiresAt: toUtc(draft.expiresAt) }),
    ...(draft.maxVisits.trim() !== '' && { maxVisits: Number(draft.maxVisits) }),
    ...advancedOf(
      draft,
      ADVANCED.filter((field) => draft[field].trim() !== ''),
    ),
    ...(draft.password !== '' && { password: draft.password }),
    ...(draft.rules !== '' && { rules: rulesOf(draft.rules, TIMES) }),
  }
}

export function draftOf(link: Link): LinkDraft {
  return {
    url: link.url,
    code: link.code,
    domain: link.domain ?? '',
    title: link.title ?? '',
    tags: link.tags.join(', '),
    expiresAt: link.expiresAt === null ? '' : toLocal(link.expiresAt),
    maxVisits: link.maxVisits === null ? '' : String(link.maxVisits),
    validFrom: typeof link.validFrom === 'string' ? toLocal(link.validFrom) : '',
    redirectStatus: String(link.redirectStatus ?? '') as LinkDraft['redirectStatus'],
    expiredUrl: link.expiredUrl ?? '',
    forwardQuery: String(link.forwardQuery ?? '') as LinkDraft['forwardQuery'],
    password: '',
    protection: link.hasPassword === true ? 'kept' : '',
    rules: textOfRules(link.rules ?? [], TIMES),
  }
}

/** Only the fields that differ, so that a minute's precision in the form never rounds a stored time. */
export function changesBetween(before: LinkDraft, after: LinkDraft): LinkChanges {
  const wanted: Required<Pick<LinkChanges, (typeof EDITABLE)[number]>> = {
    url: urlOf(after.url),
    title: after.title.trim() === '' ? null : after.title.trim(),
    tags: tagsOf(after.tags),
    expiresAt: after.expiresAt === '' ? null : toUtc(after.expiresAt),
    maxVisits: after.maxVisits.trim() === '' ? null : Number(after.maxVisits),
    rules: rulesOf(after.rules, TIMES),
    ...advancedOf(after, ADVANCED),
  }
  const changed = EDITABLE.filter((field) => after[field] !== before[field])
  return {
    ...Object.fromEntries(changed.map((field) => [field, wanted[field]])),
    ...(after.password !== '' && { password: after.password }),
    ...(after.password === '' && after.protection === 'removed' && { password: null }),
  }
}

type Advanced = Required<Pick<LinkChanges, (typeof ADVANCED)[number]>>

/** These of the advanced settings; what is empty is none. */
function advancedOf(draft: LinkDraft, fields: readonly (keyof Advanced)[]): Advanced {
  const { validFrom, redirectStatus, expiredUrl, forwardQuery } = draft
  const all: Advanced = {
    validFrom: validFrom === '' ? null : toUtc(validFrom),
    redirectStatus: redirectStatus === '' ? null : Number(redirectStatus),
    expiredUrl: expiredUrl.trim() === '' ? null : urlOf(expiredUrl),
    forwardQuery: FORWARDINGS[forwardQuery],
  }
  return Object.fromEntries(fields.map((field) => [field, all[field]])) as unknown as Advanced
}

/**
 * Brings `mine`, which was edited from `base`, onto `theirs`, which someone else made of `base`
 * meanwhile: my edits stay, all else becomes theirs. Also names what they changed.
 */
export function rebaseDraft(base: LinkDraft, mine: LinkDraft, theirs: LinkDraft) {
  const kept = OWN.filter((field) => mine[field] !== base[field])
  const changedByThem = EDITABLE.filter((field) => theirs[field] !== base[field])
  const draft = { ...theirs, ...Object.fromEntries(kept.map((field) => [field, mine[field]])) }
  return { draft, changedByThem }
}

export function tagsOf(text: string): string[] {
  return [...new Set(listOf(text))]
}

/** Whoever types `example.com/path` means https. */
function urlOf(text: string): string {
  const url = text.trim()
  return /^[\p{L}\p{N}-]+(\.[\p{L}\p{N}-]+)+(:\d+)?([/?#]|$)/u.test(url) ? `https://${url}` : url
}

/** Text that is no time goes on as it is, for the service to refuse. */
function toUtc(local: string): string {
  const time = new Date(local)
  return Number.isNaN(time.getTime()) ? local : time.toISOString()
}

function toLocal(utc: string): string {
  const time = new Date(utc)
  const day = `${time.getFullYear()}-${pad(time.getMonth() + 1)}-${pad(time.getDate())}`
  return `${day}T${pad(time.getHours())}:${pad(time.getMinutes())}`
}

const pad = (value: number) => String(value).padStart(2, '0')
