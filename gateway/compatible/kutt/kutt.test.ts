/** Kutt's routes, over the links of the gateway, asked as its browser extension and its package `kutt` ask. */
import test, { type ExecutionContext } from 'ava'
import type { Domain } from '../../../links/full-code.ts'
import type { Code, EpochMs } from '../../../links/ids.ts'
import { KEY, NOW, startGateway, type Reply } from '../../testing/test-gateway.ts'

const DAY_MS = 86_400_000
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const LINKS = '/api/v2/links'
const DOMAINS = [{ name: 'go.example' as Domain, fallbackUrl: null, robots: 'allow' as const }]
const target = 'https://example.com/a'

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

async function start(t: ExecutionContext, settings: object = {}) {
  const more = { interfaces: ['kutt'] as const, aliasLengthMax: 64, domains: DOMAINS }
  const gateway = await startGateway(t, { ...more, ...settings })
  // Its clients name the type of a body whether there is one or not.
  const headers = { 'x-api-key': KEY, 'content-type': 'application/json' }
  const ask = (method: Method, path: string, body?: unknown) =>
    gateway.call(method, path, body, headers)
  return { ...gateway, ask }
}

const shown = ({ json }: Reply) => json as unknown as Record<string, unknown>
const idOf = (reply: Reply) => shown(reply)['id'] as string
const addresses = (list: Record<string, unknown>) =>
  (list['data'] as { address: string }[]).map(({ address }) => address)
const errorOf = (reply: Reply) => [reply.status, shown(reply)['error']]

test('a link is made as the browser extension makes it', async (t) => {
  const { ask, call } = await start(t)
  const made = await ask('POST', LINKS, { target, customurl: 'mine', reuse: false })
  t.is(made.status, 201)
  t.regex(idOf(made), UUID)
  t.deepEqual(shown(made), {
    id: idOf(made),
    address: 'mine',
    banned: false,
    created_at: '2030-01-01T00:00:00.000Z',
    updated_at: '2030-01-01T00:00:00.000Z',
    password: false,
    description: null,
    expire_in: null,
    target,
    visit_count: 0,
    domain: null,
    link: 'http://sho.rt/mine',
  })
  t.is((await call('GET', '/mine')).headers['location'], target)
})

test('a link is made with all that Kutt has, and reused where that is wished', async (t) => {
  const { ask } = await start(t)
  const wish = {
    target: ' example.com/b ',
    description: ' A page ',
    expire_in: '2 days',
    password: 'secret',
    domain: 'GO.example',
    customurl: '',
  }
  t.like(shown(await ask('POST', LINKS, wish)), {
    target: 'http://example.com/b',
    description: 'A page',
    expire_in: '2030-01-03T00:00:00.000Z',
    password: true,
    domain: 'go.example',
  })
  const first = await ask('POST', LINKS, { target, reuse: true, domain: 'sho.rt' })
  const again = await ask('POST', LINKS, { target, reuse: true })
  t.deepEqual([first.status, again.status], [201, 200])
  t.is(idOf(again), idOf(first))
  const fresh = await ask('POST', LINKS, { target })
  t.is(fresh.status, 201)
  t.not(idOf(fresh), idOf(first))
  const secret = await ask('POST', LINKS, { target, reuse: true, password: 'secret' })
  t.like(shown(secret), { password: true })
})

test('a link is changed and deleted by its id, whatever its code and domain', async (t) => {
  const { ask, links } = await start(t)
  for (const [customurl, domain] of [
    ['A', undefined],
    ['A', 'go.example'],
    ['fifteen_signs--', undefined],
    ['fifteen_signs--', 'go.example'],
    ['x'.repeat(64), undefined],
    ['x'.repeat(64), 'go.example'],
  ] as const) {
    const made = await ask('POST', LINKS, { target, customurl, domain })
    const path = `${LINKS}/${idOf(made)}`
    const code = `${domain === undefined ? '' : `${domain}/`}${customurl}` as Code
    const changes = { target: 'https://example.org/', description: 'New', address: customurl }
    const changed = await ask('PATCH', path, changes)
    t.is(changed.status, 200, changed.text)
    t.like(shown(changed), { id: idOf(made), target: 'https://example.org/', description: 'New' })
    t.is(links.links.get(code)?.title, 'New')
    const deleted = await ask('DELETE', path)
    t.is(deleted.status, 200)
    t.deepEqual(shown(deleted), { message: 'Link has been deleted successfully.' })
    t.is(links.links.get(code)?.lifecycle, 'deleted')
    t.deepEqual(errorOf(await ask('DELETE', path)), [404, 'Link was not found.'])
  }
})

