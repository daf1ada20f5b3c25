/** Several domains, each with codes of its own: what is done on one changes nothing on another. */
import test from 'ava'
import * as fc from 'fast-check'
import { parseDomain } from '../links/full-code.ts'
import type { GatewaySettings } from './gateway-settings.ts'
import { KEY, startGateway } from './testing/test-gateway.ts'

const go = parseDomain('go.example')!
const other = parseDomain('s.example')!

const DOMAINS: Partial<GatewaySettings> = {
  baseUrl: 'https://sho.rt',
  fallbackUrl: 'https://example.com/lost',
  domains: [
    { name: go, fallbackUrl: 'https://example.com/go', robots: 'deny' },
    { name: other, fallbackUrl: null, robots: 'allow' },
  ],
}
const URL_1 = 'https://example.com/1'
const at = (host: string) => ({ host })

test('a link is made, followed, previewed, read, changed, deleted and restored on its domain alone', async (t) => {
  const { call } = await startGateway(t, DOMAINS)
  const made = await call('POST', '/api/links', { url: URL_1, code: 'abc', domain: 'GO.example' })
  t.is(made.status, 201)
  t.like(made.json, { code: 'abc', domain: go, shortUrl: 'https://go.example/abc' })
  t.is(made.headers['location'], '/api/links/abc?domain=go.example')

  for (const headers of [at('go.example'), at('Go.Example:443')]) {
    t.is((await call('GET', '/abc', undefined, headers)).headers['location'], URL_1)
    t.is((await call('HEAD', '/abc/', undefined, headers)).status, 302)
    const keyed = { ...headers, 'x-api-key': KEY }
    t.is((await call('GET', '/abc', undefined, keyed)).headers['location'], URL_1)
    const preview = await call('GET', '/abc+', undefined, headers)
    t.true(preview.text.includes('https://go.example/abc<'))
    t.false(preview.text.includes('go.example/abc leads'))
  }
  for (const host of ['sho.rt', 's.example', 'else.example']) {
    t.not((await call('GET', '/abc', undefined, at(host))).headers['location'], URL_1)
    t.is((await call('GET', '/abc+', undefined, at(host))).status, 404)
  }

  t.is((await call('GET', '/api/links/abc')).status, 404)
  t.is((await call('GET', '/api/links/abc?domain=s.example')).status, 404)
  const path = '/api/links/abc?domain=go.example'
  t.is((await call('GET', path)).json.domain, go)
  t.is((await call('PATCH', path, { title: 'x' })).json.title, 'x')
  t.is((await call('DELETE', path)).status, 204)
  t.is(
    (await call('GET', '/abc', undefined, at('go.example'))).headers['location'],
    'https://example.com/go',
  )
  t.is((await call('POST', '/api/links/abc/restore?domain=go.example')).json.title, 'x')
  t.is((await call('GET', '/abc', undefined, at('go.example'))).status, 302)
})

test('codes of domains never mix, whatever is made, changed, deleted and followed', async (t) => {
  const where = fc.constantFrom('sho.rt', 'go.example', 's.example')
  const step = fc.record({
    host: where,
    kind: fc.constantFrom('create', 'create', 'plain', 'patch', 'delete', 'purge'),
    code: fc.constantFrom('a', 'b'),
    url: fc.nat(3).map((n) => `https://example.com/${n}`),
  })
  const { call, links } = await startGateway(t, { ...DOMAINS, fallbackUrl: undefined })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      links.links.clear()
      /** By host and code. */
      const model = new Map<string, { url: string; isLive: boolean }>()
      const codes = new Set(['a', 'b'])
      for (const { host, kind, code, url } of steps) {
        const key = `${host} ${code}`
        const known = model.get(key)
        const path = `/api/links/${code}?domain=${host}`
        if (kind === 'create') {
          const { status } = await call('POST', '/api/links', { url, code, domain: host })
          t.is(status, known === undefined ? 201 : 409)
          if (known === undefined) model.set(key, { url, isLive: true })
        } else if (kind === 'plain') {
          const { status, json } = await call('POST', '/api/links', { url, domain: host })
          codes.add(json.code)
          const name = `${host} ${json.code}`
          t.is(status, model.has(name) ? 200 : 201)
          t.is(model.get(name)?.url ?? url, url)
          model.set(name, { url, isLive: true })
        } else if (kind === 'patch') {
          const { status } = await call('PATCH', path, { url })
          t.is(status, known === undefined ? 404 : known.isLive ? 200 : 410)
          if (known?.isLive === true) known.url = url
        } else {
          const { status } = await call('DELETE', kind === 'purge' ? `${path}&purge=true` : path)
          const isDone = known !== undefined && (known.isLive || kind === 'purge')
          t.is(status, isDone ? 204 : known === undefined ? 404 : 410)
          if (kind === 'purge') model.delete(key)
          else if (known !== undefined) known.isLive = false
        }
      }
      for (const host of ['sho.rt', 'go.example', 's.example']) {
        for (const code of codes) {
          const known = model.get(`${host} ${code}`)
          const { headers, status } = await call('GET', `/${code}`, undefined, at(host))
          const isFallback = headers['location'] === 'https://example.com/go'
          if (known?.isLive === true) t.is(headers['location'], known.url)
          else if (host === 'go.example') t.true(isFallback)
          else t.is(status, known === undefined ? 404 : 410)
        }
        const listed = await call('GET', `/api/links?domain=${host}`)
        const live = [...model].filter(
          ([name, { isLive }]) => isLive && name.startsWith(`${host} `),
        )
        t.deepEqual(
          listed.json.links.map((link) => `${host} ${link.code}`).sort(),
          live.map(([name]) => name).sort(),
        )
      }
    }),
    { numRuns: 25 },
  )
})

