/**
 * The provider of OpenID Connect, as the sign-in sees it: where to send a person, and who has come back.
 *
 * The one file that imports openid-client, which checks state, nonce, PKCE, issuer, audience, times and, as told here, the
 * signature. What it has to know of the provider (the discovery document) is asked for when it is first needed and kept for
 * an hour; while the provider does not answer the old one goes on, and where there is none each sign-in asks again, one
 * at a time. So a provider that is away at the start stops nothing. Plain HTTP is for issuers on this machine alone.
 */
import * as client from 'openid-client'
import type { KeyRole } from '../../cluster/keys/access-key.ts'
import type { EpochMs } from '../../links/ids.ts'
import { boundedFetch, type Fetch } from './bounded-fetch.ts'
import { isLoopback } from './loopback.ts'
import { groupsIn, nameIn, roleOfGroups, SUBJECT_LENGTH_MAX, type GroupRoles } from './person.ts'
import { failureOf } from './provider-failure.ts'
import { SignInFailure } from './sign-in-failure.ts'

const DISCOVERY_KEPT_MS = 3_600_000
/** How long after a discovery that failed nobody asks again. */
const DISCOVERY_REST_MS = 1_000

export interface ProviderOptions {
  readonly issuer: URL
  readonly clientId: string
  /** undefined: it is a public client, which PKCE alone protects. */
  readonly clientSecret: string | undefined
  /** How the secret is sent; auto: by `basic` if the provider takes it, else `post`. */
  readonly clientAuth: 'auto' | 'basic' | 'post'
  readonly scopes: string
  readonly groupsClaim: string
  readonly roles: GroupRoles
  /** The address of the callback. */
  readonly redirectUri: string
  readonly fetch?: Fetch
  /** Of each question; left out: as `boundedFetch` has it. */
  readonly timeoutMs?: number
  readonly now: () => EpochMs
}

/** What must come back with the person. */
export interface Login {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
}

export interface SignedIn {
  readonly subject: string
  readonly name: string | null
  readonly role: KeyRole
  /** Tells the provider at the sign-out whose session ends there. */
  readonly idToken: string
}

export class Provider {
  readonly #options: ProviderOptions
  #found: { readonly config: client.Configuration; readonly at: EpochMs } | undefined
  #failed: { readonly error: unknown; readonly at: EpochMs } | undefined
  #asking: Promise<client.Configuration> | undefined

  constructor(options: ProviderOptions) {
    this.#options = options
  }

  /** Where to send the person, and what to remember until it comes back. @throws SignInFailure */
  async begin(): Promise<{ readonly url: URL; readonly login: Login }> {
    const { redirectUri, scopes: scope } = this.#options
    const config = await this.#config()
    const login = {
      state: client.randomState(),
      nonce: client.randomNonce(),
      verifier: client.randomPKCECodeVerifier(),
    }
    const { state, nonce, verifier } = login
    const url = await told(async () =>
      client.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope,
        state,
        nonce,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      }),
    )
    return { url: this.#trusted(url), login }
  }

  /** @param query with which the person has come back, beginning with `?` @throws SignInFailure */
  async finish(query: string, { state, nonce, verifier }: Login): Promise<SignedIn> {
    const { redirectUri, roles } = this.#options
    const config = await this.#config()
    const tokens = await told(() =>
      client.authorizationCodeGrant(config, new URL(redirectUri + query), {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      }),
    )
    const claims = tokens.claims()
    if (claims === undefined || claims.sub === '' || claims.sub.length > SUBJECT_LENGTH_MAX) {
      throw new SignInFailure('not_understood', 'subject')
    }
    const more = await this.#more(config, tokens.access_token, claims)
    const groups = groupsIn(claims, this.#options.groupsClaim) ?? this.#groupsIn(more)
    const role = roleOfGroups(roles, groups)
    if (role === undefined) throw new SignInFailure('no_role')
    const name = nameIn(claims) ?? nameIn(more)
    return { subject: claims.sub, name, role, idToken: tokens.id_token! }
  }

  /** Where a person signs out at the provider; undefined: nowhere, or it does not answer. */
  async end(returnTo: string, idToken: string | undefined): Promise<URL | undefined> {
    try {
      const config = await this.#config()
      if (config.serverMetadata().end_session_endpoint === undefined) return undefined
      const hint: Record<string, string> = idToken === undefined ? {} : { id_token_hint: idToken }
      const asked = { post_logout_redirect_uri: returnTo, ...hint }
      return this.#trusted(client.buildEndSessionUrl(config, asked))
    } catch {
      return undefined
    }
  }

  /** Resolves when the provider is known. @throws SignInFailure */
  async reach(): Promise<void> {
    await this.#config()
  }

  /** What the ID token leaves out, some providers tell when they are asked. */
  async #more(config: client.Configuration, accessToken: string, claims: client.IDToken) {
    const { groupsClaim } = this.#options
    const isWhole = groupsIn(claims, groupsClaim) !== undefined && nameIn(claims) !== null
    if (isWhole || config.serverMetadata().userinfo_endpoint === undefined) return {}
    return told(() => client.fetchUserInfo(config, accessToken, claims.sub))
  }

  #groupsIn(more: Readonly<Record<string, unknown>>): readonly string[] {
    return groupsIn(more, this.#options.groupsClaim) ?? []
  }

  /** An address that a browser may be sent to. @throws SignInFailure */
  #trusted(url: URL): URL {
    const isPlain = url.protocol === 'http:' && isLoopback(this.#options.issuer)
    if (url.protocol === 'https:' || isPlain) return url
    throw new SignInFailure('not_understood', 'endpoint')
  }

  async #config(): Promise<client.Configuration> {
    const at = this.#options.now()
    if (this.#found !== undefined && Math.abs(at - this.#found.at) < DISCOVERY_KEPT_MS) {
      return this.#found.config
    }
    if (this.#failed !== undefined && Math.abs(at - this.#failed.at) < DISCOVERY_REST_MS) {
      if (this.#found !== undefined) return this.#found.config
      throw this.#failed.error
    }
    this.#asking ??= this.#ask().finally(() => (this.#asking = undefined))
    return this.#asking
  }

  async #ask(): Promise<client.Configuration> {
    try {
      const config = await told(() => discover(this.#options))
      this.#found = { config, at: this.#options.now() }
      this.#failed = undefined
      return config
    } catch (error) {
      this.#failed = { error, at: this.#options.now() }
      if (this.#found !== undefined) return this.#found.config
      throw error
    }
  }
}

/** @throws what openid-client throws */
async function discover(options: ProviderOptions): Promise<client.Configuration> {
  const { issuer, clientId, clientSecret: secret, clientAuth, fetch, timeoutMs } = options
  const config = await client.discovery(issuer, clientId, secret, authOf, {
    [client.customFetch]: boundedFetch(fetch ?? globalThis.fetch, timeoutMs) as client.CustomFetch,
    execute: isLoopback(issuer)
      ? [client.allowInsecureRequests, client.enableNonRepudiationChecks]
      : [client.enableNonRepudiationChecks],
  })
  return config

  function authOf(...given: Parameters<client.ClientAuth>): void {
    const [{ token_endpoint_auth_methods_supported: methods }] = given
    const takesBasic = methods?.includes('client_secret_basic') ?? true
    if (secret === undefined) client.None()(...given)
    else if (clientAuth === 'basic' || (clientAuth === 'auto' && takesBasic)) {
      client.ClientSecretBasic(secret)(...given)
    } else client.ClientSecretPost(secret)(...given)
  }
}

async function told<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    throw failureOf(error)
  }
}
