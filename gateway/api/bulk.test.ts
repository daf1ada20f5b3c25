import test from 'ava'
import { TinygridError } from '../../links/errors.ts'
import { startGateway } from '../testing/test-gateway.ts'

const numbered = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ url: `https://example.com/${n}` }))

test('1,000 links are created by one request, in order', async (t) => {
  const { call, links } = await startGateway(t)
  const { status, json } = await call('POST', '/api/links/bulk', { links: numbered(1000) })
  t.is(status, 200)
  t.is(json.results.length, 1000)
  for (const [n, result] of json.results.entries()) {
    t.is(result.status, 201)
    t.is(result.link.url, `https://example.com/${n}`)
  }
  t.is(links.links.size, 1000)
})

test('a second run creates nothing', async (t) => {
  const { call, links } = await startGateway(t)
  await call('POST', '/api/links/bulk', { links: numbered(100) })
  const { json } = await call('POST', '/api/links/bulk', { links: numbered(100) })
  t.true(json.results.every((result) => result.status === 200))
  t.is(links.links.size, 100)
})

test('the same URL twice in one request is one link', async (t) => {
  const { call } = await startGateway(t)
  const url = 'https://example.com/twice'
  const { json } = await call('POST', '/api/links/bulk', { links: [{ url }, { url }] })
  t.is(json.results[0]!.status, 201)
  t.is(json.results[1]!.status, 200)
  t.deepEqual(json.results[1]!.link, json.results[0]!.link)
})

test('a wrong item fails alone and names its field', async (t) => {
  const { call } = await startGateway(t)
  const good = { url: 'https://example.com/' }
  const items = [
    good,
    { url: 'nonsense' },
    { url: 'https://example.com/2', tags: ['a', 5] },
    { url: 'https://example.com/3', colour: 'red' },
    {},
    null,
    { url: 'https://example.com/4', expiresAt: 'tomorrow' },
    good,
  ]
  const { status, json } = await call('POST', '/api/links/bulk', { links: items })
  t.is(status, 200)
  t.deepEqual(
    json.results.map(({ status: each, error }) => [each, error?.code, error?.field]),
    [
      [201, undefined, undefined],
      [400, 'invalid_field', 'links[1].url'],
      [400, 'invalid_field', 'links[2].tags[1]'],
      [400, 'unknown_field', 'links[3].colour'],
      [400, 'missing_field', 'links[4].url'],
      [400, 'invalid_field', 'links[5]'],
      [400, 'invalid_field', 'links[6].expiresAt'],
      [200, undefined, undefined],
    ],
  )
})

test('an alias that is taken fails alone', async (t) => {
  const { call } = await startGateway(t)
  const items = ['a', 'b'].map((path) => ({ url: `https://example.com/${path}`, code: 'mine' }))
  const { json } = await call('POST', '/api/links/bulk', { links: items })
  t.is(json.results[0]!.status, 201)
  t.like(json.results[1]!, { status: 409, error: { code: 'alias_taken' } })
})

test('what the system refuses for now is told per item', async (t) => {
  const { call, links } = await startGateway(t)
  links.failure = new TinygridError('mailbox_full')
  const { status, json } = await call('POST', '/api/links/bulk', { links: numbered(2) })
  t.is(status, 200)
  for (const result of json.results)
    t.like(result, { status: 503, error: { code: 'mailbox_full' } })
})

test('a failure that nobody foresaw is an item, an id and a line in the log', async (t) => {
  const { call, links, log } = await startGateway(t)
  links.failure = new Error('secret details')
  const { json, text } = await call('POST', '/api/links/bulk', { links: numbered(1) })
  t.like(json.results[0]!, { status: 500, error: { code: 'internal' } })
  t.true(log().includes(json.results[0]!.error.instance!))
  t.true(log().includes('secret details'))
  t.false(text.includes('secret details'))
})

for (const [what, body, field] of [
  ['no list', {}, 'links'],
  ['an empty list', { links: [] }, 'links'],
  ['something else', { links: 'https://example.com/' }, 'links'],
  ['one link too many', { links: numbered(1001) }, 'links'],
  ['an unknown field', { links: numbered(1), dryRun: true }, 'dryRun'],
] as const) {
  test(`a bulk request with ${what} is refused whole`, async (t) => {
    const { call, links } = await startGateway(t)
    const { status, json } = await call('POST', '/api/links/bulk', body)
    t.is(status, 400)
    t.is(json.field, field)
    t.is(links.links.size, 0)
  })
}

test('JSON that is none anywhere creates nothing', async (t) => {
  const { call, links } = await startGateway(t)
  const body = '{"links":[{"url":"https://example.com/1"},{"url":}]}'
  const { status, json } = await call('POST', '/api/links/bulk', body)
  t.is(status, 400)
  t.is(json.code, 'invalid_json')
  t.is(links.links.size, 0)
})

test('a link that is longer than any link can be fails alone', async (t) => {
  const { call } = await startGateway(t)
  const items = [{ url: 'https://example.com/' }, { url: 'a'.repeat(70_000) }]
  const { json } = await call('POST', '/api/links/bulk', { links: items })
  t.is(json.results[0]!.status, 201)
  t.is(json.results[1]!.status, 413)
  t.is(json.results[1]!.error.code, 'body_too_large')
})