test('the same key for the same request gives each domain its own link, and the same one again', async (t) => {
  const { call } = await startGateway(t, DOMAINS)
  const make = async (domain: string | null) => {
    const body = { url: URL_1, title: 'x', domain }
    return (await call('POST', '/api/links', body, { 'idempotency-key': 'once' })).json.shortUrl
  }
  const first = [await make(null), await make('go.example'), await make('s.example')]
  t.deepEqual([await make('default'), await make('go.example'), await make('s.example')], first)
  t.is(new Set(first.map((url) => url.split('/').at(-1))).size, 3)
})

test('the default domain may be named, by its name or as default, or left out', async (t) => {
  const { call } = await startGateway(t, DOMAINS)
  const same = [undefined, null, 'default', 'sho.rt', 'SHO.RT']
  const made = await Promise.all(
    same.map(async (domain) => (await call('POST', '/api/links', { url: URL_1, domain })).json),
  )
  t.is(new Set(made.map(({ code }) => code)).size, 1)
  t.false('domain' in made[0]!)
  t.is((await call('GET', `/api/links/${made[0]!.code}?domain=sho.rt`)).status, 200)
})

test('a domain that the service does not have is refused, by the name of its field', async (t) => {
  const { call } = await startGateway(t, DOMAINS)
  for (const domain of ['else.example', 'a b', 'go.example/']) {
    const query = `domain=${encodeURIComponent(domain)}`
    const refused = [
      await call('POST', '/api/links', { url: URL_1, domain }),
      await call('GET', `/api/links?${query}`),
      await call('GET', `/api/links/abc?${query}`),
      await call('PATCH', `/api/links/abc?${query}`, { title: 'x' }),
      await call('DELETE', `/api/links/abc?${query}`),
      await call('GET', `/api/links/abc/stats?${query}`),
      await call('GET', `/api/links/abc/visits?${query}`),
      await call('DELETE', `/api/links/abc/clicks?${query}`),
    ]
    for (const { status, json } of refused) {
      t.is(status, 400)
      t.like(json, { code: 'invalid_field', field: 'domain' })
    }
  }
  const { json } = await call('POST', '/api/links/bulk', {
    links: [{ url: URL_1, domain: 'x.example' }],
  })
  t.is(json.results[0]!.error.field, 'links[0].domain')
  const alone = await startGateway(t)
  t.is((await alone.call('POST', '/api/links', { url: URL_1, domain: 'go.example' })).status, 400)
})

test('links come in and go out in bulk with their domains', async (t) => {
  const { call } = await startGateway(t, DOMAINS)
  const createdAt = '2020-01-01T00:00:00Z'
  const links = [null, 'go.example', 's.example'].map((domain, n) => {
    return { url: `${URL_1}${n}`, code: 'abc', domain, createdAt }
  })
  const { json } = await call('POST', '/api/links/bulk', { links })
  t.deepEqual(
    json.results.map(({ status, link }) => [status, link.shortUrl]),
    [
      [201, 'https://sho.rt/abc'],
      [201, 'https://go.example/abc'],
      [201, 'https://s.example/abc'],
    ],
  )
  const lines = (await call('GET', '/api/export')).text.trim().split('\n')
  const exported = lines.slice(0, -1).map((line) => JSON.parse(line) as { domain?: string })
  t.deepEqual(exported.map(({ domain }) => domain ?? '').sort(), ['', 'go.example', 's.example'])
  const body = exported.map(({ shortUrl: _shortUrl, ...link }: Record<string, unknown>) => link)
  const again = await call('POST', '/api/links/bulk', { links: body })
  t.deepEqual(
    again.json.results.map(({ status }) => status),
    [200, 200, 200],
  )
})

