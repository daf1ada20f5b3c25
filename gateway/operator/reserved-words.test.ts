/** The words that are no codes: all under which something is routed, and few others. */
import test from 'ava'
import { parseCode } from '../../links/ids.ts'
import { isReserved } from '../../links/reserved-codes.ts'
import { startGateway } from '../testing/test-gateway.ts'

/** What people want for links of their own. */
const FREE = ['blog', 'link', 'links', 'events', 'help', 'home', 'about', 'app', 'status', 'stats']
/** They look like places to sign in, or are asked for by probes, or are special to JavaScript. */
const HARMFUL = ['login', 'Admin', 'signin', 'readyz', '__proto__', 'constructor']

test('whatever begins a route of the service is no code', async (t) => {
  const { call } = await startGateway(t)
  const document = (await call('GET', '/openapi.json')).json as unknown as { paths: object }
  const documented = Object.keys(document.paths).map((path) => path.split('/')[1]!)
  const words = new Set([...documented, 'docs', 'assets'].filter((word) => parseCode(word)))
  t.deepEqual([...words].sort(), ['api', 'assets', 'docs', 'health', 'metrics'])
  for (const word of words) t.true(isReserved(word), word)
  for (const word of HARMFUL) t.true(isReserved(word), word)
})

test('common words are free: a link of that name is made and followed', async (t) => {
  const { call } = await startGateway(t)
  for (const code of FREE) {
    const url = `https://example.com/${code}`
    t.is((await call('POST', '/api/links', { url, code })).status, 201, code)
    t.is((await call('GET', `/${code}`)).headers['location'], url)
    t.is((await call('GET', `/${code}/`)).headers['location'], url)
  }
})

test('a reserved word says that it is one, by itself, among many, and in an import', async (t) => {
  const { call } = await startGateway(t)
  const url = 'https://example.com/'
  const one = await call('POST', '/api/links', { url, code: 'Docs' })
  t.like(one.json, { status: 400, code: 'reserved_code', field: 'code' })
  t.regex(one.json.detail, /^"Docs" is a reserved word/)
  const past = { url, code: 'metrics', createdAt: '2020-01-01T00:00:00Z' }
  const many = await call('POST', '/api/links/bulk', { links: [{ url, code: 'api' }, past] })
  for (const [index, { error }] of many.json.results.entries()) {
    t.like(error, { code: 'reserved_code', field: `links[${index}].code` })
  }
})

test('a link that has a reserved word from before is still followed, where nothing is routed', async (t) => {
  const { add, call } = await startGateway(t)
  add({ code: 'login', url: 'https://example.com/login' })
  t.is((await call('GET', '/login')).headers['location'], 'https://example.com/login')
  t.is((await call('PATCH', '/api/links/login', { title: 'x' })).status, 200)
})
