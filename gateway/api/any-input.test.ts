import test from 'ava'
import * as fc from 'fast-check'
import { startGateway } from '../testing/test-gateway.ts'

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
  maxVisits: fc.oneof(fc.double(), fc.integer(), fc.constant(null)),
}

/** As JSON, if it can be; otherwise as it prints. */
function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'undefined'
  } catch {
    return typeof value
  }
}
