/**
 * A person as the provider tells of one, and the role that follows from the groups it names.
 *
 * Pure. Used by the sign-in. Kept of a person are the subject, which is the provider's own id, and a name to be
 * shown; never the e-mail address and never the groups. What the provider says is foreign text: it is cut, and
 * characters that no name has are taken out.
 */
import { KEY_ROLES, type KeyRole } from '../../cluster/keys/access-key.ts'
import type { EpochMs } from '../../links/ids.ts'

/** By OpenID Connect, in ASCII characters. */
export const SUBJECT_LENGTH_MAX = 255
export const PERSON_NAME_LENGTH_MAX = 80
const GROUP_LENGTH_MAX = 200

export interface Person {
  readonly subject: string
  /** null: the provider tells none. */
  readonly name: string | null
  /** When the session ends. */
  readonly endsAt: EpochMs
}

/** Stands for everybody whom the provider lets in. */
const EVERYBODY = '*'

export type GroupRoles = ReadonlyMap<string, KeyRole>

/** `admins=admin,*=read`; undefined: it is wrong. The last `=` of a part counts: groups may have some. */
export function parseGroupRoles(text: string): GroupRoles | undefined {
  const roles = new Map<string, KeyRole>()
  for (const part of text.split(',')) {
    const at = part.lastIndexOf('=')
    const group = part.slice(0, Math.max(at, 0)).trim()
    const role = KEY_ROLES.find((one) => one === part.slice(at + 1).trim())
    if (group === '' || group.length > GROUP_LENGTH_MAX || role === undefined) return undefined
    if (roles.has(group)) return undefined
    roles.set(group, role)
  }
  return roles
}

/** The highest role of all groups; undefined: none of them has one. */
export function roleOfGroups(roles: GroupRoles, groups: readonly string[]): KeyRole | undefined {
  const given = new Set([EVERYBODY, ...groups].map((group) => roles.get(group)))
  return KEY_ROLES.findLast((role) => given.has(role))
}

type Claims = Readonly<Record<string, unknown>>

/**
 * The groups in a claim, which is a list of names or one name. The claim's name is looked for as it is first,
 * since some have dots in it, then as a path (`realm_access.roles`). undefined: there is no such claim.
 */
export function groupsIn(claims: Claims, claim: string): readonly string[] | undefined {
  const value = own(claims, claim) ?? claim.split('.').reduce<unknown>(own, claims)
  if (typeof value === 'string') return [value]
  if (!Array.isArray(value)) return undefined
  return value.filter((group) => typeof group === 'string')
}

/** What to call a person. */
export function nameIn(claims: Claims): string | null {
  for (const claim of ['name', 'preferred_username', 'nickname']) {
    const value = own(claims, claim)
    const name = typeof value === 'string' ? shownName(value) : ''
    if (name !== '') return name
  }
  return null
}

function shownName(text: string): string {
  const plain = text.slice(0, 4 * PERSON_NAME_LENGTH_MAX).replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '')
  return Array.from(plain.trim()).slice(0, PERSON_NAME_LENGTH_MAX).join('')
}

function own(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return (value as Claims)[name]
}
