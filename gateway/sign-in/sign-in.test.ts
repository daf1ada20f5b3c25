import test from 'ava'
import { NO_KEYS } from '../../cluster/keys/no-keys.ts'
import { KeyRing } from '../api/key-ring.ts'
import { AuditTrail } from '../audit/audit-trail.ts'
import { startGateway } from '../testing/test-gateway.ts'
import { signInWorld, TestBrowser, OWN_PAGE, BASE_URL, HOUR_MS } from '../testing/sign-in-world.ts'
import type { EpochMs } from '../../links/ids.ts'

const LINK = { url: 'https://example.com/' }

test('a person signs in at the provider, has the role of its groups, and signs out', async (t) => {
  const world = await signInWorld(t)
  const gateway = await world.gateway()
  const browser = new TestBrowser()
  t.deepEqual((await browser.ask(gateway, '/api/session')).json(), { person: null })
  const finished = await browser.signIn(gateway, 'alice', '/#/stats')
  t.is(finished.statusCode, 303)
  t.is(finished.headers.location, `${BASE_URL}/#/stats`)
  const { person } = (await browser.ask(gateway, '/api/session', OWN_PAGE)).json()
  t.deepEqual(person, {
    name: 'Alice <b>Admin</b>',
    role: 'admin',
    endsAt: '2030-01-01T01:00:00.000Z',
  })
  t.is((await browser.ask(gateway, '/api/keys', OWN_PAGE)).statusCode, 200)
  const ended = await browser.ask(gateway, '/api/sign-out', OWN_PAGE, 'POST')
  const url = new URL(ended.json().url)
  t.is(url.origin, world.provider.issuer)
  t.is(url.searchParams.get('post_logout_redirect_uri'), `${BASE_URL}/`)
  t.truthy(url.searchParams.get('id_token_hint'))
  t.deepEqual((await browser.ask(gateway, '/api/session')).json(), { person: null })
  t.is((await browser.ask(gateway, '/api/keys', OWN_PAGE)).statusCode, 401)
  t.notRegex(gateway.log(), /code=|state=|eyJ|a-secret-of-the-client/)
})

test('cookies are for /api alone, out of the reach of scripts and of other sites', async (t) => {
  const world = await signInWorld(t)
  const gateway = await world.gateway()
  const browser = new TestBrowser()
  await browser.signIn(gateway, 'bob')
  const session = browser.setCookies.find((line) => line.startsWith('__Secure-tinygrid-session='))!
  t.regex(session, /; Path=\/api; Max-Age=3600; HttpOnly; SameSite=Lax; Secure$/)
  t.notRegex(session, /Domain/i)
  t.notRegex(Buffer.from(session.split(/[=;]/)[1]!, 'base64url').toString('latin1'), /Bob|create/)
})

test('groups give roles, also those that only the userinfo has; who has none is told so', async (t) => {
  const world = await signInWorld(t)
  const gateway = await world.gateway()
  const bob = new TestBrowser()
  await bob.signIn(gateway, 'bob')
  t.true(world.provider.asked.includes('/me'))
  t.is((await bob.ask(gateway, '/api/session')).json().person.role, 'create')
  t.is((await bob.ask(gateway, '/api/links', OWN_PAGE)).statusCode, 200)
  const refused = await bob.ask(gateway, '/api/keys', OWN_PAGE)
  t.is(refused.statusCode, 403)
  t.is(refused.json().detail, 'This needs the role admin; yours is create')
  const eve = new TestBrowser()
  const answer = await eve.signIn(gateway, 'eve')
  t.is(answer.statusCode, 403)
  t.regex(answer.body, /You may not use this service/)
  t.deepEqual((await eve.ask(gateway, '/api/session')).json(), { person: null })
})

test('any node finishes what another has begun, and knows its sessions', async (t) => {
  const world = await signInWorld(t)
  const [one, two] = [await world.gateway(), await world.gateway()]
  const browser = new TestBrowser()
  const begun = await browser.ask(one, '/api/sign-in')
  const callback = await browser.logIn(String(begun.headers.location), 'bob')
  t.is((await browser.ask(two, callback)).statusCode, 303)
  for (const node of [one, two, await world.gateway()]) {
    t.is((await browser.ask(node, '/api/links', OWN_PAGE)).statusCode, 200)
  }
})

