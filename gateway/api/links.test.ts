import test from 'ava'
import { TinygridError } from '../../links/errors.ts'
import type { EpochMs } from '../../links/ids.ts'
import { IN_AN_HOUR, NOW, startGateway } from '../testing/test-gateway.ts'

const PATH = '/api/links/abc1234'

test('a link is read with its entity tag', async (t) => {
  const { add, call } = await startGateway(t)
  add({ code: 'abc1234', title: 'Title' })
  const { status, json, headers } = await call('GET', PATH)
  t.is(status, 200)
  t.like(json, { code: 'abc1234', title: 'Title', visits: 0 })
  t.regex(headers['etag']!, /^"[\w-]+"$/)
  t.is(headers['cache-control'], 'no-store')
})

test('who has the link already gets 304 where its visits are not known', async (t) => {
  const { add, call } = await startGateway(t, {}, undefined, { analytics: undefined })
  add({ code: 'abc1234' })
  const etag = (await call('GET', PATH)).headers['etag']!
  for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
    const { status, text } = await call('GET', PATH, undefined, { 'if-none-match': known })
    t.is(status, 304)
    t.is(text, '')
  }
  const other = await call('GET', PATH, undefined, { 'if-none-match': '"other"' })
  t.is(other.status, 200)
})

test('a link that counts visits is always sent, since its tag does not change with them', async (t) => {
  const { add, call } = await startGateway(t)
  add({ code: 'abc1234', maxVisits: 5 })
  const etag = (await call('GET', PATH)).headers['etag']!
  const { status } = await call('GET', PATH, undefined, { 'if-none-match': etag })
  t.is(status, 200)
})

test('expired and used up links can be read', async (t) => {
  const { add, call } = await startGateway(t)
  add({ code: 'expired', expiresAt: (NOW - 1) as EpochMs })
  add({ code: 'used', maxVisits: 1, visits: 1 })
  t.is((await call('GET', '/api/links/expired')).status, 200)
  t.is((await call('GET', '/api/links/used')).json.visits, 1)
})

test('a change changes what it names and nothing else', async (t) => {
  const { add, call } = await startGateway(t)
  add({ code: 'abc1234', title: 'Old', tags: ['x'] })
  const before = await call('GET', PATH)
  const { status, json, headers } = await call('PATCH', PATH, {
    url: 'https://example.org/new',
    expiresAt: IN_AN_HOUR,
  })
  t.is(status, 200)
  t.like(json, { url: 'https://example.org/new', title: 'Old', expiresAt: IN_AN_HOUR })
  t.deepEqual(json.tags, ['x'])
  t.not(headers['etag'], before.headers['etag'])
  t.is((await call('GET', '/abc1234')).headers['location'], 'https://example.org/new')
})

test('null takes a setting away', async (t) => {
  const { add, call } = await startGateway(t)
  const expiresAt = (NOW + 1000) as EpochMs
  add({ code: 'abc1234', title: 'Old', expiresAt, maxVisits: 3 })
  const changes = { title: null, expiresAt: null, maxVisits: null, tags: [] }
  const { json } = await call('PATCH', PATH, changes)
  t.like(json, { title: null, expiresAt: null, maxVisits: null, visits: 0 })
})

test('a link can be expired at once, and used up at once', async (t) => {
  const { add, call } = await startGateway(t)
  add({ code: 'abc1234', maxVisits: 5, visits: 3 })
  t.is((await call('PATCH', PATH, { maxVisits: 2 })).status, 200)
  const used = await call('GET', '/abc1234', undefined, { accept: 'application/json' })
  t.is(used.json.code, 'link_used_up')
  await call('PATCH', PATH, { maxVisits: null, expiresAt: '2020-01-01T00:00:00Z' })
  const expired = await call('GET', '/abc1234', undefined, { accept: 'application/json' })
  t.is(expired.json.code, 'link_expired')
})

test('If-Match lets a change through only while the link is as it was', async (t) => {
  const { add, call } = await startGateway(t)
  add({ code: 'abc1234' })
  const etag = (await call('GET', PATH)).headers['etag']!
  const first = await call('PATCH', PATH, { title: '1' }, { 'if-match': etag })
  t.is(first.status, 200)
  const stale = { 'if-match': etag }
  for (const late of [
    await call('PATCH', PATH, { title: '2' }, stale),
    await call('DELETE', PATH, undefined, stale),
    await call('DELETE', `${PATH}?purge=true`, undefined, stale),
  ]) {
    t.is(late.status, 412)
    t.is(late.json.code, 'precondition_failed')
  }
  const fresh = { 'if-match': first.headers['etag']! }
  t.is((await call('PATCH', PATH, { title: '3' }, fresh)).status, 200)
  t.is((await call('PATCH', PATH, { title: '4' }, { 'if-match': '*' })).status, 200)
})

test('a deleted link is gone, keeps its code and can be restored', async (t) => {
  const { add, call } = await startGateway(t)
  add({ code: 'abc1234' })
  const deleted = await call('DELETE', PATH)
  t.is(deleted.status, 204)
  t.is(deleted.text, '')
  for (const gone of [
    await call('GET', PATH),
    await call('PATCH', PATH, { title: 'x' }),
    await call('DELETE', PATH),
  ]) {
    t.is(gone.status, 410)
    t.is(gone.json.code, 'link_deleted')
  }
  const body = { url: 'https://example.org/', code: 'abc1234' }
  t.is((await call('POST', '/api/links', body)).status, 409)
  const restored = await call('POST', `${PATH}/restore`)
  t.is(restored.status, 200)
  t.is(restored.json.code, 'abc1234')
  t.is((await call('GET', '/abc1234')).status, 302)
  t.is((await call('POST', `${PATH}/restore`)).json.code, 'link_not_deleted')
})

