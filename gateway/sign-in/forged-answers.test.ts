import test from 'ava'
import { signInWorld, TestBrowser, BASE_URL, OWN_PAGE } from '../testing/sign-in-world.ts'
import type { EpochMs } from '../../links/ids.ts'

const MINUTE_S = 60

test('an answer is for the browser that asked, once', async (t) => {
  const world = await signInWorld(t)
  const gateway = await world.gateway()
  const [victim, thief] = [new TestBrowser(), new TestBrowser()]
  const begun = await victim.ask(gateway, '/api/sign-in')
  const callback = await victim.logIn(String(begun.headers.location), 'bob')
  const before = world.provider.asked.length
  const stolen = await thief.ask(gateway, callback)
  t.is(stolen.statusCode, 403)
  t.regex(stolen.body, /This sign-in is over/)
  await thief.ask(gateway, '/api/sign-in')
  t.is((await thief.ask(gateway, callback)).statusCode, 403)
  const swapped = callback.replace(/state=[^&]+/, 'state=another')
  t.is((await victim.ask(gateway, swapped)).statusCode, 403)
  t.is((await victim.ask(gateway, `${callback}&state=another`)).statusCode, 403)
  t.is(world.provider.asked.length, before, 'the provider is not asked about any of these')
  const login = victim.jar.get(BASE_URL)!.get('__Secure-tinygrid-login')!
  t.is((await victim.ask(gateway, callback)).statusCode, 303)
  t.is((await victim.ask(gateway, callback)).statusCode, 403)
  victim.jar.get(BASE_URL)!.set('__Secure-tinygrid-login', login)
  const replayed = await victim.ask(gateway, callback)
  t.is(replayed.statusCode, 403)
  t.regex(replayed.body, /used already/)
  t.is((await victim.ask(gateway, '/api/links', OWN_PAGE)).statusCode, 200)
})

test('a sign-in that took too long is begun again', async (t) => {
  const world = await signInWorld(t)
  const gateway = await world.gateway()
  const browser = new TestBrowser()
  const begun = await browser.ask(gateway, '/api/sign-in')
  const callback = await browser.logIn(String(begun.headers.location), 'bob')
  world.clock.now = (world.clock.now + 600_000) as EpochMs
  t.regex((await browser.ask(gateway, callback)).body, /This sign-in is over/)
})

const seconds = () => Math.floor(Date.now() / 1000)
const FORGERIES: readonly [string, (claims: Record<string, unknown>) => void, RegExp][] = [
  ['of another audience', (claims) => (claims['aud'] = 'somebody'), /for another service/],
  ['with another audience', (claims) => (claims['aud'] = ['tinygrid', 'x']), /for another service/],
  ['of another sign-in', (claims) => (claims['nonce'] = 'another'), /belongs to another sign-in/],
  ['without a nonce', (claims) => delete claims['nonce'], /cannot be accepted|another sign-in/],
  ['of another issuer', (claims) => (claims['iss'] = 'https://evil.example'), /Somebody else/],
  ['expired', (claims) => (claims['exp'] = seconds() - 10 * MINUTE_S), /clocks do not agree/],
  ['not valid yet', (claims) => (claims['nbf'] = seconds() + 10 * MINUTE_S), /clocks do not agree/],
  ['of nobody', (claims) => (claims['sub'] = ''), /cannot be accepted/],
]

test('a token that is not right is refused, in plain words', async (t) => {
  const world = await signInWorld(t)
  const gateway = await world.gateway()
  for (const [what, forge, words] of FORGERIES) {
    const browser = new TestBrowser()
    world.provider.forge = forge
    const answer = await browser.signIn(gateway, 'alice')
    t.is(answer.statusCode, 403, what)
    t.regex(answer.body, words, what)
    t.deepEqual((await browser.ask(gateway, '/api/session')).json(), { person: null }, what)
  }
  world.provider.forge = (claims) => (claims['groups'] = ['staff'])
  t.is((await new TestBrowser().signIn(gateway, 'alice')).statusCode, 303, 'the forger can sign')
})

