/**
 * The settings of the sign-in by OpenID Connect; with them those of all that says who may do what.
 *
 * Part of the one list in `config.ts`. Without an issuer there is no sign-in. They must be the same on all nodes: a
 * session that one node has made is opened by any other.
 */
import { isLoopback } from '../gateway/sign-in/loopback.ts'
import { parseGroupRoles } from '../gateway/sign-in/person.ts'
import { BLOCKING_SETTINGS, checkBlocking, type OptionalBlocks } from './blocking-settings.ts'
import { choice, ConfigError, integer, matching, text } from './setting.ts'

const SESSION_HOURS_MAX = 168
const SCOPES_PATTERN =
  /^(?=(?:.* )?openid(?: |$))[\x21\x23-\x5b\x5d-\x7e]{1,100}(?: [\x21\x23-\x5b\x5d-\x7e]{1,100}){0,20}$/
const ROLES_LENGTH_MAX = 8_192

const SIGN_IN_SETTINGS = {
  oidcIssuer: matching(
    'TINYGRID_OIDC_ISSUER',
    isIssuer,
    'an https:// URL without query, or http:// on this machine',
    {
      about:
        'provider of OpenID Connect by which people sign in, as it calls itself; needs TINYGRID_BASE_URL, a ' +
        'client and roles; by default people have keys, too',
    },
  ),
  oidcClientId: text('TINYGRID_OIDC_CLIENT_ID', { about: 'the name of this service there' }),
  oidcClientSecret: text('TINYGRID_OIDC_CLIENT_SECRET', {
    isSecret: true,
    about: 'its secret; without one it is a public client, which PKCE protects',
  }),
  oidcClientAuth: choice('TINYGRID_OIDC_CLIENT_AUTH', {
    fallback: 'auto',
    of: ['auto', 'basic', 'post'],
    about: 'how the secret is sent; auto: as the provider says that it takes it',
  }),
  oidcRoles: matching(
    'TINYGRID_OIDC_ROLES',
    (value) => value.length <= ROLES_LENGTH_MAX && parseGroupRoles(value) !== undefined,
    'groups with one of the roles read, create, edit, admin, such as admins=admin,*=read',
    { about: 'which group has which role; * is everybody whom the provider lets in' },
  ),
  oidcGroupsClaim: text('TINYGRID_OIDC_GROUPS_CLAIM', {
    fallback: 'groups',
    about: 'the claim that names the groups; dots lead into objects, as in realm_access.roles',
  }),
  oidcScopes: text('TINYGRID_OIDC_SCOPES', {
    fallback: 'openid profile',
    pattern: SCOPES_PATTERN,
    takes: 'scopes with a space between them, openid among them',
    about: 'what is asked of the provider; some tell groups only for a scope of theirs',
  }),
  sessionHours: integer('TINYGRID_SESSION_HOURS', {
    fallback: '12',
    min: 1,
    max: SESSION_HOURS_MAX,
    unit: 'hours',
    about: 'how long a person stays signed in, and keeps the role',
  }),
} as const

export const ACCESS_SETTINGS = { ...BLOCKING_SETTINGS, ...SIGN_IN_SETTINGS } as const

/** Those that may be left out, and then are not there. */
export type OptionalAccess =
  OptionalBlocks | 'oidcIssuer' | 'oidcClientId' | 'oidcClientSecret' | 'oidcRoles'

interface SignInValues {
  readonly baseUrl?: string | undefined
  readonly oidcIssuer?: string | undefined
  readonly oidcClientId?: string | undefined
  readonly oidcClientSecret?: string | undefined
  readonly oidcRoles?: string | undefined
}

/** @throws ConfigError if what is set does not go together */
export function checkAccess(values: SignInValues & Parameters<typeof checkBlocking>[0]): void {
  checkBlocking(values)
  const { oidcIssuer, baseUrl, oidcClientId, oidcClientSecret, oidcRoles } = values
  if (oidcIssuer === undefined) {
    const strays = { CLIENT_ID: oidcClientId, CLIENT_SECRET: oidcClientSecret, ROLES: oidcRoles }
    const stray = Object.entries(strays).find(([, value]) => value !== undefined)?.[0]
    if (stray === undefined) return
    throw new ConfigError(
      `TINYGRID_OIDC_${stray} is set, but TINYGRID_OIDC_ISSUER is not: without it nobody signs in`,
    )
  }
  const needed = [
    ['TINYGRID_BASE_URL', baseUrl, 'the provider sends people back there'],
    ['TINYGRID_OIDC_CLIENT_ID', oidcClientId, 'the provider knows this service by it'],
    ['TINYGRID_OIDC_ROLES', oidcRoles, 'without it nobody has a role'],
  ] as const
  const missing = needed.find(([, value]) => value === undefined)
  if (missing === undefined) return
  throw new ConfigError(`TINYGRID_OIDC_ISSUER is set, but ${missing[0]} is not: ${missing[2]}`)
}

function isIssuer(value: string): boolean {
  const url = value.length <= 1024 ? URL.parse(value) : null
  if (url === null || url.username !== '' || url.password !== '' || /[?#]/.test(value)) return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url))
}