test('restore takes no body, but does not mind a content type', async (t) => {
  const { add, call } = await startGateway(t)
  add({ code: 'abc1234', lifecycle: 'deleted' })
  const headers = { 'content-type': 'application/json' }
  t.is((await call('POST', `${PATH}/restore`, undefined, headers)).status, 200)
})

test('a purged code can be given again', async (t) => {
  const { add, call } = await startGateway(t)
  add({ code: 'abc1234' })
  t.is((await call('DELETE', `${PATH}?purge=true`)).status, 204)
  t.is((await call('GET', PATH)).status, 404)
  t.is((await call('GET', '/abc1234')).status, 404)
  t.is((await call('POST', `${PATH}/restore`)).status, 404)
  const body = { url: 'https://example.org/', code: 'abc1234' }
  t.is((await call('POST', '/api/links', body)).status, 201)
})

for (const code of ['nothing', '..%2f', '%00', 'a'.repeat(65), 'a b', '__proto__', 'ä', 'bulk']) {
  test(`/api/links/${code.slice(0, 10)}: there is no such link, whatever is done to it`, async (t) => {
    const { call } = await startGateway(t)
    const path = `/api/links/${encodeURI(code).replaceAll('%25', '%')}`
    for (const { status, json } of [
      await call('GET', path),
      await call('PATCH', path, { title: 'x' }),
      await call('DELETE', path),
      await call('POST', `${path}/restore`),
    ]) {
      t.is(status, 404)
      t.is(json.code, 'link_not_found')
    }
  })
}

test('a system that cannot answer says when to try again', async (t) => {
  const { add, call, links } = await startGateway(t)
  add({ code: 'abc1234' })
  links.failure = new TinygridError('log_unavailable', { retryAfterSeconds: 7 })
  for (const reply of [
    await call('GET', PATH),
    await call('PATCH', PATH, { title: 'x' }),
    await call('DELETE', PATH),
    await call('POST', `${PATH}/restore`),
    await call('POST', '/api/links', { url: 'https://example.com/' }),
    await call('GET', '/api/links'),
  ]) {
    t.is(reply.status, 503)
    t.is(reply.json.code, 'log_unavailable')
    t.is(reply.headers['retry-after'], '7')
  }
})

test('links are listed newest first, page by page', async (t) => {
  const { add, call } = await startGateway(t)
  for (const code of ['one', 'two', 'three']) add({ code, tags: [code] })
  add({ code: 'deleted', lifecycle: 'deleted' })
  const first = await call('GET', '/api/links?limit=2')
  t.deepEqual(codesOf(first.json), ['three', 'two'])
  const second = await call('GET', `/api/links?limit=2&cursor=${first.json.nextCursor}`)
  t.deepEqual(codesOf(second.json), ['one'])
  t.is(second.json.nextCursor, null)
  t.is(first.json.links[0]!.shortUrl, 'http://sho.rt/three')
})

test('lists can be narrowed by text and by tag', async (t) => {
  const { add, call } = await startGateway(t)
  add({ code: 'one', title: 'first thing' })
  add({ code: 'two', tags: ['a&b'] })
  t.deepEqual(codesOf((await call('GET', '/api/links?search=first+thing')).json), ['one'])
  t.deepEqual(codesOf((await call('GET', '/api/links?tag=a%26b')).json), ['two'])
  t.is((await call('GET', '/api/links?search=&tag=')).json.links.length, 2)
  t.is((await call('GET', '/api/links?search=+&tag=')).json.links.length, 2)
})

test('a whole short URL finds its link, if that is live and has the tag', async (t) => {
  const { call, add } = await startGateway(t, { baseUrl: 'https://go.example' })
  add({ code: 'abc', tags: ['a'] })
  add({ code: 'abcd' })
  add({ code: 'gone', lifecycle: 'deleted' })
  const found = async (search: string, more = '') => {
    const query = `search=${encodeURIComponent(search)}${more}`
    return codesOf((await call('GET', `/api/links?${query}`)).json)
  }
  t.deepEqual(await found('https://go.example/abc'), ['abc'])
  t.deepEqual(await found(' go.example/abc+'), ['abc'])
  t.deepEqual(await found('https://go.example/abc', '&tag=a'), ['abc'])
  t.deepEqual(await found('https://go.example/abc', '&tag=b'), [])
  t.deepEqual(await found('https://go.example/gone'), [])
  t.deepEqual(await found('https://go.example/nobody'), [])
})

for (const [query, field] of [
  ['limit=0', 'limit'],
  ['limit=1001', 'limit'],
  ['limit=-1', 'limit'],
  ['limit=ten', 'limit'],
  ['limit=1&limit=2', 'limit'],
  ['cursor=nonsense', 'cursor'],
  ['cursor=', 'cursor'],
  ['offset=5', 'offset'],
  ['search=a&search=b', 'search'],
  ['__proto__=1', '__proto__'],
  [`search=${'a'.repeat(4097)}`, 'search'],
] as const) {
  test(`a list with ${query.slice(0, 20)} is refused, naming ${field}`, async (t) => {
    const { call } = await startGateway(t)
    const { status, json } = await call('GET', `/api/links?${query}`)
    t.is(status, 400)
    t.is(json.field, field)
  })
}

function codesOf(page: { links: { code: string }[] }): string[] {
  return page.links.map((link) => link.code)
}