test('a token is believed for its signature, not for where it came from', async (t) => {
  const world = await signInWorld(t)
  const { provider } = world
  provider.forge = () => {}
  provider.forgeKey = provider.strangersKey
  const strange = await new TestBrowser().signIn(await world.gateway(), 'alice')
  t.is(strange.statusCode, 403)
  t.regex(strange.body, /unknown key/)
  provider.forgeKey = { ...provider.strangersKey, kid: 'own' }
  const false1 = await new TestBrowser().signIn(await world.gateway(), 'alice')
  t.is(false1.statusCode, 403)
  t.regex(false1.body, /cannot be accepted/)
})

test('who stops at the provider is told so, and nothing that the provider says is shown', async (t) => {
  const world = await signInWorld(t)
  const gateway = await world.gateway()
  const cases: [string, number, RegExp][] = [
    ['access_denied', 403, /You were not signed in/],
    ['temporarily_unavailable', 503, /cannot be reached/],
    ['<script>alert(1)</script>', 403, /cannot be accepted/],
  ]
  for (const [error, status, words] of cases) {
    const browser = new TestBrowser()
    const begun = await browser.ask(gateway, '/api/sign-in')
    const state = new URL(String(begun.headers.location)).searchParams.get('state')!
    const text = '<img src=x onerror=alert(1)> bad words'
    const iss = world.provider.issuer
    const query = new URLSearchParams({ error, error_description: text, state, iss })
    const answer = await browser.ask(gateway, `/api/sign-in/callback?${query.toString()}`)
    t.is(answer.statusCode, status, error)
    t.regex(answer.body, words)
    t.notRegex(answer.body + gateway.log(), /onerror|bad words|alert\(/)
  }
})

test('a wrong secret of the client is told as what it is', async (t) => {
  const world = await signInWorld(t)
  const gateway = await world.gateway({ clientSecret: 'wrong' })
  const answer = await new TestBrowser().signIn(gateway, 'alice')
  t.is(answer.statusCode, 403)
  t.regex(answer.body, /not known there/)
})

test('a provider that is away stops sign-ins alone, and is asked again', async (t) => {
  const world = await signInWorld(t)
  const { provider } = world
  provider.isUp = false
  const gateway = await world.gateway()
  gateway.add({ code: 'abc1234' })
  const browser = new TestBrowser()
  const refused = await browser.ask(gateway, '/api/sign-in')
  t.is(refused.statusCode, 503)
  t.regex(refused.body, /cannot be reached/)
  t.truthy(refused.headers['retry-after'])
  t.is((await gateway.call('GET', '/abc1234')).status, 302)
  t.is((await gateway.call('GET', '/api/links')).status, 200)
  provider.isUp = true
  world.clock.now = (world.clock.now + 2_000) as EpochMs
  t.is((await browser.signIn(gateway, 'bob')).statusCode, 303)
  provider.isUp = false
  t.is((await browser.ask(gateway, '/api/links', OWN_PAGE)).statusCode, 200)
  const ended = await browser.ask(gateway, '/api/sign-out', OWN_PAGE, 'POST')
  t.is(ended.statusCode, 200)
})

test('an issuer of another name is not believed', async (t) => {
  const world = await signInWorld(t)
  const issuer = new URL('http://127.0.0.1:1')
  const { provider } = world
  const another: typeof provider.fetch = (url, init) =>
    provider.fetch(url.replace(issuer.origin, provider.issuer), init)
  const gateway = await world.gateway({ issuer, fetch: another })
  const answer = await new TestBrowser().ask(gateway, '/api/sign-in')
  t.is(answer.statusCode, 403)
  t.regex(answer.body, /Somebody else answered/)
})

test('an address begins only so many sign-ins in a minute', async (t) => {
  const world = await signInWorld(t)
  const gateway = await world.gateway()
  const statuses: number[] = []
  for (let asked = 0; asked < 62; asked++) {
    statuses.push((await new TestBrowser().ask(gateway, '/api/sign-in/callback')).statusCode)
  }
  t.deepEqual([statuses[59], statuses[60]], [403, 429])
  t.is((await gateway.call('GET', '/api/links')).status, 200)
})
