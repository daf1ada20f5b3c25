/** Whether all there is comes out, and goes in again as it was. */
import { Readable } from 'node:stream'
import test from 'ava'
import { TinygridError } from '../../links/errors.ts'
import { toEpochMs, type Code } from '../../links/ids.ts'
import { viewOfOptions } from './link-option-fields.ts'
import { atRest } from '../testing/at-rest.ts'
import { KEY, startGateway, type TestGateway } from '../testing/test-gateway.ts'

const PAST = {
  url: 'https://example.com/',
  code: 'a-code-longer-than-any-alias-may-be',
  createdAt: '2020-01-01T00:00:00Z',
  updatedAt: '2020-01-02T00:00:00.5Z',
  expiresAt: '2020-01-03T00:00:00Z',
  title: 'Title',
  tags: ['a', 'b'],
  maxVisits: 3,
  visits: 3,
  isAlias: false,
  state: 'deleted',
  validFrom: '2020-01-01T13:00:00+01:00',
  redirectStatus: 307,
  expiredUrl: 'https://example.com/over',
  forwardQuery: false,
}

const PAST_LINK = { url: 'https://example.com/a', title: 'T'.repeat(100) }
/** Of links as a store gives them at a time. */
const BATCH_LINKS = 200
/** At least. */
const BATCH_BYTES = BATCH_LINKS * 300
/** In buffers of sockets and streams, on both sides. */
const HELD_BYTES_MAX = 32 * 2 ** 20

async function exported({ call }: TestGateway) {
  const { status, headers, text } = await call('GET', '/api/export')
  const lines = text.trimEnd().split('\n')
  return {
    status,
    headers,
    values: lines.map((line) => JSON.parse(line) as { [key: string]: unknown }),
  }
}

test('links in every state are exported, and the last line says how many', async (t) => {
  const gateway = await startGateway(t)
  gateway.add({ code: 'live' })
  gateway.add({ code: 'deleted', lifecycle: 'deleted' })
  gateway.add({ code: 'expired', expiresAt: toEpochMs(1) })
  gateway.add({ code: 'used', maxVisits: 1, visits: 1 })
  const { status, headers, values } = await exported(gateway)
  t.is(status, 200)
  t.is(headers['content-type'], 'application/x-ndjson')
  t.deepEqual(
    values.map(({ code, state }) => [code, state]),
    [
      ['live', 'live'],
      ['deleted', 'deleted'],
      ['expired', 'live'],
      ['used', 'live'],
      [undefined, undefined],
    ],
  )
  t.deepEqual(values.at(-1), { end: true, links: 4, damaged: [] })
})

test('a link is taken in as it was, once', async (t) => {
  const gateway = await startGateway(t)
  for (const status of [201, 200]) {
    const { json } = await gateway.call('POST', '/api/links/bulk', { links: [PAST] })
    t.is(json.results[0]!.status, status)
  }
  const { values } = await exported(gateway)
  const { shortUrl: _shortUrl, ...link } = values[0]!
  t.deepEqual(link, {
    ...viewOfOptions({}),
    passwordHash: null,
    ...PAST,
    createdAt: '2020-01-01T00:00:00.000Z',
    updatedAt: '2020-01-02T00:00:00.500Z',
    expiresAt: '2020-01-03T00:00:00.000Z',
    validFrom: '2020-01-01T12:00:00.000Z',
  })
  const other = { ...PAST, createdAt: '2021-01-01T00:00:00Z', updatedAt: '2021-01-01T00:00:00Z' }
  const { json } = await gateway.call('POST', '/api/links/bulk', { links: [other] })
  t.like(json.results[0], { status: 409, error: { code: 'alias_taken', field: 'code' } })
})

test('a past that cannot have been is refused by its field', async (t) => {
  const { call } = await startGateway(t)
  const { createdAt: _createdAt, ...unborn } = PAST
  const wrong: [object, string][] = [
    [{ updatedAt: '2019-01-01T00:00:00Z' }, 'updatedAt'],
    [{ createdAt: 'yesterday' }, 'createdAt'],
    [{ maxVisits: null }, 'visits'],
    [{ state: 'purged' }, 'state'],
    [{ code: 'api' }, 'code'],
    [{ url: 'javascript:x' }, 'url'],
    [{ colour: 'red' }, 'colour'],
  ]
  const links = [...wrong.map(([fields]) => ({ ...PAST, ...fields })), unborn]
  const { json } = await call('POST', '/api/links/bulk', { links })
  t.deepEqual(
    json.results.map(({ status, error }) => [status, error.field]),
    [...wrong.map(([, field]) => field), 'createdAt'].map((field, index) => {
      return [400, `links[${index}].${field}`]
    }),
  )
})

test('a damaged link is named at the end, and a store that lags behind is no export', async (t) => {
  const gateway = await startGateway(t)
  gateway.links.everything = async () => Readable.from([[{ code: 'bad' as Code, link: undefined }]])
  const { values } = await exported(gateway)
  t.deepEqual(values, [{ end: true, links: 0, damaged: ['bad'] }])
  gateway.links.everything = () => Promise.reject(new TinygridError('store_unavailable'))
  t.is((await gateway.call('GET', '/api/export')).status, 503)
})

test('only so many exports run at a time', async (t) => {
  const gateway = await startGateway(t)
  const port = await gateway.listen()
  const open: Readable[] = []
  gateway.links.everything = async () => {
    const stream = new Readable({ objectMode: true, read() {} })
    open.push(stream)
    return stream
  }
  const url = `http://127.0.0.1:${port}/api/export`
  const headers = { 'x-api-key': KEY }
  const started = Array.from({ length: 4 }, () => fetch(url, { headers }))
  while (open.length < 4) await new Promise(setImmediate)
  t.is((await fetch(url, { headers })).status, 503)
  for (const stream of open) stream.push(null)
  for (const response of await Promise.all(started)) t.regex(await response.text(), /"end":true/)
  gateway.links.everything = async () => Readable.from([])
  t.is((await gateway.call('GET', '/api/export')).status, 200)
})

test('who stops reading is sent nothing more, and nothing is gathered for him', async (t) => {
  const gateway = await startGateway(t)
  await gateway.call('POST', '/api/links', PAST_LINK)
  const [first] = await Array.fromAsync(await gateway.links.everything())
  const batch = Array.from({ length: BATCH_LINKS }, () => first![0]!)
  const source = { made: 0 }
  gateway.links.everything = async () =>
    (async function* () {
      for (; ; source.made++) yield batch
    })()
  const url = `http://127.0.0.1:${await gateway.listen()}/api/export`
  const over = new AbortController()
  const response = await fetch(url, { headers: { 'x-api-key': KEY }, signal: over.signal })
  const reader = response.body!.getReader()
  await reader.read()
  t.true((await atRest(() => source.made)) * BATCH_BYTES < HELD_BYTES_MAX, `${source.made} batches`)
  const before = source.made
  while (source.made === before) await reader.read()
  over.abort()
})
