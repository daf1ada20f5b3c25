/**
 * A real provider of OpenID Connect on this machine, for tests: oidc-provider, with people and their groups.
 *
 * Its answers can be forged on their way to the gateway, signed by its own key or by another one.
 */
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ExecutionContext } from 'ava'
import { Provider, type Configuration } from 'oidc-provider'
import type { Fetch } from '../sign-in/bounded-fetch.ts'

export const CLIENT_ID = 'tinygrid'
export const CLIENT_SECRET = 'a-secret-of-the-client-0123456789'

/** Made once: each takes a good part of a second. */
const [OWN_KEY, STRANGERS_KEY] = [newKey(), newKey()]

function newKey(): KeyObject {
  return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
}

const LOGIN_PATH = '/log-in/'

export interface Account {
  readonly name: string
  readonly groups: readonly string[]
}

export interface TestProvider {
  readonly issuer: string
  /** By the name that they log in with. */
  readonly accounts: Map<string, Account>
  /** To be given to the client: forges as `forge` says. */
  readonly fetch: Fetch
  /** Changes the ID token before the gateway gets it. */
  forge: ((claims: Record<string, unknown>) => void) | undefined
  /** Which key a forged token is signed by. */
  forgeKey: { readonly key: KeyObject; readonly kid: string }
  /** Signed by whom nobody knows. */
  readonly strangersKey: { readonly key: KeyObject; readonly kid: string }
  /** Answers nothing any more, until it is true again. */
  isUp: boolean
  /** Requests that have reached it, by path. */
  readonly asked: string[]
}

/** @param baseUrl of the gateway */
export async function startProvider(t: ExecutionContext, baseUrl: string): Promise<TestProvider> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const own = { key: OWN_KEY, kid: 'own' }
  const accounts = new Map<string, Account>()
  const provider = new Provider(issuer, configuration(baseUrl, own, accounts))
  const asked: string[] = []
  const handle = provider.callback()
  const interact = interactionsOf(provider)
  const world: TestProvider = {
    issuer,
    accounts,
    forge: undefined,
    forgeKey: own,
    strangersKey: { key: STRANGERS_KEY, kid: 'strange' },
    isUp: true,
    asked,
    fetch: async (url, init) => {
      const answer = await fetch(url, init)
      const { forge } = world
      if (forge === undefined || !url.endsWith('/token') || !answer.ok) return answer
      const body = (await answer.json()) as { id_token: string }
      return Response.json({ ...body, id_token: forged(body.id_token, forge, world.forgeKey) })
    },
  }
  server.on('request', (request, response) => {
    asked.push(request.url!.split('?')[0]!)
    if (!world.isUp) request.socket.destroy()
    else if (request.url!.startsWith(LOGIN_PATH)) void interact(request, response)
    else void handle(request, response)
  })
  return world
}

/** The page on which people log in: whoever names somebody is that person. */
function interactionsOf(provider: Provider) {
  return async (request: IncomingMessage, response: ServerResponse) => {
    if (request.method === 'POST') {
      let text = ''
      for await (const piece of request) text += String(piece)
      const accountId = new URLSearchParams(text).get('login') ?? ''
      return provider.interactionFinished(request, response, { login: { accountId } })
    }
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end(`<!doctype html><html lang="en"><title>Log in</title><main><h1>Log in</h1>
      <form method="post" action="${request.url!}"><label>Name <input name="login"></label>
      <button>Log in</button></form></main></html>`)
  }
}

function configuration(
  baseUrl: string,
  { key, kid }: { key: KeyObject; kid: string },
  accounts: ReadonlyMap<string, Account>,
): Configuration {
  const jwk = { ...key.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' }
  return {
    clients: [
      {
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
        redirect_uris: [`${baseUrl}/api/sign-in/callback`],
        post_logout_redirect_uris: [`${baseUrl}/`],
      },
    ],
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: {
        enabled: true,
        // Its own page fetches a font from elsewhere.
        logoutSource: (context, form) => {
          const button = '<button form="op.logoutForm" name="logout" value="yes">Yes</button>'
          context.body = `<!doctype html><html lang="en"><title>Log out</title>${form}${button}</html>`
        },
      },
    },
    interactions: { url: (_context, { uid }) => `${LOGIN_PATH}${uid}` },
    jwks: { keys: [jwk] },
    cookies: { keys: ['a key for the cookies of the provider'] },
    claims: { openid: ['sub'], profile: ['name'], groups: ['groups'] },
    scopes: ['openid', 'profile', 'groups'],
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => {
        const { name, groups } = accounts.get(id) ?? { name: id, groups: [] }
        return { sub: id, name, groups: [...groups] }
      },
    }),
    // Nobody is asked whether this service may know what it asks for.
    loadExistingGrant: async (context) => {
      const { oidc } = context
      const grant = new oidc.provider.Grant({
        clientId: oidc.client!.clientId,
        accountId: oidc.session!.accountId!,
      })
      grant.addOIDCScope('openid profile groups')
      await grant.save()
      return grant
    },
  }
}

function forged(
  token: string,
  forge: (claims: Record<string, unknown>) => void,
  { key, kid }: { key: KeyObject; kid: string },
): string {
  const claims = JSON.parse(String(Buffer.from(token.split('.')[1]!, 'base64url'))) as Record<
    string,
    unknown
  >
  forge(claims)
  const parts = [{ alg: 'RS256', typ: 'JWT', kid }, claims]
  const text = parts
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`
}
