import test from 'ava'
import { GATEWAY_DEFAULTS } from '../gateway-settings.ts'
import { startGateway } from '../testing/test-gateway.ts'

const URL_1 = 'https://example.com/'

type Row = readonly [
  what: string,
  body: unknown,
  code: string,
  field?: string | undefined,
  detail?: RegExp,
]

const ROWS: readonly Row[] = [
  ['no body', undefined, 'invalid_field'],
  ['an empty body', '', 'invalid_field'],
  ['no JSON', '{"url": }', 'invalid_json'],
  ['JSON cut short', '{"url": "https://exa', 'invalid_json'],
  ['null', 'null', 'invalid_field', undefined, /must be an object/],
  ['a list', [], 'invalid_field', undefined, /must be an object/],
  ['text', '"https://example.com/"', 'invalid_field'],
  ['a number', '5', 'invalid_field'],
  ['no url', {}, 'missing_field', 'url', /url is required/],
  ['a url that is null', { url: null }, 'invalid_field', 'url', /must be text/],
  ['a url that is a number', { url: 5 }, 'invalid_field', 'url'],
  ['a url that is a list', { url: [URL_1] }, 'invalid_field', 'url'],
  ['an empty url', { url: '' }, 'invalid_field', 'url', /must not be empty/],
  ['a url of spaces', { url: '   ' }, 'invalid_field', 'url', /must be absolute/],
  ['a relative url', { url: '/page' }, 'invalid_field', 'url', /must be absolute/],
  ['a url without scheme', { url: 'example.com' }, 'invalid_field', 'url', /must be absolute/],
  ['a url without host', { url: 'https://' }, 'invalid_field', 'url'],
  [
    'javascript:',
    { url: 'javascript:alert(1)' },
    'invalid_field',
    'url',
    /must not lead to javascript:/,
  ],
  [
    'JaVaScript:',
    { url: ' JaVaScript:alert(1)' },
    'invalid_field',
    'url',
    /must not lead to javascript:/,
  ],
  ['java\\nscript:', { url: 'java\nscript:alert(1)' }, 'invalid_field', 'url', /control/],
  ['data:', { url: 'data:text/html,<b>' }, 'invalid_field', 'url', /must not lead to data:/],
  ['vbscript:', { url: 'vbscript:x' }, 'invalid_field', 'url'],
  ['file:', { url: 'file:///etc/passwd' }, 'invalid_field', 'url'],
  ['ftp:', { url: 'ftp://example.com/' }, 'invalid_field', 'url', /not ftp:/],
  ['blob:', { url: 'blob:https://example.com/1' }, 'invalid_field', 'url'],
  ['mailto:', { url: 'mailto:a@example.com' }, 'invalid_field', 'url'],
  ['a line end', { url: `${URL_1}\r\nSet-Cookie: a=b` }, 'invalid_field', 'url', /control/],
  ['a tab', { url: `${URL_1}a\tb` }, 'invalid_field', 'url', /control/],
  ['a NUL', { url: `${URL_1}\0` }, 'invalid_field', 'url', /control/],
  ['a lone surrogate', { url: `${URL_1}\ud800` }, 'invalid_field', 'url', /surrogate/],
  ['a bad host', { url: 'https://exa mple.com/' }, 'invalid_field', 'url'],
  ['a bad port', { url: 'https://example.com:99999/' }, 'invalid_field', 'url'],
  ['a bad IPv6 host', { url: 'http://[::g]/' }, 'invalid_field', 'url'],
  ['a bad IPv4 host', { url: 'http://1.2.3.256/' }, 'invalid_field', 'url'],
  ['own host', { url: 'http://sho.rt/abc' }, 'invalid_field', 'url', /back to this service/],
  ['8,193 characters', { url: URL_1.padEnd(8193, 'a') }, 'invalid_field', 'url', /at most 8192/],
  ['8,197 bytes', { url: URL_1.padEnd(1383, 'ä') }, 'invalid_field', 'url', /at most 8192/],
  ['an alias too long', { url: URL_1, code: 'a'.repeat(9) }, 'invalid_field', 'code', /at most 8/],
  ['an empty alias', { url: URL_1, code: '' }, 'invalid_field', 'code', /must not be empty/],
  ['an alias with a slash', { url: URL_1, code: 'a/b' }, 'invalid_field', 'code', /characters/],
  ['an alias with a dot', { url: URL_1, code: '..' }, 'invalid_field', 'code'],
  ['an alias with a plus', { url: URL_1, code: 'ab+' }, 'invalid_field', 'code'],
  ['an alias with a percent', { url: URL_1, code: '..%2f' }, 'invalid_field', 'code'],
  ['an alias with a line end', { url: URL_1, code: 'abc\n' }, 'invalid_field', 'code'],
  ['an alias with an umlaut', { url: URL_1, code: 'käse' }, 'invalid_field', 'code'],
  ['an alias that is a number', { url: URL_1, code: 1234 }, 'invalid_field', 'code'],
  [
    'the alias api',
    { url: URL_1, code: 'api' },
    'reserved_code',
    'code',
    /"api" is a reserved word/,
  ],
  ['the alias Metrics', { url: URL_1, code: 'Metrics' }, 'reserved_code', 'code', /reserved word/],
  [
    'a reuse that is text',
    { url: URL_1, reuse: 'true' },
    'invalid_field',
    'reuse',
    /true or false/,
  ],
  ['a reuse that is null', { url: URL_1, reuse: null }, 'invalid_field', 'reuse'],
  ['a title too long', { url: URL_1, title: 'a'.repeat(201) }, 'invalid_field', 'title', /200/],
  [
    'a title that is a list',
    { url: URL_1, title: ['a'] },
    'invalid_field',
    'title',
    /text or null/,
  ],
  ['a title with a tab', { url: URL_1, title: 'a\tb' }, 'invalid_field', 'title', /control/],
  ['a title with half a pair', { url: URL_1, title: '\udc00' }, 'invalid_field', 'title'],
  [
    'eleven tags',
    { url: URL_1, tags: 'abcdefghijk'.split('') },
    'invalid_field',
    'tags',
    /at most 10/,
  ],
  ['a tag too long', { url: URL_1, tags: ['a'.repeat(41)] }, 'invalid_field', 'tags[0]', /40/],
  ['an empty tag', { url: URL_1, tags: ['a', ''] }, 'invalid_field', 'tags[1]'],
  ['a tag of spaces', { url: URL_1, tags: ['  '] }, 'invalid_field', 'tags[0]', /empty/],
  ['a tag that is a number', { url: URL_1, tags: [5] }, 'invalid_field', 'tags[0]'],
  ['tags that are text', { url: URL_1, tags: 'a,b' }, 'invalid_field', 'tags', /a list/],
  ['tags that are null', { url: URL_1, tags: null }, 'invalid_field', 'tags'],
  ['no visits', { url: URL_1, maxVisits: 0 }, 'invalid_field', 'maxVisits', /at least 1/],
  ['too many visits', { url: URL_1, maxVisits: 2 ** 32 }, 'invalid_field', 'maxVisits', /at most/],
  ['half a visit', { url: URL_1, maxVisits: 1.5 }, 'invalid_field', 'maxVisits', /whole number/],
  ['visits as text', { url: URL_1, maxVisits: '5' }, 'invalid_field', 'maxVisits'],
  ['visits without end', `{"url":"${URL_1}","maxVisits":1e999}`, 'invalid_field', 'maxVisits'],
  ['a past time', { url: URL_1, expiresAt: '2029-12-31T00:00:00Z' }, 'invalid_field', 'expiresAt'],
  [
    'the present time',
    { url: URL_1, expiresAt: '2030-01-01T00:00:00Z' },
    'invalid_field',
    'expiresAt',
  ],
  [
    'a time without offset',
    { url: URL_1, expiresAt: '2031-01-01T00:00:00' },
    'invalid_field',
    'expiresAt',
  ],
  ['a date', { url: URL_1, expiresAt: '2031-01-01' }, 'invalid_field', 'expiresAt', /ISO 8601/],
  [
    'the 30th of February',
    { url: URL_1, expiresAt: '2031-02-30T00:00:00Z' },
    'invalid_field',
    'expiresAt',
  ],
  ['a time in words', { url: URL_1, expiresAt: 'tomorrow' }, 'invalid_field', 'expiresAt'],
  ['a time in numbers', { url: URL_1, expiresAt: 1_924_992_000_000 }, 'invalid_field', 'expiresAt'],
  ['an unknown field', { url: URL_1, colour: 'red' }, 'unknown_field', 'colour'],
  ['a field in other case', { URL: URL_1 }, 'unknown_field', 'URL'],
  ['visits', { url: URL_1, visits: 5 }, 'unknown_field', 'visits'],
  ['__proto__', `{"url":"${URL_1}","__proto__":{"admin":true}}`, 'unknown_field', '__proto__'],
  ['constructor', { url: URL_1, constructor: { prototype: {} } }, 'unknown_field', 'constructor'],
  ['a url in __proto__', `{"__proto__":{"url":"${URL_1}"}}`, 'unknown_field', '__proto__'],
]

