/** Every way in which a call can go wrong arrives as an ApiError that a person can read. */
import test from 'ava'
import { connect, listPath } from './api.ts'
import { NO_QUERY } from './link-list-state.ts'
import { ApiError, type Connection } from './service-call.ts'

/** Answers each request with `response` and keeps what was asked. */
function serviceOf(response: () => Response | Promise<Response>) {
  const requests: Request[] = []
  const fetch: Connection['fetch'] = async (path, options) => {
    requests.push(new Request(new URL(path, 'http://service.test'), options))
    return response()
  }
  return { fetch, requests }
}

function problem(status: number, body: object, headers: Record<string, string> = {}) {
  return new Response(JSON.stringify(body), { status, headers })
}

test('a call carries the key, and its changes name the version they are meant for', async (t) => {
  const { fetch, requests } = serviceOf(() => Response.json({ code: 'abc' }))
  await connect({ key: 'secret', fetch }).update('abc', { title: null }, '"v1"')
  t.is(requests[0]?.method, 'PATCH')
  t.is(requests[0]?.url, 'http://service.test/api/links/abc')
  t.is(requests[0]?.headers.get('X-Api-Key'), 'secret')
  t.is(requests[0]?.headers.get('If-Match'), '"v1"')
  t.is(await requests[0]?.text(), '{"title":null}')
})

test('without a key, none is sent', async (t) => {
  const { fetch, requests } = serviceOf(() => Response.json({}, { status: 201 }))
  await connect({ key: undefined, fetch }).create({ url: 'https://example.com/' })
  t.false(requests[0]?.headers.has('X-Api-Key'))
  t.is(requests[0]?.credentials, 'omit')
})

test('the session of a person is sent to this service alone', async (t) => {
  const { fetch, requests } = serviceOf(() => Response.json({ default: null, domains: [] }))
  await connect({ key: undefined, hasSession: true, fetch }).domains()
  t.is(requests[0]?.credentials, 'same-origin')
})

test('a search asks for what is set and nothing else', async (t) => {
  const { fetch, requests } = serviceOf(() => Response.json({ links: [], nextCursor: null }))
  const api = connect({ key: 'secret', fetch })
  await api.list({ ...NO_QUERY, search: 'a&b' }, null, 25)
  await api.list({ ...NO_QUERY, tag: 'ü' }, 'next', 25)
  t.is(requests[0]?.url, 'http://service.test/api/links?limit=25&search=a%26b')
  t.is(requests[1]?.url, 'http://service.test/api/links?limit=25&tag=%C3%BC&cursor=next')
})

test('a refusal arrives with its code, its sentence, its field and when to come back', async (t) => {
  const body = { code: 'invalid_field', title: 'No', detail: 'Too many tags', field: 'tags[10]' }
  const { fetch } = serviceOf(() => problem(503, body, { 'Retry-After': '7' }))
  const error = await t.throwsAsync(connect({ key: 'secret', fetch }).remove('abc'), {
    instanceOf: ApiError,
    message: 'Too many tags',
  })
  t.like(error, { code: 'invalid_field', field: 'tags', retryAfterSeconds: 7 })
})

test('an answer that is not the service’s own is never shown raw', async (t) => {
  const { fetch } = serviceOf(() => new Response('<h1>Bad Gateway</h1>', { status: 502 }))
  const error = await t.throwsAsync(connect({ key: 'secret', fetch }).read('abc'), {
    instanceOf: ApiError,
  })
  t.is(error?.code, 'unexpected')
  t.notRegex(error?.message ?? '', /[<{]/)
})

test('a success that is not JSON is an error too', async (t) => {
  const { fetch } = serviceOf(() => new Response('<h1>Welcome to the hotel</h1>'))
  await t.throwsAsync(connect({ key: 'secret', fetch }).read('abc'), { instanceOf: ApiError })
})

test('a network that is down is told as such', async (t) => {
  const { fetch } = serviceOf(() => Promise.reject(new TypeError('Failed to fetch')))
  const error = await t.throwsAsync(connect({ key: 'secret', fetch }).read('abc'), {
    instanceOf: ApiError,
  })
  t.is(error?.code, 'offline')
})

test('a call that its caller gave up stays aborted', async (t) => {
  const { fetch } = serviceOf(() => Promise.reject(new DOMException('', 'AbortError')))
  const list = connect({ key: 'secret', fetch }).list(NO_QUERY, null, 1)
  await t.throwsAsync(list, { name: 'AbortError' })
})

test('a refused key is reported', async (t) => {
  const { fetch } = serviceOf(() => problem(401, { code: 'unauthorized' }))
  let reports = 0
  const api = connect({ key: 'old', fetch, onUnauthorized: () => reports++ })
  await t.throwsAsync(api.read('abc'), { instanceOf: ApiError })
  t.is(reports, 1)
})

test('creating tells a new link from one that was there', async (t) => {
  for (const status of [200, 201]) {
    const { fetch } = serviceOf(() => Response.json({ code: 'abc' }, { status }))
    const { isNew } = await connect({ key: 'k', fetch }).create({ url: 'https://example.com/' })
    t.is(isNew, status === 201)
  }
})

test('both days are included, as the wall clock has them', (t) => {
  const query = { ...NO_QUERY, from: '2026-06-12', to: '2026-06-13', state: 'expired' as const }
  t.is(
    decodeURIComponent(listPath(query, null, 25, 'Europe/Berlin')),
    '/api/links?limit=25&state=expired&createdFrom=2026-06-11T22:00:00.000Z&createdTo=2026-06-13T22:00:00.000Z',
  )
})
