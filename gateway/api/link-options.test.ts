/** What few links have: given, shown, changed and taken away like everything else of a link. */
import test from 'ava'
import { IN_AN_HOUR, NOW, startGateway } from '../testing/test-gateway.ts'

const URL = 'https://example.com/'
const OPTIONS = {
  validFrom: new Date(NOW + 1_000).toISOString(),
  redirectStatus: 308,
  expiredUrl: 'https://example.com/over',
  forwardQuery: 'override',
} as const
const NONE = { validFrom: null, redirectStatus: null, expiredUrl: null, forwardQuery: null }

test('options are given with a link, shown, changed one by one and taken away', async (t) => {
  const { call } = await startGateway(t)
  const made = await call('POST', '/api/links', { url: URL, ...OPTIONS })
  t.is(made.status, 201)
  t.like(made.json, OPTIONS)
  const path = `/api/links/${made.json.code}`
  const shown = await call('GET', path)
  t.like(shown.json, OPTIONS)
  const [first] = (await call('GET', '/api/links')).json.links
  t.like(first, OPTIONS)
  const changed = await call('PATCH', path, { redirectStatus: 301 })
  t.like(changed.json, { ...OPTIONS, redirectStatus: 301 })
  t.not(changed.headers['etag'], shown.headers['etag'])
  for (const name of ['validFrom', 'redirectStatus', 'expiredUrl', 'forwardQuery'] as const) {
    const without = await call('PATCH', path, { [name]: null })
    t.is(without.json[name], null)
  }
  t.like((await call('GET', path)).json, NONE)
})

test('times in any zone and addresses are shown as they are kept', async (t) => {
  const { call } = await startGateway(t)
  const given = { validFrom: '2030-01-02T01:00:00+01:00', expiredUrl: 'HTTPS://EXAMPLE.com/ä' }
  const { json } = await call('POST', '/api/links', { url: URL, ...given })
  t.is(json.validFrom, '2030-01-02T00:00:00.000Z')
  t.is(json.expiredUrl, 'https://example.com/%C3%A4')
})

test('a link with an option is one of its own, and is not given again to who asks for none', async (t) => {
  const { call, links } = await startGateway(t)
  for (const [name, value] of Object.entries(OPTIONS)) {
    const first = await call('POST', '/api/links', { url: URL, [name]: value })
    const second = await call('POST', '/api/links', { url: URL, [name]: value })
    t.deepEqual([first.status, second.status], [201, 201], name)
    t.not(first.json.code, second.json.code)
  }
  const plain = await call('POST', '/api/links', { url: URL })
  t.is(plain.status, 201)
  await call('PATCH', `/api/links/${plain.json.code}`, { redirectStatus: 301 })
  t.is((await call('POST', '/api/links', { url: URL })).status, 201, 'it is plain no more')
  t.is(links.links.size, 10)
})

test('a request that is repeated with its key finds its link, and another option is another request', async (t) => {
  const { call } = await startGateway(t)
  const key = { 'idempotency-key': 'once' }
  const first = await call('POST', '/api/links', { url: URL, redirectStatus: 301 }, key)
  const again = await call('POST', '/api/links', { url: URL, redirectStatus: 301 }, key)
  const other = await call('POST', '/api/links', { url: URL, redirectStatus: 307 }, key)
  t.is(again.json.code, first.json.code)
  t.not(other.json.code, first.json.code)
})

test('what cannot be is refused by its name', async (t) => {
  const { call } = await startGateway(t)
  const wrong: readonly [object, string][] = [
    [{ validFrom: 'tomorrow' }, 'validFrom'],
    [{ validFrom: 5 }, 'validFrom'],
    [{ validFrom: IN_AN_HOUR, expiresAt: IN_AN_HOUR }, 'validFrom'],
    [{ redirectStatus: 303 }, 'redirectStatus'],
    [{ forwardQuery: 'true' }, 'forwardQuery'],
    [{ redirectStatus: '301' }, 'redirectStatus'],
    [{ expiredUrl: 'javascript:alert(1)' }, 'expiredUrl'],
    [{ expiredUrl: `https://example.com/${'x'.repeat(2_029)}` }, 'expiredUrl'],
    [{ expiredUrl: 'http://sho.rt/abc' }, 'expiredUrl'],
  ]
  for (const [fields, field] of wrong) {
    const { status, json } = await call('POST', '/api/links', { url: URL, ...fields })
    t.deepEqual([status, json.code, json.field], [400, 'invalid_field', field], json.detail)
  }
  const links = wrong.map(([fields]) => ({ url: URL, ...fields }))
  const { json } = await call('POST', '/api/links/bulk', { links })
  for (const [index, [, field]] of wrong.entries()) {
    t.like(json.results[index], { status: 400, error: { field: `links[${index}].${field}` } })
  }
})

test('a change that would make a link expire before it is valid is refused', async (t) => {
  const { call } = await startGateway(t)
  const { json } = await call('POST', '/api/links', { url: URL, expiresAt: IN_AN_HOUR })
  const path = `/api/links/${json.code}`
  const refused = await call('PATCH', path, { validFrom: IN_AN_HOUR })
  t.deepEqual([refused.status, refused.json.field], [400, 'validFrom'])
  t.regex(refused.json.detail, /validFrom must be before expiresAt/)
  t.is((await call('PATCH', path, { validFrom: IN_AN_HOUR, expiresAt: null })).status, 200)
})