test('a session ends by its time, with the secret, and when roles are set anew', async (t) => {
  const world = await signInWorld(t)
  const gateway = await world.gateway()
  const browser = new TestBrowser()
  await browser.signIn(gateway, 'bob')
  const status = async (at = gateway) => (await browser.ask(at, '/api/links', OWN_PAGE)).statusCode
  world.clock.now = (world.clock.now + HOUR_MS - 1) as EpochMs
  t.is(await status(), 200)
  const roles = new Map([['staff', 'read']] as const)
  t.is(await status(await world.gateway({ roles })), 401)
  world.clock.now = (world.clock.now + 1) as EpochMs
  t.is(await status(), 401)
  await browser.signIn(gateway, 'bob')
  t.is(await status(), 200)
  const entry = await world.server.connect().get('access.sessions')
  await world.server.connect().delete('access.sessions', entry!.revision)
  t.is(await status(), 401)
  await browser.signIn(gateway, 'bob')
  t.is(await status(), 200)
})

test('a cookie that was changed, or that is of another kind, is none', async (t) => {
  const world = await signInWorld(t)
  const gateway = await world.gateway()
  const browser = new TestBrowser()
  await browser.ask(gateway, '/api/sign-in')
  const login = browser.jar.get(BASE_URL)!.get('__Secure-tinygrid-login')!
  await browser.signIn(gateway, 'alice')
  const jar = browser.jar.get(BASE_URL)!
  const good = jar.get('__Secure-tinygrid-session')!
  const bytes = Buffer.from(good, 'base64url')
  const flipped = [0, 12, 40, bytes.length - 1].map((at) => {
    const copy = Buffer.from(bytes)
    copy[at]! ^= 1
    return copy.toString('base64url')
  })
  const signOut = jar.get('__Secure-tinygrid-sign-out')!
  const wrong = [...flipped, good.slice(1), good.slice(0, -4), '', 'x', 'é', login, signOut]
  for (const value of wrong) {
    jar.set('__Secure-tinygrid-session', value)
    t.is((await browser.ask(gateway, '/api/links', OWN_PAGE)).statusCode, 401, value)
  }
  jar.set('__Secure-tinygrid-session', good)
  t.is((await browser.ask(gateway, '/api/links', OWN_PAGE)).statusCode, 200)
})

test('what another site makes the browser send is refused', async (t) => {
  const world = await signInWorld(t)
  const gateway = await world.gateway()
  const browser = new TestBrowser()
  await browser.signIn(gateway, 'alice')
  const cookie = browser.cookiesFor(BASE_URL)
  const send = (method: 'GET' | 'POST' | 'DELETE', path: string, headers: Record<string, string>) =>
    gateway.app.inject({
      method,
      url: path,
      headers: { host: 'sho.rt', cookie, ...headers },
      ...(method === 'POST' ? { payload: JSON.stringify(LINK) } : {}),
    })
  const json = { 'content-type': 'application/json' }
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const evil = 'https://evil.example'
  const forged: [string, Record<string, string>][] = [
    ['a form of another site', { ...form, origin: evil, 'sec-fetch-site': 'cross-site' }],
    ['a fetch of another site', { ...json, origin: evil, 'sec-fetch-site': 'cross-site' }],
    ['a sibling host', { ...json, origin: 'https://x.sho.rt', 'sec-fetch-site': 'same-site' }],
    ['a sandboxed frame', { ...json, origin: 'null', 'sec-fetch-site': 'cross-site' }],
    ['an old browser of another site', { ...json, origin: evil }],
    ['plain HTTP at this host', { ...json, origin: 'http://sho.rt' }],
    ['an address that a person typed', { ...json, 'sec-fetch-site': 'none' }],
    ['a browser that says nothing', json],
  ]
  for (const [who, headers] of forged) {
    const answer = await send('POST', '/api/links', headers)
    t.is(answer.statusCode, 403, who)
    t.is(answer.json().code, 'forbidden', who)
    t.is((await send('POST', '/api/sign-out', headers)).statusCode, 403, who)
  }
  t.is(gateway.links.writes, 0)
  t.is((await send('GET', '/api/links', { 'sec-fetch-site': 'cross-site' })).statusCode, 403)
  const made = await send('POST', '/api/links', { ...json, ...OWN_PAGE })
  t.is(made.statusCode, 201)
  t.truthy(made.json().createdAt, 'a person is told the whole link')
  t.is((await send('POST', '/api/links', { ...json, origin: BASE_URL })).statusCode, 200)
  t.is((await send('GET', '/api/links', {})).statusCode, 200)
})

