/** Shlink's interface in detail: what it tells of the service, what it refuses, and its pages. */
import test, { type ExecutionContext } from 'ava'
import type { Code } from '../../../links/ids.ts'
import { KEY, NOW, startGateway, type Reply } from '../../testing/test-gateway.ts'

async function start(t: ExecutionContext, settings: object = {}) {
  const gateway = await startGateway(t, { interfaces: ['shlink'], ...settings })
  const key = { 'x-api-key': KEY }
  const get = (path: string) => gateway.call('GET', `/rest/v3/${path}`, undefined, key)
  const post = (path: string, body: unknown) => gateway.call('POST', `/rest/v3/${path}`, body, key)
  return { ...gateway, get, post }
}

const shown = ({ json }: Reply) => json as unknown as Record<string, unknown>

interface Page {
  readonly data: readonly { readonly shortCode: string }[]
  readonly pagination: Record<string, number>
}
const pageOf = (reply: Reply) => shown(reply)['shortUrls'] as Page

test('health needs no key, and says when the node is not ready', async (t) => {
  const { call, status } = await start(t)
  for (const path of ['/rest/health', '/rest/v3/health']) {
    const reply = await call('GET', path)
    t.is(reply.status, 200)
    t.deepEqual(shown(reply), { status: 'pass', version: '5.0.0', links: {} })
  }
  status.ready = false
  const reply = await call('GET', '/rest/health')
  t.is(reply.status, 503)
  t.like(shown(reply), { status: 'fail' })
})

test('there is one domain, with the fallback page, and no hub', async (t) => {
  const { get, call } = await start(t, { fallbackUrl: 'https://example.com/lost' })
  const redirects = {
    baseUrlRedirect: null,
    regular404Redirect: null,
    invalidShortUrlRedirect: 'https://example.com/lost',
  }
  const data = [{ domain: 'sho.rt', isDefault: true, redirects }]
  t.deepEqual(shown(await get('domains'))['domains'], { data, defaultRedirects: redirects })
  const key = { 'x-api-key': KEY }
  t.is((await call('PATCH', '/rest/v3/domains/redirects', {}, key)).status, 501)
  const mercure = await get('mercure-info')
  t.is(mercure.status, 501)
  t.is(shown(mercure)['type'], 'https://shlink.io/api/error/mercure-not-configured')
})

test('what cannot be kept is refused by the name that Shlink has for it', async (t) => {
  const { post, links } = await start(t, { robots: 'deny' })
  const wrong = {
    pathPrefix: 'a/b',
    domain: 'other.example',
    maxVisits: -1,
    validUntil: 'tomorrow',
    validSince: 5,
    customSlug: 'a/b',
    longUrl: 'javascript:alert(1)',
    shortCodeLength: 2,
    deviceLongUrls: { ios: 'https://example.com/' },
    crawlable: true,
    forwardQuery: 'yes',
    findIfExists: 1,
    title: 'x'.repeat(201),
    tags: ['x'.repeat(41)],
  }
  for (const [field, value] of Object.entries(wrong)) {
    const reply = await post('short-urls', { longUrl: 'https://example.com/', [field]: value })
    t.is(reply.status, 400, field)
    const problem = shown(reply)
    t.is(problem['type'], 'https://shlink.io/api/error/invalid-data', field)
    t.deepEqual(problem['invalidElements'], [field])
  }
  t.deepEqual(shown(await post('short-urls', {}))['invalidElements'], ['longUrl'])
  const text = await post('short-urls', '{')
  t.is(shown(text)['type'], 'https://shlink.io/api/error/malformed-request-body')
  t.is(links.links.size, 0)
  // Off is what Shlink has by default, and what it does not know it leaves alone.
  const plain = {
    longUrl: 'https://example.com/',
    crawlable: false,
    validateUrl: true,
    domain: null,
  }
  t.is((await post('short-urls', plain)).status, 200)
})

test('links are counted to their end, or as far as is known', async (t) => {
  const { get, links, add } = await start(t)
  const plain = add({ code: 'c0' })
  for (let n = 1; n < 10_050; n++)
    links.links.set(`c${n}` as Code, { ...plain, code: `c${n}` as Code })
  const first = pageOf(await get('short-urls?itemsPerPage=3'))
  t.deepEqual(
    first.data.map(({ shortCode }) => shortCode),
    ['c10049', 'c10048', 'c10047'],
  )
  // Read on in steps from the end of the page, until enough are known.
  t.true(first.pagination['totalItems']! > 10_000)
  const last = pageOf(await get('short-urls?itemsPerPage=1000&page=11'))
  t.is(last.data.length, 50)
  t.deepEqual([last.pagination['totalItems'], last.pagination['pagesCount']], [10_050, 11])
  t.is(pageOf(await get('short-urls?itemsPerPage=-1')).data.length, 1_000)
  const sorted = await get('short-urls?orderBy=shortCode-ASC')
  t.is(sorted.status, 400)
  t.deepEqual(shown(sorted)['invalidElements'], ['orderBy'])
  t.is(
    pageOf(await get('short-urls?orderBy=shortCode-ASC&searchTerm=c100')).data[0]!.shortCode,
    'c100',
  )
})