for (const [what, body, code, field, detail = /./] of ROWS) {
  test(`a create with ${what} is refused: ${code} ${field ?? ''}`, async (t) => {
    const { call, links } = await startGateway(t)
    const reply = await call('POST', '/api/links', body)
    t.is(reply.status, 400)
    t.is(reply.headers['content-type'], 'application/problem+json; charset=utf-8')
    t.is(reply.json.code, code)
    t.is(reply.json.field, field)
    t.regex(reply.json.detail, detail)
    t.is(links.links.size, 0)
  })
}

const CHANGES: readonly Row[] = [
  ['a bad url', { url: 'nonsense' }, 'invalid_field', 'url'],
  ['own host', { url: 'http://sho.rt/x' }, 'invalid_field', 'url'],
  ['a url that is null', { url: null }, 'invalid_field', 'url'],
  ['a code', { code: 'other' }, 'unknown_field', 'code'],
  ['a reuse', { reuse: true }, 'unknown_field', 'reuse'],
  ['no visits', { maxVisits: 0 }, 'invalid_field', 'maxVisits'],
  ['a bad time', { expiresAt: 'never' }, 'invalid_field', 'expiresAt'],
  ['a bad tag', { tags: ['\u0001'] }, 'invalid_field', 'tags[0]'],
  ['no object', [], 'invalid_field'],
  ['no JSON', '{', 'invalid_json'],
]

