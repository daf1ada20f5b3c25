/**
 * Who is signed in: what the session in a request's cookie says.
 *
 * Used by the authentication of `/api` and by the routes of the sign-in. A session is in the cookie alone: any node
 * opens it, nobody keeps it. So a person's role is that of the sign-in until the session ends, at most
 * TINYGRID_SESSION_HOURS later; it is not renewed. A changed provider, client or list of roles ends all of them.
 */
import type { FastifyRequest } from 'fastify'
import type { KeyRole } from '../../cluster/keys/access-key.ts'
import { TinygridError } from '../../links/errors.ts'
import type { EpochMs } from '../../links/ids.ts'
import type { Caller } from '../api/key-ring.ts'
import type { Cookies } from './cookies.ts'
import { isOfOwnPage } from './own-page.ts'
import type { SessionSecret } from './session-secret.ts'

export interface SessionContent {
  readonly subject: string
  readonly name: string | null
  readonly role: KeyRole
}

export interface SessionsOptions {
  readonly secret: SessionSecret
  readonly cookies: Cookies
  /** Of the service, as browsers write it. */
  readonly origin: string
  readonly now: () => EpochMs
}

export type Identified = { readonly caller: Caller } | { readonly error: TinygridError }

export class Sessions {
  readonly #options: SessionsOptions

  constructor(options: SessionsOptions) {
    this.#options = options
  }

  /** undefined: the request has no session. */
  identify({
    method,
    headers,
  }: Pick<FastifyRequest, 'method' | 'headers'>): Identified | undefined {
    const { secret, cookies, origin, now } = this.#options
    const sealed = cookies.read(headers, 'session')
    if (sealed === undefined) return undefined
    const opened = secret.current?.open('session', sealed, now())
    if (opened === undefined) return undefined
    if (!isOfOwnPage(method, headers, origin)) {
      const detail = 'A session is for the page of this service: this was sent from elsewhere'
      return { error: new TinygridError('forbidden', { detail }) }
    }
    const { subject, name, role } = opened.content as SessionContent
    return { caller: { key: undefined, role, person: { subject, name, endsAt: opened.endsAt } } }
  }
}
