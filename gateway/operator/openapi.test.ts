import test from 'ava'
import { Compile } from 'typebox/schema'
import { bulkResultsSchema, exportedLinkSchema, exportEndSchema } from '../api/bulk-schemas.ts'
import { linkSchema, problemSchema, linkPageSchema } from '../api/link-schemas.ts'
import { startGateway } from '../testing/test-gateway.ts'

interface Operation {
  readonly summary?: string
  readonly tags?: readonly string[]
  readonly security?: readonly object[]
  readonly parameters?: readonly { in: string; name: string }[]
  readonly requestBody?: { content: Record<string, { schema: object }> }
  readonly responses: Record<string, { description?: string }>
}

interface Document {
  readonly openapi: string
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: { securitySchemes: object }
}

const METHODS = new Set(['get', 'head', 'post', 'put', 'patch', 'delete'])

test('every route is described, and nothing else', async (t) => {
  const { call } = await startGateway(t)
  const { status, json, headers } = await call('GET', '/openapi.json')
  t.is(status, 200)
  t.regex(headers['content-type']!, /^application\/json/)
  const document = json as unknown as Document
  const calls = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  )
  t.deepEqual(calls.sort(), [
    'DELETE /api/blocked-hosts/{host}',
    'DELETE /api/cluster/nodes/{node}/drain',
    'DELETE /api/keys/{id}',
    'DELETE /api/links/{code}',
    'DELETE /api/links/{code}/clicks',
    'DELETE /api/reports/{id}',
    'DELETE /api/visits',
    'DELETE /api/webhooks/{id}',
    'GET /api/audit',
    'GET /api/audit/events',
    'GET /api/backup',
    'GET /api/blocked-hosts',
    'GET /api/blocked-hosts/{host}',
    'GET /api/cluster',
    'GET /api/domains',
    'GET /api/events',
    'GET /api/export',
    'GET /api/keys',
    'GET /api/links',
    'GET /api/links/{code}',
    'GET /api/links/{code}/stats',
    'GET /api/links/{code}/visits',
    'GET /api/reports',
    'GET /api/reports/{id}/result',
    'GET /api/stats',
    'GET /api/tags',
    'GET /api/visits',
    'GET /api/webhooks',
    'GET /api/webhooks/{id}/letters',
    'GET /health/live',
    'GET /health/ready',
    'GET /metrics',
    'GET /openapi.json',
    'GET /{code}',
    'GET /{code}+',
    'HEAD /{code}',
    'PATCH /api/keys/{id}',
    'PATCH /api/links/{code}',
    'PATCH /api/reports/{id}',
    'PATCH /api/webhooks/{id}',
    'POST /api/cluster/nodes/{node}/drain',
    'POST /api/keys',
    'POST /api/links',
    'POST /api/links/bulk',
    'POST /api/links/{code}/restore',
    'POST /api/reports',
    'POST /api/webhooks',
    'POST /api/webhooks/{id}/retry',
    'POST /api/webhooks/{id}/test',
    'POST /{code}',
    'PUT /api/blocked-hosts/{host}',
  ])
})

test('what visitors can get of a link is described: its form, and every status of a redirect', async (t) => {
  const { call } = await startGateway(t)
  const { paths } = (await call('GET', '/openapi.json')).json as unknown as Document
  const { get, post } = paths['/{code}']!
  const ofGet = ['200', '301', '302', '307', '308', '403', '404', '410', '431', '503']
  t.deepEqual(Object.keys(get!.responses), ofGet)
  t.deepEqual(Object.keys(post!.requestBody!.content), ['application/x-www-form-urlencoded'])
  for (const status of ['303', '403', '429']) t.truthy(post!.responses[status], status)
})

test('the document is well-formed', async (t) => {
  const { call } = await startGateway(t)
  const document = (await call('GET', '/openapi.json')).json as unknown as Document
  t.is(document.openapi, '3.1.0')
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      t.true(METHODS.has(method))
      t.truthy(operation.summary, `${method} ${path}`)
      t.is(operation.tags?.length, 1, `${method} ${path}`)
      t.true(Object.keys(operation.responses).length > 0)
      for (const reply of Object.values(operation.responses)) t.truthy(reply.description)
      const named = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1])
      const described = operation.parameters?.filter((one) => one.in === 'path') ?? []
      t.deepEqual(
        described.map((one) => one.name),
        named,
      )
      t.is(operation.security !== undefined, path.startsWith('/api/'), `${method} ${path}`)
    }
  }
  for (const schema of schemasIn(document)) t.notThrows(() => Compile(schema))
})

test('what the API takes is described with its limits', async (t) => {
  const { call } = await startGateway(t, {
    aliasLengthMax: 12,
    targets: { schemes: ['https', 'tel'], bytesMax: 5_000 },
  })
  const document = (await call('GET', '/openapi.json')).json as unknown as Document
  const create = document.paths['/api/links']!['post']!
  const body = create.requestBody!.content['application/json']!.schema as {
    properties: Record<string, { maxLength?: number; description?: string }>
    additionalProperties: boolean
  }
  t.is(body.properties['code']!.maxLength, 12)
  t.is(body.properties['url']!.maxLength, 5_000)
  t.regex(body.properties['url']!.description!, /^https, tel; at most 5000 bytes/)
  t.false(body.additionalProperties)
  t.deepEqual(Object.keys(create.responses).sort(), STATUSES_OF_CREATE)
})

const STATUSES_OF_CREATE = '200 201 400 401 403 409 413 415 429 431 503'.split(' ')

test('replies are as they are described', async (t) => {
  const { call } = await startGateway(t)
  const link = { url: 'https://example.com/', title: 'a', expiresAt: '2031-01-01T00:00:00Z' }
  const { json: created } = await call('POST', '/api/links', { ...link, maxVisits: 2 })
  const { json: bulk } = await call('POST', '/api/links/bulk', { links: [link, {}] })
  const { json: page } = await call('GET', '/api/links')
  const { text: exported } = await call('GET', '/api/export')
  const lines = exported.trim().split('\n')
  const [line, , end] = lines.map((text) => JSON.parse(text) as unknown)
  t.is(lines.length, 3)
  const { json: problem } = await call('GET', '/api/links/nothing')
  for (const [schema, value] of [
    [linkSchema, created],
    [bulkResultsSchema, bulk],
    [linkPageSchema, page],
    [problemSchema, problem],
    [exportedLinkSchema, line],
    [exportEndSchema, end],
  ] as const) {
    t.deepEqual(Compile(schema).Errors(value)[1], [])
  }
})

test('the page at /docs/api is our own files under a policy of its own', async (t) => {
  const { call } = await startGateway(t)
  const page = await call('GET', '/docs/api/')
  t.is(page.status, 200)
  t.regex(page.headers['content-type']!, /^text\/html/)
  t.false(/(?:src|href)="https?:/.test(page.text))
  const files = [...page.text.matchAll(/(?:src|href)="\.(\/[^"]+)"/g)].map((match) => match[1]!)
  t.true(files.length > 3)
  for (const file of files) t.is((await call('GET', `/docs/api${file}`)).status, 200, file)
  t.regex(page.headers['content-security-policy']!, /^default-src 'self'/)
  t.false(page.headers['content-security-policy']!.includes('unsafe-inline'))
  t.is(page.headers['x-content-type-options'], 'nosniff')
})

function schemasIn(value: unknown): object[] {
  if (typeof value !== 'object' || value === null) return []
  const own = 'schema' in value ? [value.schema as object] : []
  return [...own, ...Object.values(value).flatMap((part) => schemasIn(part))]
}
