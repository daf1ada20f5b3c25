import test, { type ExecutionContext } from 'ava'
import { BucketKeyStore } from '../../cluster/keys/bucket-key-store.ts'
import { KEY_ROLES, type KeyRole } from '../../cluster/keys/access-key.ts'
import { MemoryKeyValueServer } from '../../cluster/membership/memory-key-value.ts'
import type { EpochMs } from '../../links/ids.ts'
import type { GatewaySettings } from '../gateway-settings.ts'
import { IN_AN_HOUR, KEY, NOW, startGateway, type Reply } from '../testing/test-gateway.ts'

type Made = { readonly id: string; readonly key: string } & Record<string, unknown>
type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

async function start(t: ExecutionContext, settings: Partial<GatewaySettings> = {}) {
  const server = new MemoryKeyValueServer()
  const keys = await BucketKeyStore.open(server.connect())
  const gateway = await startGateway(t, settings, undefined, { keys })
  const { call } = gateway
  const make = async (fields: object): Promise<Made> => {
    const { status, json } = await call('POST', '/api/keys', { name: 'A key', ...fields })
    t.is(status, 201, JSON.stringify(json))
    return json as unknown as Made
  }
  const as = (key: string) => (method: Method, path: string, body?: unknown) =>
    call(method, path, body, { 'x-api-key': key })
  return { ...gateway, keys, make, as, other: () => BucketKeyStore.open(server.connect()) }
}

function listed(reply: Reply): Made[] {
  return (reply.json as unknown as { keys: Made[] }).keys
}

test('a key is made, shown once, listed without its secret, used and revoked', async (t) => {
  const { call, make, as, log } = await start(t)
  const { key, ...made } = await make({ name: ' Anna ', role: 'read', expiresAt: IN_AN_HOUR })
  t.regex(key, /^tg_[a-z0-9]{12}_[A-Za-z0-9_-]{32}$/)
  t.deepEqual(made, {
    id: key.slice(3, 15),
    name: 'Anna',
    role: 'read',
    createdAt: new Date(NOW).toISOString(),
    expiresAt: IN_AN_HOUR,
    requestsPerMinuteMax: null,
    tags: [],
    domains: [],
    lastUsedAt: null,
  })
  t.deepEqual(listed(await call('GET', '/api/keys')), [made])
  t.is((await as(key)('GET', '/api/links')).status, 200)
  t.is((await call('DELETE', `/api/keys/${made.id}`)).status, 204)
  t.is((await call('DELETE', `/api/keys/${made.id}`)).json.code, 'key_not_found')
  t.is((await as(key)('GET', '/api/links')).status, 401)
  t.deepEqual(listed(await call('GET', '/api/keys')), [])
  t.false(log().includes(key.slice(16)))
})

test('each route needs the role that its description names, and each role may what is below it', async (t) => {
  const { call, make, as, add } = await start(t, { wrongKeysPerMinuteMax: 1000 })
  add({ code: 'abc1234' })
  const keys = await Promise.all(
    KEY_ROLES.map(async (role) => [role, (await make({ role })).key] as const),
  )
  const { paths } = (await call('GET', '/openapi.json')).json as unknown as {
    paths: Record<string, Record<string, { 'x-role'?: KeyRole; responses: object }>>
  }
  const walked: string[] = []
  for (const [path, operations] of Object.entries(paths)) {
    if (!path.startsWith('/api/')) continue
    const url = path
      .replace('{code}', 'abc1234')
      .replace('{id}', 'aaaaaaaaaaaa')
      .replace('{host}', 'a.b')
    for (const [name, { 'x-role': needed, responses }] of Object.entries(operations)) {
      const method = name.toUpperCase() as Method
      const route = `${method} ${path}`
      walked.push(route)
      t.true(KEY_ROLES.includes(needed!), route)
      t.true(Object.hasOwn(responses, 403), route)
      const body = method === 'GET' || method === 'DELETE' ? undefined : {}
      t.is((await as('tg_no')(method, url, body)).status, 401, route)
      for (const [role, key] of keys) {
        const { status, json } = await as(key)(method, url, body)
        const mayDo = KEY_ROLES.indexOf(role) >= KEY_ROLES.indexOf(needed!)
        t.is(status === 403 && json.code === 'forbidden', !mayDo, `${role}: ${route} ${status}`)
        t.not(status, 401, route)
      }
    }
  }
  t.true(walked.length >= 30, `${walked.length}`)
})