test('a password is set, hidden, and taken away, and stays where nothing is said of it', async (t) => {
  const { ask } = await start(t)
  const path = `${LINKS}/${idOf(await ask('POST', LINKS, { target }))}`
  const change = async (body: object) => shown(await ask('PATCH', path, body))['password']
  t.is(await change({ password: 'secret' }), true)
  t.is(await change({ description: 'A' }), true)
  t.is(await change({ description: 'B', password: '••••••' }), true)
  t.is(await change({ password: '' }), false)
})

test('links are listed newest first, in parts, and searched', async (t) => {
  const { ask, add, clock } = await start(t)
  for (let n = 0; n < 60; n++) {
    clock.now = (NOW + n) as EpochMs
    add({ code: `link${n}`, url: `https://example.com/${n}`, createdAt: clock.now })
  }
  const all = shown(await ask('GET', `${LINKS}?limit=500&skip=0&all=true`))
  t.like(all, { total: 60, limit: 50, skip: 0 })
  t.is(addresses(all).length, 50)
  const part = shown(await ask('GET', `${LINKS}?limit=3&skip=7`))
  t.deepEqual(addresses(part), addresses(all).slice(7, 10))
  t.like(part, { total: 60, limit: 3, skip: 7 })
  t.like(shown(await ask('GET', `${LINKS}?skip=55`)), { limit: 10, skip: 55 })
  t.is(addresses(shown(await ask('GET', `${LINKS}?skip=55`))).length, 5)
  t.deepEqual(addresses(shown(await ask('GET', `${LINKS}?search=link42`))), ['link42'])
  t.deepEqual(addresses(shown(await ask('GET', `${LINKS}?search=http://sho.rt/link42`))), [
    'link42',
  ])
  t.deepEqual(errorOf(await ask('GET', `${LINKS}?limit=1&limit=2`)), [
    400,
    'limit: limit query is not valid.',
  ])
})

test('statistics tell the visits of people by day, week, month and year', async (t) => {
  const { ask, add, analytics } = await start(t)
  const { code } = add({ code: 'abc', url: target })
  add({ code: 'other', url: target })
  const click = { code, kind: 'human', browser: 'Microsoft Edge', os: 'iPadOS' } as const
  await analytics.add(
    { ...click, at: NOW, country: 'DE', referrerHost: 'www.example.org' },
    { ...click, at: (NOW - DAY_MS) as EpochMs, browser: 'Chrome', os: 'Windows', country: '' },
    { ...click, at: (NOW - 40 * DAY_MS) as EpochMs, referrerHost: '' },
    { ...click, at: NOW, kind: 'bot' },
    { ...click, at: NOW, code: 'other' as Code },
  )
  const list = shown(await ask('GET', `${LINKS}?search=abc`))
  const [{ id }] = list['data'] as [{ id: string }]
  const stats = shown(await ask('GET', `${LINKS}/${id}/stats`))
  t.like(stats, { id, address: 'abc', target, updatedAt: '2030-01-01T00:00:00.000Z' })
  const period = (name: string) =>
    stats[name] as {
      total: number
      views: number[]
      stats: Record<string, { name: string; value: number }[]>
    }
  const lengths = { lastDay: 24, lastWeek: 7, lastMonth: 30, lastYear: 12 }
  const totals = { lastDay: 1, lastWeek: 2, lastMonth: 2, lastYear: 3 }
  for (const name of Object.keys(lengths) as (keyof typeof lengths)[]) {
    const { total, views } = period(name)
    t.deepEqual([total, views.length], [totals[name], lengths[name]], name)
    t.is(views.at(-1), name === 'lastYear' ? 2 : 1, name)
  }
  t.is(period('lastWeek').views.at(-2), 1)
  t.is(period('lastYear').views.at(-2), 1)
  const { browser, os, country, referrer } = period('lastDay').stats
  t.deepEqual(browser![0], { name: 'edge', value: 1 })
  t.is(browser!.length, 7)
  t.deepEqual(os![0], { name: 'ios', value: 1 })
  t.deepEqual(country, [{ name: 'de', value: 1 }])
  t.deepEqual(referrer, [{ name: 'example[dot]org', value: 1 }])
  t.true(period('lastWeek').stats['country']!.some(({ name }) => name === 'unknown'))
  t.true(period('lastYear').stats['referrer']!.some(({ name }) => name === 'direct'))
})

