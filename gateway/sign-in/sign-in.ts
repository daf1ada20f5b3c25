/**
 * People who sign in by OpenID Connect: what happens at each step, without the HTTP around it.
 *
 * Put together by `node/sign-in.ts`, used by `sign-in-routes.ts`. A login that is under way is in a sealed cookie of
 * the browser, as a session is: whichever node is asked next goes on with it.
 */
import type { EpochMs } from '../../links/ids.ts'
import { Cookies } from './cookies.ts'
import type { Login, Provider } from './provider.ts'
import { Sessions, type SessionContent } from './sessions.ts'
import type { SessionSecret } from './session-secret.ts'
import { SignInFailure } from './sign-in-failure.ts'

/** From the first step to the last: a person may have to look for a second factor. */
const LOGIN_MS = 600_000
/** Of nodes that are asked to finish a login at the same time. */
const FINISHING_MAX = 32

export interface SignInOptions {
  readonly provider: Pick<Provider, 'begin' | 'finish' | 'end'>
  readonly secret: SessionSecret
  /** The service's public address, without a slash at the end. */
  readonly baseUrl: string
  readonly sessionMs: number
  readonly now: () => EpochMs
}

interface LoginContent extends Login {
  readonly returnTo: string
}

/** Where a browser is sent, and what it is to keep. */
export interface Step {
  readonly location: string
  readonly cookies: readonly string[]
}

export interface FinishedStep extends Step {
  readonly session: SessionContent
}

type Headers = Parameters<Cookies['read']>[0]

export class SignIn {
  readonly sessions: Sessions
  readonly cookies: Cookies
  readonly #options: SignInOptions
  #finishing = 0

  constructor(options: SignInOptions) {
    const { secret, baseUrl, now } = options
    const base = new URL(baseUrl)
    this.#options = options
    this.cookies = new Cookies(base)
    this.sessions = new Sessions({ secret, cookies: this.cookies, origin: base.origin, now })
  }

  /** @throws SignInFailure; what the secret cannot be kept with */
  async begin(returnTo: string): Promise<Step> {
    const { provider, secret, now } = this.#options
    const { url, login } = await provider.begin()
    const seal = await secret.ensured()
    const endsAt = (now() + LOGIN_MS) as EpochMs
    const sealed = seal.seal('login', { ...login, returnTo } satisfies LoginContent, endsAt)
    return { location: url.href, cookies: [this.cookies.set('login', sealed!, LOGIN_MS / 1000)] }
  }

  /** @param query with which the person has come back, beginning with `?`. @throws SignInFailure */
  async finish(headers: Headers, query: string): Promise<FinishedStep> {
    const { returnTo, ...login } = this.#loginOf(headers, query)
    if (this.#finishing >= FINISHING_MAX) throw new SignInFailure('busy')
    this.#finishing++
    try {
      const { idToken, ...session } = await this.#options.provider.finish(query, login)
      const cookies = await this.#cookiesFor(session, idToken)
      return { location: this.#options.baseUrl + returnTo, cookies, session }
    } finally {
      this.#finishing--
    }
  }

  /** Where the person signs out at the provider; undefined: it has signed out already. */
  async end(headers: Headers): Promise<{ url: string | undefined; cookies: readonly string[] }> {
    const { provider, secret, now, baseUrl } = this.#options
    const sealed = this.cookies.read(headers, 'sign-out')
    const opened =
      sealed === undefined ? undefined : secret.current?.open('sign-out', sealed, now())
    const { idToken } = (opened?.content ?? {}) as { idToken?: string }
    const url = await provider.end(`${baseUrl}/`, idToken)
    const cookies = [this.cookies.forget('session'), this.cookies.forget('sign-out')]
    return { url: url?.href, cookies }
  }

  /** What was begun in this browser and is finished now. @throws SignInFailure */
  #loginOf(headers: Headers, query: string): LoginContent {
    const { secret, now } = this.#options
    const sealed = this.cookies.read(headers, 'login')
    const opened = sealed === undefined ? undefined : secret.current?.open('login', sealed, now())
    const login = opened?.content as LoginContent | undefined
    const states = new URLSearchParams(query).getAll('state')
    if (login === undefined || states.length !== 1 || states[0] !== login.state) {
      throw new SignInFailure('no_login')
    }
    return login
  }

  async #cookiesFor(session: SessionContent, idToken: string): Promise<readonly string[]> {
    const { secret, sessionMs, now } = this.#options
    const seal = await secret.ensured()
    const endsAt = (now() + sessionMs) as EpochMs
    const { cookies } = this
    const seconds = Math.floor(sessionMs / 1000)
    const signOut = seal.seal('sign-out', { idToken }, endsAt)
    return [
      cookies.set('session', seal.seal('session', session, endsAt)!, seconds),
      // Where the token is too long, the provider asks whom it is to sign out.
      signOut === undefined
        ? cookies.forget('sign-out')
        : cookies.set('sign-out', signOut, seconds),
      cookies.forget('login'),
    ]
  }
}
