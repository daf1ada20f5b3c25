/**
 * Keys that are held to domains, or to tags, at every route that there is: each is asked for somebody else's link.
 *
 * A route without a row in ASKED fails here, so a new one is thought of.
 */
import test, { type ExecutionContext } from 'ava'
import { EMPTY_ADDRESS_BOOK } from '../../clicks/parse/address-book.ts'
import { ClickParser } from '../../clicks/parse/click-parser.ts'
import { sampleClick } from '../../clicks/testing/sample-batches.ts'
import { BucketKeyStore } from '../../cluster/keys/bucket-key-store.ts'
import { MemoryKeyValueServer } from '../../cluster/membership/memory-key-value.ts'
import type { Domain } from '../../links/full-code.ts'
import type { Code, EpochMs } from '../../links/ids.ts'
import { FOREIGN_INTERFACES } from '../compatible/foreign-interfaces.ts'
import { KuttIds } from '../compatible/kutt/kutt-ids.ts'
import { EventListener } from '../testing/event-listener.ts'
import { FakeClickLog } from '../testing/fake-click-log.ts'
import { NOW, startGateway } from '../testing/test-gateway.ts'
import { isHeldToDomains, ROLE_OF_ROUTE } from './route-roles.ts'

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** What is asked, and what comes: of the link of the key, of the other one, or of all. */
interface Asked {
  readonly path?: string
  readonly body?: unknown
  readonly comes: 'mine' | 'nothing' | 403
  /** A word of the answer. */
  readonly says?: RegExp
}

const OURS = 'go.example' as Domain
const ours = (path: string, more: Omit<Asked, 'path' | 'comes'> = {}): Asked => ({
  path: `${path.replace('CODE', 'mine')}${path.includes('?') ? '&' : '?'}domain=${OURS}`,
  comes: 'mine',
  ...more,
})
const theirs = (path: string, body?: unknown): Asked => {
  return { path: path.replace('CODE', 'theirs'), comes: 403, body }
}
const both = (path: string, body?: unknown) => [ours(path, { body }), theirs(path, body)]
const LINK = '/api/links/CODE'
const SHORT_URL = '/rest/v3/short-urls/CODE'
const NEW = 'https://new.example/'
const PAST = { createdAt: '2020-01-01T00:00:00Z', url: NEW, tags: ['team'] }
const RULES = { redirectRules: [] }
const YOURLS = '/yourls-api.php?format=json'
const KUTT_IDS = new KuttIds([OURS])
const KUTT = '/api/v2/links'
const KUTT_MINE = `${KUTT}/${KUTT_IDS.idOf(`${OURS}/mine` as Code)}`
const KUTT_THEIRS = `${KUTT}/${KUTT_IDS.idOf('theirs' as Code)}`
const ALL_OF_MINE: readonly Asked[] = [{ comes: 'mine' }]
const ONE = /"(clicks|total|nonOrphanVisits|total_clicks)":"?(\{"total":)?1[,"}]/

