/** What holds for all interfaces of other shorteners: off until they are wanted, and in nobody's way. */
import test from 'ava'
import { FOREIGN_INTERFACES } from './foreign-interfaces.ts'
import { KEY, startGateway } from '../testing/test-gateway.ts'

const ADDRESSES = [
  '/rest/health',
  '/rest/v3/short-urls',
  '/yourls-api.php',
  '/v4/bitlinks/a/b',
  '/api/v2/health',
]
const CODES = ['rest', 'v4', 'v3', 'yourls-api', 'bitlinks', 'v2']
const ORIGIN = 'https://app.example'

test('none of them is there by default', async (t) => {
  const { call } = await startGateway(t)
  for (const path of ADDRESSES) {
    t.is((await call('GET', path, undefined, { 'x-api-key': KEY })).status, 404, path)
  }
  t.is((await call('POST', '/v4/shorten', {}, { 'x-api-key': KEY })).status, 404)
})

test('links whose codes begin their addresses are made and followed', async (t) => {
  const { call } = await startGateway(t, { interfaces: FOREIGN_INTERFACES, aliasLengthMax: 16 })
  for (const code of CODES) {
    const url = `https://example.com/${code}`
    t.is((await call('POST', '/api/links', { url, code })).status, 201, code)
    t.is((await call('GET', `/${code}`)).headers['location'], url)
    t.is((await call('GET', `/${code}/`)).headers['location'], url)
    t.is((await call('GET', `/${code}+`)).status, 200)
  }
})

test('what they do not have is told to programs', async (t) => {
  const { call } = await startGateway(t, { interfaces: FOREIGN_INTERFACES })
  for (const path of ['/rest/v3/no-such', '/v4/no-such', '/api/v2/no-such']) {
    const reply = await call('GET', path, undefined, { 'x-api-key': KEY })
    t.is(reply.status, 404)
    t.regex(reply.headers['content-type']!, /problem\+json/)
  }
})

test('pages of the named origins may call them, with the header of the key', async (t) => {
  const { call } = await startGateway(t, { interfaces: FOREIGN_INTERFACES, corsOrigins: [ORIGIN] })
  const asks = { origin: ORIGIN, 'access-control-request-method': 'PUT' }
  const preflight = await call('OPTIONS', '/rest/v3/tags', undefined, asks)
  t.is(preflight.status, 204)
  t.is(preflight.headers['access-control-allow-origin'], ORIGIN)
  t.regex(preflight.headers['access-control-allow-methods']!, /\bPUT\b/)
  t.regex(preflight.headers['access-control-allow-headers']!, /X-Api-Key/)
  for (const path of ADDRESSES) {
    const { headers } = await call('GET', path, undefined, { origin: ORIGIN })
    t.is(headers['access-control-allow-origin'], ORIGIN, path)
  }
  const off = await startGateway(t, { corsOrigins: [ORIGIN] })
  const { headers } = await off.call('GET', '/rest/health', undefined, { origin: ORIGIN })
  t.is(headers['access-control-allow-origin'], undefined)
})

test('the OpenAPI document leaves them to their makers', async (t) => {
  const { call } = await startGateway(t, { interfaces: FOREIGN_INTERFACES })
  const { paths } = (await call('GET', '/openapi.json')).json as unknown as { paths: object }
  t.deepEqual(
    Object.keys(paths).filter((path) => /^\/(rest|v4|yourls|api\/v2)/.test(path)),
    [],
  )
})
