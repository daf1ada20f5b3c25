/** Web pages of other origins: which may call the API, what their browsers are told, and what never. */
import test from 'ava'
import { EMPTY_ADDRESS_BOOK } from '../../clicks/parse/address-book.ts'
import { ClickParser } from '../../clicks/parse/click-parser.ts'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import { EventListener } from '../testing/event-listener.ts'
import { FakeClickLog } from '../testing/fake-click-log.ts'
import { startGateway } from '../testing/test-gateway.ts'
import { parseOrigin } from './cross-origin.ts'

const APP = 'https://app.example.com'
const OTHER = 'https://evil.example'
const ON = { corsOrigins: [APP, 'http://localhost:5173'] }
const from = (origin: string, more: Record<string, string> = {}) => ({ origin, ...more })
const preflight = (method: string, origin = APP) =>
  from(origin, { 'access-control-request-method': method, 'x-api-key': '' })

test('a page of a named origin makes a link, reads its headers, and follows it', async (t) => {
  const { call } = await startGateway(t, ON)
  const made = await call('POST', '/api/links', { url: 'https://a.example/' }, from(APP))
  t.is(made.status, 201)
  t.is(made.headers['access-control-allow-origin'], APP)
  t.is(made.headers['vary'], 'Origin')
  t.is(made.headers['access-control-allow-credentials'], undefined)
  const readable = made.headers['access-control-expose-headers']!.split(', ')
  for (const name of ['ETag', 'Location', 'Retry-After', 'RateLimit-Remaining']) {
    t.true(readable.includes(name), name)
  }
  const visit = await call('GET', `/${made.json.code}`, undefined, from(APP))
  t.is(visit.status, 302)
  t.deepEqual(corsHeaders(visit.headers), [])
})

test('a page of another origin is told nothing that lets it read or send', async (t) => {
  const { call } = await startGateway(t, ON)
  const near = ['https://app.example.com.evil.example', 'http://app.example.com', 'null', '*']
  for (const origin of [OTHER, `${APP}:8443`, ...near]) {
    const read = await call('GET', '/api/links', undefined, from(origin))
    t.deepEqual(corsHeaders(read.headers), [], origin)
    t.is(read.headers['vary'], 'Origin')
    const asked = await call('OPTIONS', '/api/links', undefined, preflight('POST', origin))
    t.deepEqual(corsHeaders(asked.headers), [], origin)
    t.is(asked.status, 405)
  }
})

test('every route of the API answers a preflight with the methods of its path', async (t) => {
  const { app, call } = await startGateway(t, ON)
  await app.ready()
  const document = (await call('GET', '/openapi.json')).json as unknown as {
    paths: Record<string, Record<string, unknown>>
  }
  const paths = Object.entries(document.paths).filter(([path]) => path.startsWith('/api/'))
  t.true(paths.length > 15)
  for (const [path, operations] of paths) {
    const url = path.replaceAll(/\{\w+\}/g, 'x')
    const { status, headers, text } = await call('OPTIONS', url, undefined, preflight('GET'))
    t.is(status, 204, path)
    t.is(text, '')
    t.is(headers['access-control-allow-origin'], APP, path)
    const methods = headers['access-control-allow-methods']!.split(', ')
    for (const method of Object.keys(operations))
      t.true(methods.includes(method.toUpperCase()), path)
    const sent = headers['access-control-allow-headers']!.toLowerCase()
    for (const name of [
      'x-api-key',
      'authorization',
      'content-type',
      'if-match',
      'last-event-id',
    ]) {
      t.true(sent.includes(name), `${path} ${name}`)
    }
    t.is(headers['access-control-max-age'], '7200')
  }
})

test('an error can be read too, whatever it is', async (t) => {
  const { call } = await startGateway(t, { ...ON, wrongKeysPerMinuteMax: 1 })
  const bad = { 'x-api-key': 'a-wrong-key-of-24-letters' }
  for (const [status, method, path, body, headers] of [
    [400, 'POST', '/api/links', { url: 'no' }, {}],
    [404, 'GET', '/api/nothing', undefined, {}],
    [404, 'GET', '/api/links/nothing', undefined, {}],
    [404, 'GET', '/api/%zz', undefined, {}],
    [405, 'DELETE', '/api/links', undefined, {}],
    [413, 'POST', '/api/links', 'x'.repeat(70_000), {}],
    [415, 'POST', '/api/links', 'x', { 'content-type': 'text/plain' }],
    [401, 'GET', '/api/links', undefined, { 'x-api-key': '' }],
    [401, 'GET', '/api/links', undefined, bad],
    [429, 'GET', '/api/links', undefined, bad],
  ] as const) {
    const reply = await call(method, path, body, from(APP, headers))
    t.is(reply.status, status, path)
    t.is(reply.headers['access-control-allow-origin'], APP, `${status} ${path}`)
  }
})

test('pages, files and numbers are for this origin alone', async (t) => {
  const { add, call } = await startGateway(t, ON)
  add({ code: 'abc1234' })
  for (const path of [
    '/',
    '/abc1234',
    '/abc1234+',
    '/nothing',
    '/health/live',
    '/metrics',
    '/api',
  ]) {
    const { headers } = await call('GET', path, undefined, from(APP))
    t.deepEqual(corsHeaders(headers), [], path)
    t.is(headers['vary'], undefined, path)
  }
})

test('without the setting nothing is different for who sends an origin', async (t) => {
  const { call } = await startGateway(t)
  const { headers } = await call('GET', '/api/links', undefined, from(APP))
  t.deepEqual(corsHeaders(headers), [])
  t.is(headers['vary'], undefined)
  t.is((await call('OPTIONS', '/api/links', undefined, preflight('GET'))).status, 405)
})

test('a star lets every page call, and lets none use what a browser keeps', async (t) => {
  const { call } = await startGateway(t, { corsOrigins: ['*'] })
  for (const origin of [APP, OTHER, 'null']) {
    const { headers } = await call('GET', '/api/links', undefined, from(origin))
    t.is(headers['access-control-allow-origin'], '*')
    t.is(headers['access-control-allow-credentials'], undefined)
  }
})

test('live events can be listened to by a page', async (t) => {
  const parser = new ClickParser({ addresses: EMPTY_ADDRESS_BOOK, keepsAddress: true })
  const live = { clickLog: new FakeClickLog(), parser, clock: new ManualClock() }
  const gateway = await startGateway(t, ON, undefined, live)
  const leaving = new AbortController()
  t.teardown(() => leaving.abort())
  const port = await gateway.listen()
  const listener = await EventListener.listen(port, '', { origin: APP }, leaving.signal)
  t.is(listener.headers.get('access-control-allow-origin'), APP)
  t.is(listener.headers.get('vary'), 'Origin')
})

test('an origin is what browsers send', (t) => {
  for (const [given, origin] of [
    ['https://app.example.com', APP],
    ['HTTPS://App.Example.com:443/', APP],
    ['http://localhost:5173', 'http://localhost:5173'],
    ['capacitor://localhost', 'capacitor://localhost'],
    ['https://bücher.example', 'https://xn--bcher-kva.example'],
    ['*', '*'],
  ] as const) {
    t.is(parseOrigin(given), origin)
  }
  const wrong = [
    'null',
    'app.example.com',
    'https://',
    'https://a.example/x',
    'https://a.example?x',
  ]
  for (const text of [
    ...wrong,
    'https://u:p@a.example',
    'https://*.a.example/*',
    'mailto:a@b.c',
    '',
  ]) {
    t.is(parseOrigin(text), undefined, text)
  }
})

function corsHeaders(headers: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(headers).filter((name) => name.startsWith('access-control-'))
}