/** In this order: what makes and deletes comes last. Left out: what is refused whole. */
const ASKED: Readonly<Record<string, readonly Asked[]>> = {
  'GET /api/links': [
    { comes: 'mine' },
    { path: '/api/links?sort=visits', comes: 'mine' },
    { path: '/api/links?domain=default', comes: 'nothing' },
    { path: '/api/links?search=theirs', comes: 'nothing' },
    { path: '/api/links?search=https%3A%2F%2Fsho.rt%2Ftheirs', comes: 'nothing' },
    { path: '/api/links?tag=team', comes: 'mine' },
  ],
  'GET /api/links/:code': both(LINK),
  'GET /api/links/:code/stats': both(`${LINK}/stats`),
  'GET /api/links/:code/visits': both(`${LINK}/visits`),
  'GET /api/stats': [
    { comes: 'nothing', says: ONE },
    { path: '/api/stats?groupBy=code', comes: 'mine', says: ONE },
    { path: '/api/stats?filter=tag:team&groupBy=tag', comes: 'nothing', says: ONE },
    { path: '/api/stats?filter=code:theirs&groupBy=code', comes: 'nothing' },
    { path: '/api/stats?filter=domain:&groupBy=code', comes: 'nothing' },
    { path: '/api/stats?orphans=true&groupBy=code', comes: 'nothing' },
    { path: '/api/stats?compare=previous&groupBy=code', comes: 'mine', says: ONE },
  ],
  'GET /api/visits': [
    { comes: 'mine' },
    { path: '/api/visits?format=ndjson', comes: 'mine' },
    { path: '/api/visits?format=csv&filter=code:theirs', comes: 'nothing' },
    { path: '/api/visits?orphans=true', comes: 'nothing' },
  ],
  'GET /api/tags': [{ comes: 'nothing', says: /^\{"tags":\[\{"tag":"team","links":1\}\]\}$/ }],
  'GET /api/domains': [{ comes: 'nothing', says: /"domains":\["go.example"\]/ }],
  'GET /api/export': [{ comes: 'mine', says: /"end":true,"links":1,/ }],
  'GET /rest/v3/short-urls': [
    { comes: 'mine', says: /"totalItems":1/ },
    { path: '/rest/v3/short-urls?domain=DEFAULT', comes: 'nothing' },
    { path: '/rest/v3/short-urls?tags[]=team&orderBy=visits-DESC', comes: 'mine' },
    { path: '/rest/v3/short-urls?searchTerm=theirs', comes: 'nothing' },
  ],
  'GET /rest/v3/short-urls/:code': both(SHORT_URL),
  'GET /rest/v3/short-urls/:code/redirect-rules': both(`${SHORT_URL}/redirect-rules`),
  'GET /rest/v3/short-urls/:code/visits': both(`${SHORT_URL}/visits`),
  'GET /rest/v3/visits': [{ comes: 'nothing', says: ONE }],
  'GET /rest/v3/visits/orphan': [{ comes: 'nothing' }],
  'GET /rest/v3/visits/non-orphan': ALL_OF_MINE,
  'GET /rest/v3/tags': [{ comes: 'nothing', says: /"data":\["team"\]/ }],
  'GET /rest/v3/tags/stats': [{ comes: 'nothing', says: /"shortUrlsCount":1,.*"total":1/ }],
  'GET /rest/v3/tags/:tag/visits': [{ path: '/rest/v3/tags/team/visits', comes: 'mine' }],
  'GET /rest/v3/domains': [{ comes: 'nothing' }],
  'GET /rest/v3/domains/:domain/visits': [
    { path: `/rest/v3/domains/${OURS}/visits`, comes: 'mine' },
    { path: '/rest/v3/domains/DEFAULT/visits', comes: 'nothing' },
  ],
  'GET /rest/v3/mercure-info': [{ comes: 'nothing' }],
  'GET /api/v2/links': [
    { comes: 'mine', says: /"total":1,/ },
    { path: `${KUTT}?search=theirs`, comes: 'nothing', says: /"total":0,/ },
    { path: `${KUTT}?search=https%3A%2F%2Fsho.rt%2Ftheirs`, comes: 'nothing' },
  ],
  'GET /api/v2/links/:id/stats': [
    { path: `${KUTT_MINE}/stats`, comes: 'mine' },
    { path: `${KUTT_THEIRS}/stats`, comes: 403 },
  ],
  'GET /api/v2/users': [
    { comes: 'nothing', says: /"domains":\[\{[^{}]*"address":"go.example"[^{}]*\}\]/ },
  ],
  'PATCH /api/v2/links/:id': [
    { path: KUTT_MINE, body: { description: 'C' }, comes: 'mine' },
    { path: KUTT_THEIRS, body: { description: 'C' }, comes: 403 },
  ],
  'DELETE /api/v2/links/:id': [{ path: KUTT_THEIRS, comes: 403 }],
  'POST /v4/expand': [
    { body: { bitlink_id: `${OURS}/mine` }, comes: 'mine' },
    { body: { bitlink_id: 'sho.rt/theirs' }, comes: 403 },
  ],
  'GET /v4/bitlinks/*': [
    { path: `/v4/bitlinks/${OURS}/mine`, comes: 'mine' },
    { path: '/v4/bitlinks/sho.rt/theirs', comes: 403 },
  ],
  'GET /yourls-api.php': [
    { path: `${YOURLS}&action=expand&shorturl=https://${OURS}/mine`, comes: 'mine' },
    { path: `${YOURLS}&action=expand&shorturl=theirs`, comes: 403 },
    { path: `${YOURLS}&action=url-stats&shorturl=theirs`, comes: 403 },
    { path: `${YOURLS}&action=stats&limit=5`, comes: 'mine', says: ONE },
    { path: `${YOURLS}&action=stats&filter=last&limit=5`, comes: 'mine' },
    { path: `${YOURLS}&action=db-stats`, comes: 'nothing', says: ONE },
  ],
  'POST /yourls-api.php': [{ path: `${YOURLS}&action=shorturl&url=${NEW}y`, comes: 403 }],
  'POST /v4/shorten': [{ body: { long_url: NEW }, comes: 403 }],
  'POST /v4/bitlinks': [
    { body: { long_url: NEW }, comes: 403 },
    { body: { long_url: NEW, domain: OURS, tags: ['team'] }, comes: 'nothing', says: /new/ },
  ],
  'POST /api/v2/links': [
    { body: { target: NEW }, comes: 403 },
    { body: { target: NEW, domain: 'other.example' }, comes: 403 },
    { body: { target: NEW, domain: OURS }, comes: 'nothing', says: /new/ },
  ],
  'POST /rest/v3/short-urls': [
    { body: { longUrl: NEW }, comes: 403 },
    { body: { longUrl: NEW, domain: OURS, tags: ['team'] }, comes: 'nothing', says: /new/ },
  ],
  'POST /api/links': [
    { body: { url: NEW }, comes: 403 },
    { body: { url: NEW, domain: 'other.example' }, comes: 403 },
    { body: { url: NEW, domain: OURS, tags: ['team'] }, comes: 'nothing', says: /new/ },
  ],
  'POST /api/links/bulk': [
    { body: { links: [{ url: NEW }, { ...PAST, code: 'past' }] }, comes: 'nothing', says: /403/ },
    {
      body: { links: [{ ...PAST, code: 'past', domain: OURS }] },
      comes: 'nothing',
      says: /"status":201/,
    },
  ],
  'POST /rest/v3/short-urls/:code/redirect-rules': both(`${SHORT_URL}/redirect-rules`, RULES),
  'PATCH /rest/v3/short-urls/:code': both(SHORT_URL, { title: 'A' }),
  'PATCH /api/links/:code': both(LINK, { title: 'B' }),
  'DELETE /api/links/:code/clicks': both(`${LINK}/clicks`),
  'DELETE /rest/v3/short-urls/:code/visits': both(`${SHORT_URL}/visits`),
  'DELETE /api/links/:code': both(LINK),
  'POST /api/links/:code/restore': both(`${LINK}/restore`),
  'DELETE /rest/v3/short-urls/:code': both(SHORT_URL),
}

