/** A visitor's query goes on to the target, merged byte for byte, and out of the Location line never. */
import test from 'ava'
import * as fc from 'fast-check'
import { FORWARDED_BYTES_MAX, PARAMETERS_MAX, queryOfTarget, withQuery } from './forwarded-query.ts'

const OWN = 'https://example.com/p?own=1&b=2#part'

for (const [url, query, merged, overridden] of [
  ['https://example.com/', '?a=1', 'https://example.com/?a=1'],
  ['https://example.com/#part', '?a=1', 'https://example.com/?a=1#part'],
  ['https://example.com/#/route?x=1', '?x=2', 'https://example.com/?x=2#/route?x=1'],
  ['https://example.com/?', '?a=1', 'https://example.com/?a=1'],
  ['https://example.com/?a=1&', '?b', 'https://example.com/?a=1&b'],
  [OWN, '?', OWN],
  [OWN, '?&&', OWN],
  [OWN, '?x=1', 'https://example.com/p?own=1&b=2&x=1#part'],
  [OWN, '?own=9', OWN, 'https://example.com/p?b=2&own=9#part'],
  [OWN, '?own', OWN, 'https://example.com/p?b=2&own#part'],
  [OWN, '?%6Fwn=9', OWN, 'https://example.com/p?b=2&%6Fwn=9#part'],
  [
    OWN,
    '?own=9&x=1&own=8',
    'https://example.com/p?own=1&b=2&x=1#part',
    'https://example.com/p?b=2&own=9&x=1&own=8#part',
  ],
  [OWN, '?x=1&x=2&x', 'https://example.com/p?own=1&b=2&x=1&x=2&x#part'],
  [OWN, '?OWN=9', 'https://example.com/p?own=1&b=2&OWN=9#part'],
  [OWN, '?=v', 'https://example.com/p?own=1&b=2&=v#part'],
  [OWN, '?own%26b=3', 'https://example.com/p?own=1&b=2&own%26b=3#part'],
  [OWN, '?a=b=c&d=%26+%zz', 'https://example.com/p?own=1&b=2&a=b=c&d=%26+%zz#part'],
  [
    'https://example.com/?a+b=1',
    '?a%20b=2',
    'https://example.com/?a+b=1',
    'https://example.com/?a%20b=2',
  ],
  ['https://example.com/?a%2Bb=1', '?a+b=2', 'https://example.com/?a%2Bb=1&a+b=2'],
  [
    'https://example.com/?a%5B%5D=1',
    '?a[]=2',
    'https://example.com/?a%5B%5D=1',
    'https://example.com/?a[]=2',
  ],
  ['https://example.com/?%E9=1', '?%E8=2', 'https://example.com/?%E9=1&%E8=2'],
  [
    'https://example.com/?%C3%A4=1',
    '?\u00c3\u00a4=2',
    'https://example.com/?%C3%A4=1',
    'https://example.com/?%C3%A4=2',
  ],
  [
    'https://example.com/',
    '?a\r\nSet-Cookie: b\u007f',
    'https://example.com/?a%0D%0ASet-Cookie:%20b%7F',
  ],
  ['mailto:a@example.com', '?bcc=b@example.com', 'mailto:a@example.com'],
  ['magnet:?xt=urn:a', '?tr=b', 'magnet:?xt=urn:a'],
] as const) {
  test(`${JSON.stringify(query)} to ${url}`, (t) => {
    t.is(withQuery(url, query, true), merged)
    t.is(withQuery(url, query, 'override'), overridden ?? merged)
    t.is(withQuery(url, query, false), url)
  })
}

const escape = fc.constantFrom('%61', '%41', '%20', '%2B', '%26', '%3D', '%C3%A4', '+')
const name = fc
  .array(fc.oneof(fc.constantFrom('a', 'b', 'c', '[', '.'), escape), { minLength: 1, maxLength: 2 })
  .map((parts) => parts.join(''))
const value = fc.constantFrom('', '=', '=1', '=a=b', '=%zz', '=?/', '=+')
const parameters = fc.array(
  fc.tuple(name, value).map((parts) => parts.join('')),
  { maxLength: 6 },
)

/** As browsers and servers read it. */
function decodedName(parameter: string): string {
  return [...new URLSearchParams(parameter).keys()][0]!
}

test('a parameter is whose the link says it is, as it was written, and in order', (t) => {
  fc.assert(
    fc.property(parameters, parameters, fc.constantFrom('', '#', '#a?b&c'), (own, given, hash) => {
      const base = 'https://example.com/p'
      const url = `${base}${own.length > 0 ? `?${own.join('&')}` : ''}${hash}`
      const ownNames = new Set(own.map(decodedName))
      const givenNames = new Set(given.map(decodedName))
      const added = given.filter((parameter) => !ownNames.has(decodedName(parameter)))
      const kept = own.filter((parameter) => !givenNames.has(decodedName(parameter)))
      const expected = (all: string[]) =>
        `${base}${all.length > 0 ? `?${all.join('&')}` : ''}${hash}`
      const query = `?${given.join('&')}`
      t.is(withQuery(url, query, true), expected([...own, ...added]))
      t.is(withQuery(url, query, 'override'), expected([...kept, ...given]))
    }),
    { numRuns: 2_000 },
  )
})

test('whatever bytes come, the target stays what it is and the line is not left', (t) => {
  const bytes = fc
    .uint8Array({ maxLength: 40 })
    .map((array) => Buffer.from(array).toString('latin1'))
  const forwarding = fc.constantFrom(true, false, 'override' as const)
  fc.assert(
    fc.property(bytes, forwarding, (text, how) => {
      const result = withQuery(OWN, `?${text}`, how)
      t.regex(result, /^https:\/\/example\.com\/p\?[\x21-\x22\x24-\x7e]*#part$/)
      const { origin, pathname, hash } = new URL(result)
      t.deepEqual([origin, pathname, hash], ['https://example.com', '/p', '#part'])
    }),
    { numRuns: 2_000 },
  )
})

test('a query that is too long or has too many parameters is left out as a whole', (t) => {
  const longest = `?${'a'.repeat(FORWARDED_BYTES_MAX)}`
  t.is(withQuery(OWN, longest, true).length, OWN.length + longest.length)
  t.is(withQuery(OWN, `${longest}a`, true), OWN)
  t.is(withQuery(OWN, `?${'\u00e9'.repeat(FORWARDED_BYTES_MAX / 2)}`, true), OWN)
  const many = Array.from({ length: PARAMETERS_MAX }, (_, index) => `p${index}`).join('&')
  t.true(withQuery(OWN, `?${many}`, true).includes('&p255#'))
  t.is(withQuery(OWN, `?${many}&p`, true), OWN)
  t.is(
    withQuery(`https://example.com/?${many}&p`, '?a', 'override'),
    `https://example.com/?${many}&p`,
  )
})

for (const [target, query] of [
  ['/abc', ''],
  ['/abc?', '?'],
  ['/abc/?a=b?c', '?a=b?c'],
  ['/abc?a#b?c', '?a'],
  ['http://sho.rt/abc?a', '?a'],
] as const) {
  test(`the query of ${target} is ${JSON.stringify(query)}`, (t) =>
    t.is(queryOfTarget(target), query))
}
