/** A creation that is asked for again by its Idempotency-Key. */
import test from 'ava'
import type { LinkDraft } from './link-draft.ts'
import type { Code } from '../../links/ids.ts'
import { OPERATION_ID_LENGTH_MAX } from '../../links/link-owner.ts'
import { RepeatableRequest } from './idempotency.ts'
import { codesOfUrl } from './link-code.ts'
import { IN_AN_HOUR, startGateway } from '../testing/test-gateway.ts'

const URL_1 = 'https://example.com/a/long/page'
const KEY = { 'idempotency-key': 'b4f6c2' }

const BODIES = {
  'a plain link': { url: URL_1 },
  'a link of its own': { url: URL_1, reuse: false },
  'a link with settings': { url: URL_1, title: 'A', tags: ['b'], maxVisits: 2 },
  'a link that expires': { url: URL_1, expiresAt: IN_AN_HOUR },
  'an alias': { url: URL_1, code: 'mine' },
}

for (const [name, body] of Object.entries(BODIES)) {
  test(`${name} is made once and answered alike each time`, async (t) => {
    const { call, links } = await startGateway(t)
    const first = await call('POST', '/api/links', body, KEY)
    const again = await call('POST', '/api/links', body, KEY)
    t.is(first.status, 201)
    t.is(again.status, 201)
    t.deepEqual(again.json, first.json)
    t.is(again.headers['location'], first.headers['location'])
    t.is(links.links.size, 1)
  })

  test(`${name} whose answer was lost is found by asking again`, async (t) => {
    const { call, links } = await startGateway(t)
    links.losesAnswers = true
    t.is((await call('POST', '/api/links', body, KEY)).json.code, 'log_uncertain')
    links.losesAnswers = false
    const { status, json } = await call('POST', '/api/links', body, KEY)
    t.is(status, 201)
    t.deepEqual([...links.links.keys()].map(String), [json.code])
  })
}

test('a repetition finds its link behind codes that were taken', async (t) => {
  const { add, call, links } = await startGateway(t)
  for (const code of codesOfUrl(URL_1, 7)) add({ code })
  const before = links.links.size
  const first = await call('POST', '/api/links', { url: URL_1 }, KEY)
  const again = await call('POST', '/api/links', { url: URL_1 }, KEY)
  t.is(again.status, 201)
  t.deepEqual(again.json, first.json)
  t.is(links.links.size, before + 1)
})

test('the answer is the first one, even if the link was changed since', async (t) => {
  const { call } = await startGateway(t)
  const first = await call('POST', '/api/links', { url: URL_1 }, KEY)
  await call('DELETE', `/api/links/${first.json.code}`)
  const again = await call('POST', '/api/links', { url: URL_1 }, KEY)
  t.is(again.status, 201)
  t.deepEqual(again.json, first.json)
})

test('the same key with another body is another request', async (t) => {
  const { call, links } = await startGateway(t)
  const bodies = [
    { url: URL_1, reuse: false },
    { url: `${URL_1}?`, reuse: false },
    { url: URL_1, title: 'A' },
    { url: URL_1, tags: ['A'] },
    { url: URL_1, maxVisits: 1 },
  ]
  for (const body of bodies) t.is((await call('POST', '/api/links', body, KEY)).status, 201)
  t.is(links.links.size, bodies.length)
})

test('another key, or none, is another request', async (t) => {
  const { call, links } = await startGateway(t)
  const body = { url: URL_1, reuse: false }
  for (const headers of [KEY, { 'idempotency-key': 'b4f6c3' }, {}, {}] as const) {
    t.is((await call('POST', '/api/links', body, headers)).status, 201)
  }
  t.is(links.links.size, 4)
})

test('the same request in other words is the same request', async (t) => {
  const { call } = await startGateway(t)
  const first = await call('POST', '/api/links', { url: URL_1, title: 'A' }, KEY)
  const body = { title: ' A ', url: ` ${URL_1.replace('https', 'HTTPS')}`, tags: [] }
  t.is((await call('POST', '/api/links', body, KEY)).json.code, first.json.code)
})

for (const key of ['', ' ', 'a b', 'ä', 'a\tb', 'x'.repeat(256)]) {
  test(`${JSON.stringify(key.slice(0, 9))} (${key.length} characters) is no key`, async (t) => {
    const { call, links } = await startGateway(t)
    const { status, json } = await call('POST', '/api/links', { url: URL_1 }, header(key))
    t.is(status, 400)
    t.like(json, { code: 'invalid_field', field: 'Idempotency-Key' })
    t.is(links.links.size, 0)
  })
}

for (const key of ['!', '~', '"8e03978e-40d5"', 'x'.repeat(255)]) {
  test(`${JSON.stringify(key.slice(0, 9))} (${key.length} characters) is a key`, async (t) => {
    const { call } = await startGateway(t)
    t.is((await call('POST', '/api/links', { url: URL_1 }, header(key))).status, 201)
  })
}

function header(key: string): Record<string, string> {
  return { 'idempotency-key': key }
}

test('names fit, differ by code, and cannot be told without the secret', (t) => {
  const settings = { title: null, tags: [], expiresAt: null, maxVisits: null, password: null }
  const plain = { url: URL_1, alias: undefined, domain: null, reuse: false }
  const draft: LinkDraft = { ...plain, ...settings }
  const [ours, theirs] = ['ours', 'theirs'].map((s) => new RepeatableRequest(s, 'key', draft))
  const id = ours!.operationId('abc' as Code)
  t.true(id.length <= OPERATION_ID_LENGTH_MAX)
  t.is(ours!.operationId('abc' as Code), id)
  t.not(ours!.operationId('abd' as Code), id)
  t.not(theirs!.operationId('abc' as Code), id)
  t.deepEqual(ours!.randomBytes()(100), ours!.randomBytes()(100))
  t.notDeepEqual(ours!.randomBytes()(100), theirs!.randomBytes()(100))
  const bytes = ours!.randomBytes()
  t.notDeepEqual(bytes(7), bytes(7))
})