/** Heard live: see below. */
const STREAMS: ReadonlySet<string> = new Set(['GET /api/events'])

async function start(t: ExecutionContext, rights: object) {
  const keys = await BucketKeyStore.open(new MemoryKeyValueServer().connect())
  const clickLog = new FakeClickLog()
  const parser = new ClickParser({ addresses: EMPTY_ADDRESS_BOOK, keepsAddress: true })
  const domains = [OURS, 'other.example' as Domain].map((name) => {
    return { name, fallbackUrl: null, robots: 'allow' as const }
  })
  const settings = { baseUrl: 'https://sho.rt', domains, interfaces: FOREIGN_INTERFACES }
  const gateway = await startGateway(t, settings, undefined, { keys, clickLog, parser })
  const { add, analytics, call, links } = gateway
  const at = (NOW - 60_000) as EpochMs
  add({ code: `${OURS}/mine`, url: 'https://example.com/of-mine', tags: ['team'] })
  add({ code: 'theirs', url: 'https://example.com/of-theirs', tags: ['team', 'hidden'] })
  for (const code of [`${OURS}/mine`, 'theirs', 'theirs', 'theirs']) {
    await analytics.add({ code: code as Code, at })
  }
  const { json } = await call('POST', '/api/keys', { name: 'A', ...rights })
  const { key } = json as unknown as { key: string }
  const ask = (method: Method, path: string, body?: unknown) =>
    call(method, path, body, { 'x-api-key': key, host: 'sho.rt' })
  return { ...gateway, ask, key, clickLog, kept: () => links.links.get('theirs' as Code) }
}

const click = (code: string) => sampleClick({ code: code as Code })

/** With something in the place of each parameter. */
function addressOf(url: string): string {
  return url.replaceAll(/:\w+/g, 'something').replace('*', 'sho.rt/theirs')
}