test('who pages in order reads each link once, whatever is made meanwhile', async (t) => {
  const { get, add } = await start(t)
  for (let n = 0; n < 6; n++) add({ code: `c${n}` })
  const codes = async (page: number) =>
    pageOf(await get(`short-urls?itemsPerPage=2&page=${page}`)).data.map(
      ({ shortCode }) => shortCode,
    )
  t.deepEqual(await codes(1), ['c5', 'c4'])
  t.deepEqual(await codes(2), ['c3', 'c2'])
  t.deepEqual(await codes(3), ['c1', 'c0'])
  t.deepEqual(await codes(4), [])
})

test('links are shown while nobody can tell their visits, and figures are refused', async (t) => {
  const { get, add, analytics } = await start(t)
  add({ code: 'abc', maxVisits: 9, visits: 4 })
  add({ code: 'def' })
  await analytics.add(
    { code: 'def' as Code, at: NOW, kind: 'bot' },
    { code: 'def' as Code, at: NOW },
  )
  const summary = async (code: string) => shown(await get(`short-urls/${code}`))['visitsSummary']
  t.deepEqual(await summary('abc'), { total: 4, nonBots: 4, bots: 0 })
  t.deepEqual(await summary('def'), { total: 2, nonBots: 1, bots: 1 })
  analytics.failure = new Error('away')
  t.deepEqual(await summary('abc'), { total: 4, nonBots: 4, bots: 0 })
  t.deepEqual(await summary('def'), { total: 0, nonBots: 0, bots: 0 })
  t.is(pageOf(await get('short-urls')).data.length, 2)
  t.true((await get('visits')).status >= 500)
  t.true((await get('short-urls?orderBy=visits-DESC')).status >= 500)
})

test('a link that draws among targets keeps its rules', async (t) => {
  const { get, post, add } = await start(t)
  const targets = ['a', 'b'].map((path) => ({ url: `https://example.com/${path}`, weight: 1 }))
  const nothing = { devices: [], languages: [], countries: [], from: null, to: null }
  add({ code: 'abc', rules: [{ ...nothing, targets }] })
  const rules = shown(await get('short-urls/abc/redirect-rules'))['redirectRules']
  t.deepEqual(rules, [{ longUrl: 'https://example.com/a', priority: 1, conditions: [] }])
  const refused = await post('short-urls/abc/redirect-rules', { redirectRules: [] })
  t.deepEqual(shown(refused)['invalidElements'], ['redirectRules'])
})

test('tags in any script are found by their address', async (t) => {
  const { get, add, analytics } = await start(t)
  const tag = 'объявления-и-всякие-другие-новости-недели'.slice(0, 40)
  const { code } = add({ code: 'abc', tags: [tag] })
  await analytics.add({ code, at: NOW })
  const reply = await get(`tags/${encodeURIComponent(tag)}/visits`)
  t.is(reply.status, 200)
})

test('codes of another domain are short URLs of their own', async (t) => {
  const domains = [{ name: 'go.example', fallbackUrl: null, robots: 'allow' }]
  const { get, post } = await start(t, { domains })
  const wish = { longUrl: 'https://example.com/', customSlug: 'abc' }
  t.is((await post('short-urls', wish)).status, 200)
  const other = await post('short-urls', {
    ...wish,
    longUrl: 'https://example.org/',
    domain: 'go.example',
  })
  const names = { shortCode: 'abc', shortUrl: 'http://go.example/abc', domain: 'go.example' }
  t.like(shown(other), names)
  t.like(shown(await get('short-urls/abc?domain=go.example')), {
    ...names,
    longUrl: 'https://example.org/',
  })
  t.like(shown(await get('short-urls/abc')), { domain: null, longUrl: 'https://example.com/' })
  t.is((await get('short-urls/abc?domain=no.example')).status, 404)
})

test('visits of a domain are told alone', async (t) => {
  const domains = [{ name: 'go.example', fallbackUrl: null, robots: 'allow' }]
  const { get, add, analytics } = await start(t, { domains })
  const clicks = { abc: 302, 'go.example/abc': 302, nope: 404, 'go.example/nope': 404 }
  add({ code: 'abc', tags: ['x'] })
  add({ code: 'go.example/abc', tags: ['x'] })
  for (const [code, status] of Object.entries(clicks))
    await analytics.add({ code: code as Code, status, at: NOW })
  const lists = ['domains/@/visits', 'tags/x/visits?domain=@', 'visits/non-orphan?domain=@']
  for (const [domain, host] of [
    ['go.example', 'go.example'],
    ['DEFAULT', 'sho.rt'],
  ] as const) {
    const told = async (path: string) => {
      const { data } = shown(await get(path.replace('@', domain)))['visits'] as {
        data: { visitedUrl: string }[]
      }
      return data.map(({ visitedUrl }) => visitedUrl)
    }
    for (const list of lists) t.deepEqual(await told(list), [`http://${host}/abc`], list)
    t.deepEqual(await told('visits/orphan?domain=@'), [`http://${host}/nope`])
  }
  t.is((await get('domains/no.example/visits')).status, 404)
  t.is((await get('visits/non-orphan?domain=no.example')).status, 400)
})
