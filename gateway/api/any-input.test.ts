import test from 'ava'
import * as fc from 'fast-check'
import type { Code, EpochMs } from '../../links/ids.ts'
import { NOW, startGateway } from '../testing/test-gateway.ts'

test('whatever a body is, the answer is never a 500', async (t) => {
  const { call } = await startGateway(t)
  const anything = fc.oneof(fc.anything(), fc.record(LIKELY, { requiredKeys: [] }))
  const routes = fc.constantFrom(
    ['POST', '/api/links'] as const,
    ['POST', '/api/links/bulk'] as const,
    ['PATCH', '/api/links/abc1234'] as const,
  )
  await fc.assert(
    fc.asyncProperty(routes, anything, fc.boolean(), async ([method, path], value, isItem) => {
      const body = jsonOf(isItem ? { links: [value] } : value)
      const { status } = await call(method, path, body)
      t.true(status < 500, `${status} for ${body}`)
    }),
    { numRuns: 500 },
  )
})

test('whatever a path is, the answer is never a 500', async (t) => {
  const { call } = await startGateway(t)
  const methods = fc.constantFrom(
    ...(['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'PUT', 'OPTIONS'] as const),
  )
  const segment = fc.oneof(
    fc.constantFrom('api', 'links', 'bulk', 'restore', '..', '%2e', 'docs'),
    fc.webFragments(),
  )
  await fc.assert(
    fc.asyncProperty(methods, fc.array(segment, { maxLength: 5 }), async (method, parts) => {
      const { status } = await call(method, `/${parts.join('/')}`)
      t.true(status < 500, `${status} for ${parts.join('/')}`)
    }),
    { numRuns: 500 },
  )
})

test('whatever a header says, the answer is never a 500', async (t) => {
  const { call, add } = await startGateway(t, { trustProxy: true, publicCreate: true })
  add({ code: 'abc1234' })
  const routes = fc.constantFrom(
    ['POST', '/api/links', { url: 'https://example.com/' }] as const,
    ['POST', '/api/links/bulk', { links: [{ url: 'https://example.com/' }] }] as const,
    ['PATCH', '/api/links/abc1234', { title: 'x' }] as const,
    ['GET', '/api/links', undefined] as const,
    ['GET', '/api/links/abc1234', undefined] as const,
    ['GET', '/abc1234', undefined] as const,
    ['GET', '/abc1234+', undefined] as const,
    ['GET', '/nonesuch', undefined] as const,
    ['GET', '/openapi.json', undefined] as const,
    ['GET', '/docs/', undefined] as const,
  )
  const headers = fc.dictionary(fc.constantFrom(...HEADER_NAMES), HEADER_VALUE, { minKeys: 1 })
  await fc.assert(
    fc.asyncProperty(routes, headers, async ([method, path, body], said) => {
      const { status } = await call(method, path, body, said)
      t.true(status < 500, `${status} for ${method} ${path} with ${JSON.stringify(said)}`)
    }),
    { numRuns: 1_000 },
  )
})

test('whatever is asked about clicks, the answer is never a 500', async (t) => {
  const { call, add, analytics } = await startGateway(t)
  add({ code: 'abc1234', tags: ['red'] })
  await analytics.add({ code: 'abc1234' as Code, at: (NOW - 1) as EpochMs })
  const paths = fc.constantFrom(
    '/api/stats',
    '/api/links/abc1234/stats',
    '/api/visits',
    '/api/links/abc1234/visits',
    '/api/events',
    '/api/tags',
    '/api/links',
  )
  const pairs = fc.array(fc.tuple(PARAMETER, fc.oneof(LIKELY_VALUE, text)), { maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(paths, pairs, async (path, given) => {
      const query = given.map(
        ([name, value]) => `${name}=${encodeURIComponent(value.toWellFormed())}`,
      )
      // Without a click log there are no events, which is said; what is asked is checked before.
      const { status, json } = await call('GET', `${path}?${query.join('&')}`)
      const isFine = status < 500 || json.code === 'click_log_unavailable'
      t.true(isFine, `${status} for ${path}?${query.join('&')}`)
    }),
    { numRuns: 1_000 },
  )
})

const PARAMETER = fc.constantFrom(
  ...'from to timezone interval groupBy filter bots orphans compare limit cursor format'.split(' '),
  ...'after code event search tag sort state createdFrom createdTo __proto__'.split(' '),
)

/** Values that come further than nonsense does. */
const LIKELY_VALUE = fc.constantFrom(
  ...'2029-12-31 2030-01-01 1970-01-01 9999-12-31 2029-12-31T23:59:59.999Z 0001-01-01'.split(' '),
  ...'Europe/Berlin Pacific/Apia +05:30 utc month minute country,tag tag weekday hourOfDay'.split(
    ' ',
  ),
  ...'tag: tag:red country:,\\, code:abc1234 status:404,x only exclude true previous year'.split(
    ' ',
  ),
  ...'0 1 1000 csv json ndjson parquet 1-1-1 999999999999999-0-0 v10 visits expired 5-0 7'.split(
    ' ',
  ),
)

const HEADER_NAMES = (
  'host x-forwarded-host x-forwarded-for x-forwarded-proto forwarded origin accept range expect ' +
  'accept-encoding content-type if-match if-none-match idempotency-key x-api-key authorization ' +
  'referer user-agent cookie'
).split(' ')

const ODD_VALUES = (
  'a.1 1.2.3.4.5 x:99999 x: [:::::] [::1]:1 [ % 1e9 ::ffff:1.2.3.4 1.2.3.4:5 unknown for=1.2.3.4 * ' +
  '*/*;q=x text/html;q=-1, W/" " ; bytes=0- Bearer https:// application/json;charset=\u00e9 0x7f.1'
).split(' ')

const HEADER_VALUE = fc.oneof(
  fc.constantFrom(...ODD_VALUES),
  fc.webAuthority(),
  fc.string({
    unit: fc.integer({ min: 0x20, max: 0xff }).map((byte) => String.fromCharCode(byte)),
  }),
)

const text = fc.oneof(fc.string({ unit: 'binary' }), fc.webUrl())

/** Bodies that come further than nonsense does. */
const LIKELY = {
  url: fc.oneof(fc.webUrl(), text),
  code: text,
  reuse: fc.boolean(),
  title: fc.option(text),
  tags: fc.array(text, { maxLength: 12 }),
  expiresAt: fc.oneof(fc.constant('2031-01-01T00:00:00Z'), text, fc.constant(null)),
  validFrom: fc.oneof(fc.constant('2030-06-01T00:00:00Z'), text, fc.constant(null)),
  redirectStatus: fc.oneof(fc.constantFrom(301, 302, 307, 308, 200, null), fc.integer()),
  forwardQuery: fc.constantFrom<unknown>(true, false, 'override', 'keep', 1, null),
  expiredUrl: fc.oneof(fc.webUrl(), text, fc.constant(null)),
  maxVisits: fc.oneof(fc.double(), fc.integer(), fc.constant(null)),
  rules: fc.array(
    fc.record(
      {
        devices: fc.array(fc.oneof(fc.constantFrom('ios', 'mobile'), text)),
        languages: fc.array(fc.oneof(fc.constantFrom('de', 'pt-BR'), text)),
        countries: fc.array(fc.oneof(fc.constantFrom('DE', 'at'), text)),
        from: fc.oneof(fc.constant('2030-06-01T00:00:00Z'), text, fc.constant(null)),
        url: fc.oneof(fc.webUrl(), text),
        targets: fc.array(fc.record({ url: fc.webUrl(), weight: fc.integer({ max: 9 }) })),
      },
      { requiredKeys: [] },
    ),
    { maxLength: 3 },
  ),
}

/** As JSON, if it can be; otherwise as it prints. */
function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'undefined'
  } catch {
    return typeof value
  }
}