test('a key is wrong by one character, of another id, expired, or unknown', async (t) => {
  const { make, as, clock } = await start(t, { wrongKeysPerMinuteMax: 100 })
  const { key } = await make({ role: 'admin', expiresAt: IN_AN_HOUR })
  const { key: other } = await make({ role: 'admin' })
  const last = key.endsWith('A') ? 'B' : 'A'
  const wrong = [key.slice(0, -1) + last, `${key}x`, key.slice(0, 16) + other.slice(16), 'tg_x']
  for (const one of wrong) t.is((await as(one)('GET', '/api/links')).status, 401)
  t.is((await as(key)('GET', '/api/links')).status, 200)
  clock.now = Date.parse(IN_AN_HOUR) as EpochMs
  t.is((await as(key)('GET', '/api/links')).status, 401)
  t.is((await as(KEY)('GET', '/api/links')).status, 200)
})

test('a key with tags makes and changes only links that have one of them', async (t) => {
  const { make, as, call, links } = await start(t)
  const { key } = await make({ role: 'edit', tags: ['team', 'all'] })
  const mine = as(key)
  const url = 'https://example.com/'
  await call('POST', '/api/links', { url, code: 'other', tags: ['else'] })
  t.is((await mine('POST', '/api/links', { url, code: 'bare' })).json.code, 'forbidden')
  t.is((await mine('POST', '/api/links', { url, code: 'ours', tags: ['team'] })).status, 201)
  const items = [
    { url, code: 'one', tags: ['all', 'x'] },
    { url, code: 'two' },
    { url, code: 'three', createdAt: IN_AN_HOUR },
  ]
  const { results } = (await mine('POST', '/api/links/bulk', { links: items })).json
  t.deepEqual(
    results.map(({ status }) => status),
    [201, 403, 403],
  )
  const refused = [
    await mine('PATCH', '/api/links/other', { title: 'x' }),
    await mine('DELETE', '/api/links/other'),
    await mine('PATCH', '/api/links/ours', { tags: [] }),
  ]
  for (const { json } of refused) t.is(json.code, 'forbidden')
  t.is((await mine('PATCH', '/api/links/ours', { tags: ['all'] })).status, 200)
  t.is((await mine('DELETE', '/api/links/ours')).status, 204)
  t.is((await mine('POST', '/api/links/ours/restore')).status, 200)
  t.is((await mine('PATCH', '/api/links/none', { title: 'x' })).json.code, 'link_not_found')
  t.is((await mine('GET', '/api/links/other')).status, 200)
  t.true(links.writes > 0)
})

test('a key may ask so many times in a minute, and the others are not held up', async (t) => {
  const { make, as, call, clock } = await start(t)
  const { key } = await make({ role: 'read', requestsPerMinuteMax: 2 })
  const ask = () => as(key)('GET', '/api/links')
  t.deepEqual([(await ask()).status, (await ask()).status], [200, 200])
  const refused = await ask()
  t.is(refused.json.code, 'rate_limited')
  t.is(refused.headers['retry-after'], '60')
  t.is((await call('GET', '/api/links')).status, 200)
  clock.now = (clock.now + 60_000) as EpochMs
  t.is((await ask()).status, 200)
})

test('the last use is kept to the minute, and written once in it', async (t) => {
  const { make, as, keys, clock, other } = await start(t)
  const { id, key } = await make({ role: 'read' })
  let writes = 0
  keys.onChange(() => writes++)
  for (const _ of [1, 2, 3]) await as(key)('GET', '/api/links')
  t.is(writes, 1)
  t.is((await other()).get(id)?.lastUsedAt, clock.now)
  clock.now = (clock.now + 60_000) as EpochMs
  await as(key)('GET', '/api/links')
  t.is((await other()).get(id)?.lastUsedAt, clock.now)
})

test('limits that are null are none', async (t) => {
  const { make } = await start(t)
  const none = { expiresAt: null, requestsPerMinuteMax: null, tags: [] }
  t.like(await make({ role: 'create', ...none }), none)
})

test('what is no key is refused by its field', async (t) => {
  const { call } = await start(t)
  const wrong: readonly (readonly [object, string])[] = [
    [{ role: 'read' }, 'name'],
    [{ name: ' ', role: 'read' }, 'name'],
    [{ name: 'x'.repeat(81), role: 'read' }, 'name'],
    [{ name: 'a', role: 'king' }, 'role'],
    [{ name: 'a', role: 'read', expiresAt: new Date(NOW).toISOString() }, 'expiresAt'],
    [{ name: 'a', role: 'read', expiresAt: 'soon' }, 'expiresAt'],
    [{ name: 'a', role: 'read', requestsPerMinuteMax: 0 }, 'requestsPerMinuteMax'],
    [{ name: 'a', role: 'admin', tags: ['x'] }, 'tags'],
    [{ name: 'a', role: 'edit', colour: 'red' }, 'colour'],
  ]
  for (const [body, field] of wrong) {
    const { status, json } = await call('POST', '/api/keys', body)
    t.is(status, 400, field)
    t.is(json.field, field)
  }
})
