/** Redirect rules in the API: written as people write them, shown so, refused with the name of what is wrong. */
import test from 'ava'
import { RULES_BYTES_MAX } from '../../links/rule-fields.ts'
import { startGateway } from '../testing/test-gateway.ts'

const url = 'https://example.com/'
const RULES = [
  { devices: ['ios'], languages: ['de', 'pt-br'], url: 'https://example.com/app' },
  { countries: ['DE', 'AT'], from: '2030-01-01T00:00:00.000Z', url: 'https://example.com/de' },
  {
    to: '2031-01-01T00:00:00.000Z',
    targets: [
      { url: 'https://example.com/a', weight: 1 },
      { url: 'https://example.com/b', weight: 9 },
    ],
  },
]

test('rules are given with a link, shown as they were written, changed and taken away', async (t) => {
  const { call } = await startGateway(t)
  const made = await call('POST', '/api/links', { url, rules: RULES })
  t.is(made.status, 201)
  t.deepEqual(made.json.rules as unknown, RULES)
  const path = `/api/links/${made.json.code}`
  const read = await call('GET', path)
  t.deepEqual(read.json.rules as unknown, RULES)
  const changed = await call('PATCH', path, { rules: RULES.slice(1) })
  t.deepEqual(changed.json.rules as unknown, RULES.slice(1))
  t.not(changed.headers['etag'], read.headers['etag'])
  t.is((await call('PATCH', path, { title: 'x' })).json.rules?.length, 2)
  t.is((await call('PATCH', path, { rules: [] })).json.rules, null)
  await call('PATCH', path, { rules: RULES })
  t.is((await call('PATCH', path, { rules: null })).json.rules, null)
})

test('rules are kept in one way, however they are written', async (t) => {
  const { call } = await startGateway(t)
  const rules = [
    {
      languages: ['DE', 'de'],
      countries: ['de'],
      from: '2030-01-01T01:00:00+01:00',
      to: null,
      targets: [{ url: 'HTTPS://EXAMPLE.com/ä' }],
    },
  ]
  const { json } = await call('POST', '/api/links', { url, rules })
  t.deepEqual(json.rules as unknown, [
    {
      languages: ['de'],
      countries: ['DE'],
      from: '2030-01-01T00:00:00.000Z',
      url: 'https://example.com/%C3%A4',
    },
  ])
})

test('a link with rules is one of its own', async (t) => {
  const { call } = await startGateway(t)
  const codes = new Set<string>()
  for (const rules of [RULES, RULES, null, []]) {
    codes.add((await call('POST', '/api/links', { url, rules })).json.code)
  }
  t.is(codes.size, 3)
})

test('a link with rules is exported, and taken in again as it was', async (t) => {
  const { call, links } = await startGateway(t)
  await call('POST', '/api/links', { url, rules: RULES, code: 'ruled' })
  const [line] = (await call('GET', '/api/export')).text.split('\n')
  const { shortUrl: _shortUrl, ...exported } = JSON.parse(line!) as Record<string, unknown>
  t.deepEqual(exported['rules'], RULES)
  links.links.clear()
  const { json } = await call('POST', '/api/links/bulk', { links: [exported] })
  t.is(json.results[0]!.status, 201)
  t.deepEqual(json.results[0]!.link.rules as unknown, RULES)
})

const TO = { url }
const LONG_URL = `https://example.com/${'a'.repeat(RULES_BYTES_MAX / 5)}`

for (const [index, [field, code, ...rules]] of (
  [
    ['rules[1].devices[0]', 'invalid_field', TO, { ...TO, devices: ['phone'] }],
    ['rules[0].languages[0]', 'invalid_field', { ...TO, languages: ['de_AT'] }],
    ['rules[0].countries[0]', 'invalid_field', { ...TO, countries: ['D1'] }],
    ['rules[0].countries[1]', 'invalid_field', { ...TO, countries: ['GB', 'uk'] }],
    ['rules[1].countries[0]', 'invalid_field', TO, { ...TO, countries: ['XX'] }],
    ['rules[0].countries[0]', 'invalid_field', { ...TO, countries: ['EU'] }],
    ['rules[0].from', 'invalid_field', { ...TO, from: 'tomorrow' }],
    [
      'rules[0].to',
      'invalid_field',
      { ...TO, from: '2030-01-02T00:00:00Z', to: '2030-01-01T00:00:00Z' },
    ],
    ['rules[2].url', 'invalid_field', TO, TO, {}],
    ['rules[0].targets', 'invalid_field', { ...TO, targets: [TO] }],
    ['rules[0].targets[0].weight', 'invalid_field', { targets: [{ ...TO, weight: 0 }] }],
    ['rules[0].targets[1].url', 'invalid_field', { targets: [TO, { url: 'http://sho.rt/abc' }] }],
    ['rules[0].url', 'invalid_field', { url: 'javascript:alert(1)' }],
    ['rules[0].device', 'invalid_field', { ...TO, device: 'ios' }],
    ['rules', 'invalid_field', ...Array.from({ length: 21 }, () => TO)],
    ['rules', 'invalid_field', ...Array.from({ length: 5 }, () => ({ url: LONG_URL }))],
  ] as const
).entries()) {
  test(`what is wrong with rules is named, ${index + 1}: ${field}`, async (t) => {
    const { call } = await startGateway(t)
    const { status, json } = await call('POST', '/api/links', { url, rules })
    t.deepEqual([status, json.code, json.field], [400, code, field])
    const bulk = await call('POST', '/api/links/bulk', { links: [{ url }, { url, rules }] })
    t.is(bulk.json.results[1]!.error.field, `links[1].${field}`)
  })
}