test('a sign-in ends on the page alone: nobody is led elsewhere', async (t) => {
  const world = await signInWorld(t)
  const gateway = await world.gateway()
  const browser = new TestBrowser()
  const elsewhere = ['https://evil.example/', '//evil.example/', '/\\evil.example', '/abc1234', '']
  const odd = ['javascript:alert(1)', '/api/keys', ' /', '/\t', '/#\r\nX: y', '/#\\']
  const evil = [...elsewhere, ...odd, `/#${'a'.repeat(600)}`]
  for (const to of evil) {
    const answer = await browser.ask(gateway, `/api/sign-in?to=${encodeURIComponent(to)}`)
    t.true([400, 403].includes(answer.statusCode), to)
    t.regex(answer.body, /leads elsewhere/)
    t.is(answer.headers.location, undefined)
  }
  t.is((await browser.ask(gateway, '/api/sign-in?to=/&to=/')).statusCode, 400)
})

test('the audit log names the person, by subject and name', async (t) => {
  const world = await signInWorld(t)
  const payloads: string[] = []
  const writer = {
    append: async (_id: string, bytes: Uint8Array) => {
      payloads.push(Buffer.from(bytes).toString())
    },
  }
  const log = { writer, reader: undefined! }
  const now = () => world.clock.now
  const audit = new AuditTrail({ log, node: 'n', ipPrivacy: 'anonymised', now })
  const gateway = await world.gateway({}, { audit })
  const browser = new TestBrowser()
  await browser.signIn(gateway, 'bob')
  const cookie = browser.cookiesFor(BASE_URL)
  const headers = { 'x-api-key': '', cookie, ...OWN_PAGE }
  t.is((await gateway.call('POST', '/api/links', LINK, headers)).status, 201)
  const [entry = '{}'] = payloads
  const by = { kind: 'person', id: 'bob', name: 'Bob', role: 'create' }
  t.deepEqual((JSON.parse(entry) as { by: object }).by, by)
})

test('streams end with the session', async (t) => {
  const { now } = { now: () => 1_000 as EpochMs }
  const timers: { ms: number; action: () => void }[] = []
  const clock = {
    after: (ms: number, action: () => void) => {
      timers.push({ ms, action })
      return () => {}
    },
  }
  const ring = new KeyRing({ apiKey: 'a-key', store: NO_KEYS, now, clock: clock as never })
  const person = { subject: 'bob', name: null, endsAt: 5_000 as EpochMs }
  const { signal } = ring.ended({ key: undefined, role: 'read', person })
  t.deepEqual([timers[0]!.ms, signal.aborted], [4_000, false])
  timers[0]!.action()
  t.true(signal.aborted)
})

test('without a provider there is no sign-in, and no cookie is looked at', async (t) => {
  const { call } = await startGateway(t)
  for (const path of ['/api/sign-in', '/api/sign-in/callback', '/api/session']) {
    t.is((await call('GET', path)).status, 404)
  }
  t.is((await call('POST', '/api/sign-out')).status, 404)
  t.notRegex((await call('GET', '/openapi.json')).text, /api\/sign-in|tinygrid-session/)
  t.notRegex((await call('GET', '/')).text, /name="sign-in"/)
})

test('the document and the page tell that people sign in', async (t) => {
  const gateway = await (await signInWorld(t)).gateway()
  const { json } = await gateway.call('GET', '/openapi.json')
  const { components, paths } = json as unknown as Record<string, Record<string, object>>
  const session = { type: 'apiKey', in: 'cookie', name: '__Secure-tinygrid-session' }
  t.like(components, { securitySchemes: { session } })
  t.truthy(paths!['/api/sign-in/callback'])
  t.like(paths!['/api/links'], {
    get: { security: [{ apiKey: [] }, { bearer: [] }, { session: [] }] },
  })
})
