import test from 'ava'
import { readConfig } from '../../config.ts'
import { examineProvider } from './provider-check.ts'

const ISSUER = 'https://login.example.com/realms/all'
const HERE = 1_800_000_000_000
const ENV = {
  TINYGRID_BASE_URL: 'https://sho.rt',
  TINYGRID_OIDC_ISSUER: ISSUER,
  TINYGRID_OIDC_CLIENT_ID: 'tinygrid',
  TINYGRID_OIDC_ROLES: '*=read',
}
const DOCUMENT = {
  issuer: ISSUER,
  authorization_endpoint: `${ISSUER}/auth`,
  token_endpoint: `${ISSUER}/token`,
  jwks_uri: `${ISSUER}/certs`,
  scopes_supported: ['openid', 'profile'],
}

async function linesOf(answer: () => Response, env: Record<string, string> = ENV) {
  const asked: string[] = []
  const fetch = async (url: string) => {
    asked.push(url)
    return answer()
  }
  const findings = await examineProvider(readConfig(env), fetch, () => HERE)
  return { lines: findings.map(({ state, found }) => `${state}: ${found}`), asked }
}

const told = (changes: object, late = 0) => {
  const date = new Date(HERE + late).toUTCString()
  return () => Response.json({ ...DOCUMENT, ...changes }, { headers: { date } })
}

test('a provider that is right is told so, by its discovery document', async (t) => {
  const { lines, asked } = await linesOf(told({}))
  t.deepEqual(lines, [`ok: ${ISSUER} can sign people in`])
  t.deepEqual(asked, [`${ISSUER}/.well-known/openid-configuration`])
  t.deepEqual((await linesOf(told({}), { TINYGRID_BASE_URL: 'https://sho.rt' })).lines, [])
})

function away(): Response {
  throw new TypeError('fetch failed')
}

const CASES: readonly [string, () => Response, RegExp][] = [
  ['one that answers nothing', () => new Response('', { status: 404 }), /wrong: .* answers 404/],
  ['one that is away', away, /wrong: .* does not answer/],
  ['one that talks', () => new Response('<html>'), /wrong: .* does not answer/],
  ['another one', told({ issuer: 'https://x.example' }), /wrong: .* calls itself "https:\/\/x/],
  ['one without tokens', told({ token_endpoint: null }), /wrong: .* names no token_endpoint/],
  ['one without a scope', told({ scopes_supported: ['openid'] }), /warning: .* scope profile/],
  ['one that is late', told({}, -90_000), /wrong: the clock of .* is 90 s behind/],
]

for (const [who, answer, words] of CASES) {
  test(`${who} is named`, async (t) => {
    const { lines } = await linesOf(answer)
    t.is(lines.length, 1)
    t.regex(lines[0]!, words)
  })
}