test('health is open, the user is the key, and domains are settings', async (t) => {
  const { ask, call, status } = await start(t)
  const health = await call('GET', '/api/v2/health', undefined, { 'x-api-key': '' })
  t.deepEqual([health.status, health.text], [200, 'OK'])
  status.ready = false
  t.is((await call('GET', '/api/v2/health')).status, 503)
  const user = shown(await ask('GET', '/api/v2/users'))
  t.like(user, { apikey: '', email: 'admin' })
  const [domain] = user['domains'] as [{ id: string }]
  t.like(domain, { address: 'go.example', banned: false, homepage: 'go.example' })
  t.regex(domain.id, UUID)
  const refused = [501, 'Domains are a setting of the service: TINYGRID_DOMAINS']
  t.deepEqual(errorOf(await ask('POST', '/api/v2/domains', { address: 'a.example' })), refused)
  t.deepEqual(errorOf(await ask('DELETE', `/api/v2/domains/${domain.id}`)), refused)
})

test('what is refused is told in one sentence, with the status that clients show', async (t) => {
  const { ask, call } = await start(t)
  const made = await ask('POST', LINKS, { target, customurl: 'mine' })
  const path = `${LINKS}/${idOf(made)}`
  const lifetime = 'expire_in: Expire format is invalid. Valid examples: 1m, 8h, 42 days.'
  for (const [method, at, body, status, error] of [
    ['POST', LINKS, {}, 400, /^Target is missing\.$/],
    ['POST', LINKS, { target: 'http://' }, 400, /^target: /],
    ['POST', LINKS, [], 400, /object/],
    ['POST', LINKS, { target, customurl: 'mine' }, 400, /^Custom URL is already in use\.$/],
    ['POST', LINKS, { target, customurl: 'a b' }, 400, /^customurl: /],
    ['POST', LINKS, { target, domain: 'no.example' }, 400, /^domain: /],
    ['POST', LINKS, { target, reuse: 'perhaps' }, 400, /^reuse: /],
    ['POST', LINKS, { target, expire_in: '30s' }, 400, /more than 1 minute/],
    ['POST', LINKS, { target, expire_in: '999999999999y' }, 400, /thousand years/],
    ['POST', LINKS, { target, expire_in: 'soon' }, 400, new RegExp(`^${lifetime}$`)],
    ['PATCH', path, {}, 400, /^Should at least update one field\.$/],
    ['PATCH', path, { address: 'yours' }, 400, /^address: A link keeps its address/],
    ['PATCH', `${LINKS}/none`, { description: 'A' }, 404, /^Link was not found\.$/],
    ['PATCH', `${LINKS}/~none`, { description: 'A' }, 404, /^Link was not found\.$/],
    ['GET', `${LINKS}/0-0-0-0-0/stats`, undefined, 404, /^Link was not found\.$/],
  ] as const) {
    const what = `${method} ${at} ${JSON.stringify(body)}`
    const reply = await ask(method, at, body)
    t.is(reply.status, status, `${what}: ${reply.text}`)
    t.deepEqual(Object.keys(shown(reply)), ['error'], what)
    t.regex(String(shown(reply)['error']), error, what)
  }
  const unknown = await call('POST', LINKS, { target }, { 'x-api-key': 'wrong' })
  t.deepEqual(errorOf(unknown), [401, 'The API key is wrong'])
})