for (const [what, body, code, field] of CHANGES) {
  test(`a change with ${what} is refused: ${code} ${field ?? ''}`, async (t) => {
    const { add, call, links } = await startGateway(t)
    const link = add({ code: 'abc1234' })
    const reply = await call('PATCH', '/api/links/abc1234', body)
    t.is(reply.status, 400)
    t.like(reply.json, field === undefined ? { code } : { code, field })
    t.deepEqual(links.links.get(link.code), link)
  })
}

for (const url of [
  'https://user:pass@example.com/',
  'http://xn--mnchen-3ya.de/',
  'http://[2001:db8::1]:8080/a',
  'http://127.0.0.1:8081/',
  `https://example.com/${'a'.repeat(4076)}`,
  'https://example.com/?q=javascript:alert(1)#%00',
]) {
  test(`${url.slice(0, 40)} is a URL like any other`, async (t) => {
    const { call } = await startGateway(t)
    const { status, json } = await call('POST', '/api/links', { url })
    t.is(status, 201)
    t.is(json.url, url)
  })
}

test('names with umlauts are stored as browsers send them', async (t) => {
  const { call } = await startGateway(t)
  const { json } = await call('POST', '/api/links', { url: 'https://MÜNCHEN.de/straße?ä' })
  t.is(json.url, 'https://xn--mnchen-3ya.de/stra%C3%9Fe?%C3%A4')
})

for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'text/json', 'nonsense']) {
  test(`a body of type ${type} is not supported`, async (t) => {
    const { call } = await startGateway(t)
    const headers = { 'content-type': type }
    const reply = await call('POST', '/api/links', `{"url":"${URL_1}"}`, headers)
    t.is(reply.status, 415)
    t.is(reply.json.code, 'unsupported_media_type')
  })
}

test('a packed body is not supported', async (t) => {
  const { call } = await startGateway(t)
  const reply = await call('POST', '/api/links', '{}', { 'content-encoding': 'gzip' })
  t.is(reply.status, 415)
})

test('a body that is no UTF-8 is no JSON; a byte order mark does no harm', async (t) => {
  const { app, call } = await startGateway(t)
  const marked = await call('POST', '/api/links', `\ufeff{"url":"${URL_1}"}`)
  t.is(marked.status, 201)
  const response = await app.inject({
    method: 'POST',
    url: '/api/links',
    headers: { 'content-type': 'application/json', 'x-api-key': 'a-key-for-tests-0123456789' },
    payload: Buffer.from('{"url":"https://example.com/\xff"}', 'latin1'),
  })
  t.is(response.statusCode, 400)
  t.is(response.json<{ code: string }>().code, 'invalid_json')
})

for (const [path, bytes] of [
  ['/api/links', GATEWAY_DEFAULTS.bodyBytesMax + 1],
  ['/api/links/bulk', GATEWAY_DEFAULTS.bulkBodyBytesMax + 1],
] as const) {
  test(`a body of ${bytes} bytes is too large for ${path}`, async (t) => {
    const { call } = await startGateway(t)
    const { status, json } = await call('POST', path, `"${'a'.repeat(bytes - 2)}"`)
    t.is(status, 413)
    t.is(json.code, 'body_too_large')
  })
}
