/**
 * A key to the interface: who has it, what it allows, and the hash by which it is known again.
 *
 * Used by the stores of keys, which keep it as JSON, and by the gateway. The secret itself is nowhere: it
 * has 192 random bits, so a plain SHA-256 of it tells nothing, and a slow hash would only cost every request.
 * `tg_` at its front lets scanners of source code find one that was committed by mistake; the id behind
 * it says which hash to compare with.
 */
import { hash as digestOf, randomBytes } from 'node:crypto'
import { TinygridError } from '../../links/errors.ts'
import { parseDomain } from '../../links/full-code.ts'
import { isEpochMs, type EpochMs } from '../../links/ids.ts'
import { parseTags } from '../../links/link-fields.ts'

/** Each may what those before it may. */
export const KEY_ROLES = ['read', 'create', 'edit', 'admin'] as const
export type KeyRole = (typeof KEY_ROLES)[number]

export interface AccessKey {
  readonly id: string
  readonly name: string
  readonly role: KeyRole
  /** SHA-256 of the whole secret, in base64url. */
  readonly hash: string
  readonly createdAt: EpochMs
  /** From then on it is as if it were not there; null: never. */
  readonly expiresAt: EpochMs | null
  /** Requests that each node answers it in a minute; null: as many as it asks. */
  readonly requestsPerMinuteMax: number | null
  /** It makes and changes only links with one of these tags; empty: all. */
  readonly tags: readonly string[]
  /** It has to do with links on these domains alone, of which `default` is one; empty: with all. */
  readonly domains: readonly string[]
  /** To the minute; null: never used. */
  readonly lastUsedAt: EpochMs | null
}

/** What somebody says of a key, and can change. */
export type KeyFields = Pick<
  AccessKey,
  'name' | 'role' | 'expiresAt' | 'requestsPerMinuteMax' | 'tags' | 'domains'
>

export const KEYS_MAX = 200
export const KEY_DOMAINS_MAX = 20
export const DEFAULT_DOMAIN = 'default'
export const KEY_NAME_LENGTH_MAX = 80
export const REQUESTS_PER_MINUTE_MAX = 1_000_000

export const KEY_ID_LENGTH = 12
const SECRET_BYTES = 24
const SECRET_PATTERN = /^tg_([a-z0-9]{12})_[A-Za-z0-9_-]{32}$/
const HASH_PATTERN = /^[A-Za-z0-9_-]{43}$/
const CONTROL_CHARACTER = /\p{Cc}/u

export function isKeyId(value: unknown): value is string {
  return typeof value === 'string' && /^[a-z0-9]{12}$/.test(value)
}

/** A new id, and the secret that is shown once. */
export function newSecret(): { readonly id: string; readonly secret: string } {
  const id = randomBytes(KEY_ID_LENGTH).reduce((text, byte) => text + (byte % 36).toString(36), '')
  return { id, secret: `tg_${id}_${randomBytes(SECRET_BYTES).toString('base64url')}` }
}

/** The id in what somebody presents; undefined: it is no secret of this kind. */
export function idInSecret(presented: string): string | undefined {
  return SECRET_PATTERN.exec(presented)?.[1]
}

export function secretDigest(secret: string): Buffer {
  return digestOf('sha256', secret, 'buffer')
}

/** What somebody asks of a new key, checked. @throws TinygridError invalid_field */
export function parseKeyFields(given: {
  readonly name: unknown
  readonly role: unknown
  readonly expiresAt?: unknown
  readonly requestsPerMinuteMax?: unknown
  readonly tags?: unknown
  readonly domains?: unknown
}): KeyFields {
  const { expiresAt = null, requestsPerMinuteMax: perMinute = null } = given
  const role = KEY_ROLES.find((one) => one === given.role)
  if (role === undefined) throw wrong('role', `This must be one of ${KEY_ROLES.join(', ')}`)
  if (expiresAt !== null && !isEpochMs(expiresAt)) throw wrong('expiresAt', 'This must be a time')
  if (perMinute !== null && !isRate(perMinute)) {
    throw wrong('requestsPerMinuteMax', `This must be from 1 to ${REQUESTS_PER_MINUTE_MAX}`)
  }
  const tags = parseTags(given.tags ?? [])
  if (tags.length > 0 && role !== 'create' && role !== 'edit') {
    throw wrong('tags', 'Tags limit what a key makes and changes: they go with create and edit')
  }
  const domains = parseDomains(given.domains ?? [])
  const name = parseName(given.name)
  return { name, role, expiresAt, requestsPerMinuteMax: perMinute, tags, domains }
}

/** In the place of the role of a key with domains: a version that does not know them must not take it for one of all. */
const ROLE_WITH_DOMAINS = 'on-domains'

/** As it is kept. */
export function keptKey(key: AccessKey): object {
  const { domains, role, ...rest } = key
  if (domains.length === 0) return { ...rest, role }
  return { ...rest, role: ROLE_WITH_DOMAINS, domains, roleThere: role }
}

/** A key as it was kept; undefined: the text is none, or one of a newer program. */
export function parseAccessKey(text: string): AccessKey | undefined {
  try {
    const kept = JSON.parse(text) as AccessKey & { readonly roleThere?: unknown }
    const { id, hash, createdAt, lastUsedAt, role: written, roleThere, ...rest } = kept
    const isOnDomains = (written as string) === ROLE_WITH_DOMAINS
    const given = { ...rest, role: isOnDomains ? roleThere : written }
    if (isOnDomains && !(rest.domains?.length > 0)) return undefined
    if (!isKeyId(id) || typeof hash !== 'string' || !HASH_PATTERN.test(hash)) return undefined
    if (!isEpochMs(createdAt) || !(lastUsedAt === null || isEpochMs(lastUsedAt))) return undefined
    const key = { ...parseKeyFields(given), id, hash, createdAt, lastUsedAt }
    // A field that is not known may be one that allows less.
    return Object.keys(given).every((field) => field in key) ? key : undefined
  } catch {
    return undefined
  }
}

function parseName(value: unknown): string {
  const name = typeof value === 'string' ? value.trim() : ''
  if (name === '' || name.length > KEY_NAME_LENGTH_MAX || CONTROL_CHARACTER.test(name)) {
    throw wrong('name', `A name has 1 to ${KEY_NAME_LENGTH_MAX} characters, none of them a control`)
  }
  return name
}

function parseDomains(value: unknown): string[] {
  if (!Array.isArray(value) || value.length > KEY_DOMAINS_MAX) {
    throw wrong('domains', `This must be a list of at most ${KEY_DOMAINS_MAX} domains`)
  }
  const names = new Set<string>()
  for (const name of value as unknown[]) {
    const domain = typeof name === 'string' ? parseDomain(name) : undefined
    if (domain === undefined) throw wrong('domains', 'A domain is a host name, or default')
    names.add(domain)
  }
  return [...names]
}

function isRate(value: unknown): value is number {
  return (
    Number.isInteger(value) &&
    (value as number) >= 1 &&
    (value as number) <= REQUESTS_PER_MINUTE_MAX
  )
}

function wrong(field: string, detail: string): TinygridError {
  return new TinygridError('invalid_field', { field, detail })
}