test('a key with domains has to do with links on these alone, at every route', async (t) => {
  const { ask, kept, links } = await start(t, { role: 'admin', domains: [OURS] })
  const before = kept()
  const rest = new Set(Object.keys(ROLE_OF_ROUTE))
  for (const [route, all] of Object.entries(ASKED)) {
    rest.delete(route)
    const [method, url] = route.split(' ') as [Method, string]
    for (const { path = addressOf(url), body, comes, says = /^/ } of all) {
      const what = `${route} ${path} ${JSON.stringify(body)}`
      const { status, text } = await ask(method, path, body)
      if (comes === 403) t.is(/yourls/.test(url) ? 403 : status, 403, `${what}: ${text}`)
      else t.true(status < 300 || status === 501, `${what}: ${status} ${text}`)
      t.false(/of-theirs|hidden|"theirs"|,theirs|sho\.rt\/theirs/.test(text), `${what}: ${text}`)
      if (comes === 'mine' && method === 'GET') t.regex(text, /mine|"totals"/, what)
      t.regex(text, says, what)
    }
  }
  for (const route of rest) {
    if (STREAMS.has(route)) continue
    const [method, url] = route.split(' ') as [Method, string]
    t.false(isHeldToDomains(method, url), `nobody asks for ${route} here`)
    t.is((await ask(method, addressOf(url))).status, 403, route)
  }
  t.is(kept(), before)
  t.true([...links.links.keys()].every((code) => code === 'theirs' || code.startsWith(OURS)))
})

test('a key with tags changes only links with one of these, at every route', async (t) => {
  const { ask, kept, links, add } = await start(t, { role: 'edit', tags: ['mine'] })
  add({ code: `${OURS}/mine`, url: 'https://example.com/of-mine', tags: ['other'] })
  const before = new Map(links.links)
  for (const [route, all] of Object.entries(ASKED)) {
    const [method, url] = route.split(' ') as [Method, string]
    if (method === 'GET') continue
    for (const { path = addressOf(url), body } of all) {
      const { status, text } = await ask(method, path, body)
      const isRefused = status === 403 || /403|forbidden/.test(text)
      t.true(isRefused || url === '/v4/expand', `${route} ${path}: ${status} ${text}`)
    }
  }
  t.truthy(kept())
  t.deepEqual(links.links, before)
})

test('a key with domains hears of these alone', async (t) => {
  const { key, clickLog, listen } = await start(t, { role: 'read', domains: [OURS] })
  const port = await listen()
  const headers = { 'x-api-key': key }
  const listener = await EventListener.listen(port, '', headers)
  const tagged = await EventListener.listen(port, '?tag=team', headers)
  for (const _ of ['how long to wait', 'the place in the log']) await listener.block()
  await tagged.block()
  clickLog.append({ clicks: [click('theirs'), click(`${OURS}/mine`)] })
  t.like(await listener.next(), { data: { code: `${OURS}/mine` } })
  t.like(await tagged.next(), { data: { code: `${OURS}/mine` } })
})

test('a key is changed, and may from then on what it says', async (t) => {
  const { ask, key, call } = await start(t, { role: 'read' })
  const path = `/api/keys/${key.slice(3, 15)}`
  t.is((await ask('GET', '/api/links/theirs')).status, 200)
  const changed = await call('PATCH', path, { name: 'B', domains: [OURS, 'DEFAULT', 'sho.rt'] })
  t.like(changed.json, { name: 'B', role: 'read', domains: [OURS, 'default'] })
  t.is((await ask('GET', '/api/links/theirs')).status, 200)
  await call('PATCH', path, { domains: [OURS] })
  t.regex((await ask('GET', '/api/links/theirs')).json.detail, /go\.example/)
  t.is((await ask('GET', `/api/links/mine?domain=${OURS}`)).status, 200)
  await call('PATCH', path, { domains: [] })
  t.is((await ask('GET', '/api/links/theirs')).status, 200)
  t.is((await call('PATCH', path, { domains: ['no.example'] })).json.field, 'domains')
  t.is((await call('PATCH', path, { tags: ['x'] })).json.field, 'tags')
  t.is((await call('PATCH', '/api/keys/none', { name: 'x' })).json.code, 'key_not_found')
})
