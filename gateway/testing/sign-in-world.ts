/**
 * Gateways whose people sign in at a real provider, and a browser with cookies, for tests.
 */
import type { ExecutionContext } from 'ava'
import { BucketText } from '../../cluster/kept/bucket-text.ts'
import { MemoryKeyValueServer } from '../../cluster/membership/memory-key-value.ts'
import { freeWork } from '../../links/testing/free-work.ts'
import type { EpochMs } from '../../links/ids.ts'
import { parseGroupRoles } from '../sign-in/person.ts'
import { Provider, type ProviderOptions } from '../sign-in/provider.ts'
import { SessionSecret } from '../sign-in/session-secret.ts'
import { SignIn } from '../sign-in/sign-in.ts'
import { CLIENT_ID, CLIENT_SECRET, startProvider, type TestProvider } from './oidc-provider.ts'
import { NOW, startGateway, type TestGateway } from './test-gateway.ts'
import type { GatewayOptions } from '../gateway-options.ts'

export const BASE_URL = 'https://sho.rt'
export const HOUR_MS = 3_600_000
const STEPS_MAX = 12
/** All of a test is one process, which a busy machine may hold up. */
const PATIENCE_MS = 60_000

export interface SignInWorld {
  readonly provider: TestProvider
  readonly clock: { now: EpochMs }
  readonly server: MemoryKeyValueServer
  /** Another node of the same cluster. */
  readonly gateway: (
    more?: Partial<ProviderOptions>,
    options?: Partial<Omit<GatewayOptions, 'settings'>>,
  ) => Promise<TestGateway>
}

export async function signInWorld(t: ExecutionContext): Promise<SignInWorld> {
  const provider = await startProvider(t, BASE_URL)
  provider.accounts.set('alice', { name: 'Alice <b>Admin</b>', groups: ['staff', 'admins'] })
  provider.accounts.set('bob', { name: 'Bob', groups: ['staff'] })
  provider.accounts.set('eve', { name: 'Eve', groups: ['others'] })
  const clock = { now: NOW }
  const now = () => clock.now
  const server = new MemoryKeyValueServer()
  const gateway: SignInWorld['gateway'] = async (more = {}, options = {}) => {
    const text = await BucketText.open(server.connect(), 'access.sessions')
    t.teardown(() => text.close())
    const given = optionsFor(provider, now, more)
    const secret = new SessionSecret(text, JSON.stringify([...given.roles]))
    const signIn = new SignIn({
      provider: new Provider(given),
      secret,
      baseUrl: BASE_URL,
      sessionMs: HOUR_MS,
      now,
    })
    return startGateway(t, { baseUrl: BASE_URL }, freeWork(), { ...options, signIn, now })
  }
  return { provider, clock, server, gateway }
}

function optionsFor(
  { issuer, fetch }: TestProvider,
  now: () => EpochMs,
  more: Partial<ProviderOptions>,
): ProviderOptions {
  return {
    issuer: new URL(issuer),
    clientId: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    clientAuth: 'auto',
    scopes: 'openid profile groups',
    groupsClaim: 'groups',
    roles: parseGroupRoles('admins=admin,staff=create')!,
    redirectUri: `${BASE_URL}/api/sign-in/callback`,
    fetch,
    timeoutMs: PATIENCE_MS,
    now,
    ...more,
  }
}

/** A browser as far as a sign-in needs one: it keeps cookies and follows redirects. */
export class TestBrowser {
  /** By origin, then by name. */
  readonly jar = new Map<string, Map<string, string>>()
  /** What the gateway set last, as it stood in `Set-Cookie`. */
  setCookies: readonly string[] = []

  /** What it would send to an origin. */
  cookiesFor(origin: string): string {
    const cookies = [...(this.jar.get(origin) ?? [])]
    return cookies.map(([name, value]) => `${name}=${value}`).join('; ')
  }

  keep(origin: string, lines: readonly string[]): void {
    const cookies = this.jar.get(origin) ?? new Map<string, string>()
    this.jar.set(origin, cookies)
    for (const line of lines) {
      const [pair = ''] = line.split(';', 1)
      const at = pair.indexOf('=')
      const isOver = /max-age=0\b/i.test(line) || /expires=Thu, 01 Jan 1970/i.test(line)
      if (isOver) cookies.delete(pair.slice(0, at))
      else cookies.set(pair.slice(0, at), pair.slice(at + 1))
    }
  }

  /** Asks a gateway as if it were at BASE_URL. */
  async ask(
    { app }: TestGateway,
    path: string,
    headers: Record<string, string> = {},
    method: 'GET' | 'POST' = 'GET',
  ) {
    const cookie = this.cookiesFor(BASE_URL)
    const response = await app.inject({
      method,
      url: path,
      headers: { host: 'sho.rt', ...(cookie === '' ? {} : { cookie }), ...headers },
    })
    this.setCookies = [response.headers['set-cookie'] ?? []].flat()
    this.keep(BASE_URL, this.setCookies)
    return response
  }

  /** Goes to the provider, logs in as somebody, and returns the address of the callback, path and query. */
  async logIn(url: string, login: string): Promise<string> {
    let [at, form] = [url, undefined as URLSearchParams | undefined]
    for (let step = 0; step < STEPS_MAX; step++) {
      if (at.startsWith(BASE_URL)) return at.slice(BASE_URL.length)
      const { origin } = new URL(at)
      const response = await fetch(at, {
        method: form === undefined ? 'GET' : 'POST',
        redirect: 'manual',
        headers: { cookie: this.cookiesFor(origin) },
        ...(form === undefined ? {} : { body: form }),
      })
      this.keep(origin, response.headers.getSetCookie())
      const location = response.headers.get('location')
      form = undefined
      if (location === null) {
        const action = /action="([^"]+)"/.exec(await response.text())?.[1]
        if (action === undefined) throw new Error(`${at} answers ${response.status}, with no form`)
        at = new URL(action, at).href
        form = new URLSearchParams({ login })
      } else at = new URL(location, at).href
    }
    throw new Error('the provider leads in circles')
  }

  /** All of it. Returns what the callback answers. */
  async signIn(gateway: TestGateway, login: string, to = '/') {
    const begun = await this.ask(gateway, `/api/sign-in?to=${encodeURIComponent(to)}`)
    return this.ask(gateway, await this.logIn(String(begun.headers.location), login))
  }
}

/** What the page of the service sends with what it asks. */
export const OWN_PAGE = { 'sec-fetch-site': 'same-origin', origin: BASE_URL }