test('a short URL of any domain that is searched for finds its link', async (t) => {
  const { call } = await startGateway(t, DOMAINS)
  for (const domain of [null, 'go.example']) {
    await call('POST', '/api/links', { url: `${URL_1}?${domain}`, code: 'abc', domain })
  }
  for (const [search, domain] of [
    ['https://go.example/abc', 'go.example'],
    ['go.example/abc+', 'go.example'],
    ['sho.rt/abc', undefined],
  ]) {
    const { json } = await call('GET', `/api/links?search=${encodeURIComponent(search!)}`)
    t.deepEqual(
      json.links.map((link) => link.domain),
      [domain],
    )
  }
})

test('a link to any of the domains is one to the service itself, and refused', async (t) => {
  const { call } = await startGateway(t, DOMAINS)
  for (const url of ['https://go.example/x', 'http://S.example/x', 'https://sho.rt/x']) {
    t.is((await call('POST', '/api/links', { url })).json.field, 'url')
  }
})

test('each domain has a fallback page and robots of its own', async (t) => {
  const { call } = await startGateway(t, DOMAINS)
  const lost = async (host: string) => {
    const { status, headers } = await call('GET', '/nothing', undefined, at(host))
    return headers['location'] ?? status
  }
  t.is(await lost('go.example'), 'https://example.com/go')
  t.is(await lost('s.example'), 404)
  t.is(await lost('sho.rt'), 'https://example.com/lost')
  t.is(await lost('else.example'), 'https://example.com/lost')
  t.is((await call('GET', '/docs-', undefined, at('s.example'))).status, 404)
  const robots = async (host: string) =>
    (await call('GET', '/robots.txt', undefined, at(host))).text.includes('Allow: /$')
  t.true(await robots('go.example'))
  t.false(await robots('s.example'))
  t.false(await robots('sho.rt'))
})

test('behind a proxy that is trusted its host counts, else the own one', async (t) => {
  for (const trustProxy of [true, false]) {
    const { call } = await startGateway(t, { ...DOMAINS, trustProxy })
    await call('POST', '/api/links', { url: URL_1, code: 'abc', domain: 'go.example' })
    const headers = { host: 'inside:3000', 'x-forwarded-host': 'evil.example, go.example' }
    const { headers: answered } = await call('GET', '/abc', undefined, headers)
    t.is(answered['location'] === URL_1, trustProxy)
  }
})

test('the password of a link is asked for on its domain', async (t) => {
  const { call } = await startGateway(t, DOMAINS)
  const body = { url: URL_1, code: 'abc', domain: 'go.example', password: 'open' }
  t.is((await call('POST', '/api/links', body)).status, 201)
  const form = { ...at('go.example'), 'content-type': 'application/x-www-form-urlencoded' }
  t.is((await call('POST', '/abc', 'password=open', form)).headers['location'], URL_1)
  t.is((await call('POST', '/abc', 'password=open', { ...form, host: 'sho.rt' })).status, 404)
})

test('reserved words are reserved on every domain', async (t) => {
  const { call } = await startGateway(t, DOMAINS)
  const body = { url: URL_1, code: 'Admin', domain: 'go.example' }
  t.is((await call('POST', '/api/links', body)).json.code, 'reserved_code')
})

test('where case does not matter it does not on any domain', async (t) => {
  const { call } = await startGateway(t, { ...DOMAINS, codeCase: 'insensitive' })
  const body = { url: URL_1, code: 'ABC', domain: 'go.example' }
  t.is((await call('POST', '/api/links', body)).json.shortUrl, 'https://go.example/abc')
  t.is((await call('GET', '/aBc', undefined, at('GO.EXAMPLE'))).headers['location'], URL_1)
  t.is((await call('GET', '/api/links/Abc?domain=GO.example')).json.code, 'abc')
})

test('clicks are noted, asked about and deleted by domain and code', async (t) => {
  const { call, analytics } = await startGateway(t, DOMAINS)
  await call('POST', '/api/links', { url: URL_1, code: 'abc', domain: 'go.example' })
  const stats = await call('GET', '/api/links/abc/stats?domain=go.example')
  t.is(stats.status, 200)
  t.is(analytics.questions.at(-1)?.code as string, 'go.example/abc')
  t.is((await call('GET', '/api/links/abc/stats')).status, 404)
})

test('the domains are told to whoever lets a person choose', async (t) => {
  const { call } = await startGateway(t, DOMAINS)
  const several = (await call('GET', '/api/domains')).json as unknown
  t.deepEqual(several, { default: 'sho.rt', domains: ['go.example', 's.example'] })
  const alone = await startGateway(t)
  const one = (await alone.call('GET', '/api/domains')).json as unknown
  t.deepEqual(one, { default: null, domains: [] })
})
