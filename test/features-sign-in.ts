/**
 * People who sign in at a provider: at one node, and each of the others knows them by the cookie they got there.
 *
 * Used by the scenarios of every feature at once.
 */
import type { ExecutionContext } from 'ava'
import { CLIENT_ID, CLIENT_SECRET, startProvider } from '../gateway/testing/oidc-provider.ts'
import { BASE_URL, OWN_PAGE, TestBrowser } from '../gateway/testing/sign-in-world.ts'
import { until } from './deadline.ts'
import type { Features } from './features.ts'

const KNOWN_MS_MAX = 60_000
const PERSON = 'ada'

/** Starts the provider. @returns the settings of nodes at which people sign in there */
export async function startStaffProvider(t: ExecutionContext): Promise<Record<string, string>> {
  const provider = await startProvider(t, BASE_URL)
  provider.accounts.set(PERSON, { name: 'Ada Lovelace', groups: ['staff'] })
  return {
    TINYGRID_OIDC_ISSUER: provider.issuer,
    TINYGRID_OIDC_CLIENT_ID: CLIENT_ID,
    TINYGRID_OIDC_CLIENT_SECRET: CLIENT_SECRET,
    TINYGRID_OIDC_ROLES: 'staff=create',
    TINYGRID_OIDC_SCOPES: 'openid profile groups',
  }
}

/** Signs in at the first node; the cookie opens all of them, and they note who made what. */
export async function isKnownEverywhere(
  t: ExecutionContext,
  features: Features,
  nodes: number,
): Promise<void> {
  const cookie = await signedIn(features.at(0).url)
  for (let index = 0; index < nodes; index++) {
    const { url } = features.at(index)
    await until('a person who has signed in is known', KNOWN_MS_MAX, async () => {
      const reply = await fetch(`${url}/api/session`, { headers: { cookie } })
      const body = await reply.text()
      return reply.ok && body.includes('Ada Lovelace')
    })
    const code = `ada-${index}`
    const make = (headers: Record<string, string>) =>
      fetch(`${url}/api/links`, {
        method: 'POST',
        headers: { cookie, 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ url: 'https://example.com/by-ada', code }),
      })
    t.is((await make({ 'sec-fetch-site': 'cross-site' })).status, 403)
    // What was made by a try that was answered 503 is there already.
    await until('she makes a link', KNOWN_MS_MAX, async () =>
      [200, 201, 409].includes((await make(OWN_PAGE)).status),
    )
    features.changes.add(`link.created ${code}`)
  }
}

/** @returns the cookie of a session that begins at this node */
async function signedIn(url: string): Promise<string> {
  const browser = new TestBrowser()
  const ask = async (path: string) => {
    const headers = { cookie: browser.cookiesFor(BASE_URL) }
    const reply = await fetch(`${url}${path}`, { redirect: 'manual', headers })
    browser.keep(BASE_URL, reply.headers.getSetCookie())
    return reply
  }
  const begun = await ask('/api/sign-in?to=/')
  await ask(await browser.logIn(begun.headers.get('location')!, PERSON))
  return browser.cookiesFor(BASE_URL)
}
