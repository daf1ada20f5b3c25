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
