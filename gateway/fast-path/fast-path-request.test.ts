/** What the fast path takes for a plain redirect, and what it leaves to Node's parser. */
import test from 'ava'
import * as fc from 'fast-check'
import { parseCode } from '../../links/ids.ts'
import {
  endOfCode,
  endOfHead,
  endOfTarget,
  INCOMPLETE,
  OTHER,
  RequestReader,
} from './fast-path-request.ts'

const HEAD = ' HTTP/1.1\r\nHost: tiny.example\r\n\r\n'

/** What is said of a whole text: where its first request ends, INCOMPLETE or OTHER. */
function endOfRequest(text: string): number {
  const codeEnd = endOfCode(text, 0)
  const targetEnd = codeEnd > 0 ? endOfTarget(text, codeEnd) : codeEnd
  return targetEnd > 0 ? endOfHead(text, targetEnd) : targetEnd
}

function requestWith(...headers: string[]): string {
  return `GET /abc HTTP/1.1\r\n${headers.map((header) => `${header}\r\n`).join('')}\r\n`
}

const plainHead = fc
  .record({
    before: fc.array(
      fc.constantFrom('Accept: */*', 'Cookie:', 'X-A:\tb ', 'Connection: Keep-Alive'),
    ),
    host: fc.constantFrom('Host: a', 'host:a:80', 'HOST:  [::1] '),
  })
  .filter(({ before }) => before.filter((header) => header.startsWith('Conn')).length <= 1)
  .map(({ before, host }) => requestWith(...before, host))

test('a request ends where its empty line ends, whatever follows', (t) => {
  fc.assert(
    fc.property(plainHead, fc.string(), (request, rest) => {
      t.is(endOfRequest(request + rest), request.length)
    }),
  )
})

test('every beginning of a plain request is incomplete', (t) => {
  fc.assert(
    fc.property(plainHead, (request) => {
      for (let length = 0; length < request.length; length++) {
        t.is(endOfRequest(request.slice(0, length)), INCOMPLETE, request.slice(0, length))
      }
    }),
  )
})

test('what is decided stays decided, whatever follows', (t) => {
  const piece = fc.constantFrom(
    'GET /',
    'abc',
    ' HTTP/1.1',
    '/',
    '?',
    '\r\n',
    '\n',
    '\r',
    ' ',
    'Host: a',
    'TE: b',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.join('')
      let decided = INCOMPLETE
      for (let length = 0; length <= text.length; length++) {
        const found = endOfRequest(text.slice(0, length))
        if (decided === INCOMPLETE) decided = found
        t.is(found, decided, JSON.stringify(text))
      }
    }),
    { numRuns: 1_000 },
  )
})

test('a code is what parseCode takes for one', (t) => {
  const character = fc.oneof(
    fc.constantFrom('a', 'Z', '0', '9', '_', '-'),
    fc.integer({ min: 0, max: 255 }).map(latin1),
  )
  fc.assert(
    fc.property(fc.array(character, { maxLength: 70 }), (characters) => {
      const code = characters.join('')
      if (/[ ?]|\/$/.test(code)) return
      const isComplete = endOfRequest(`GET /${code}${HEAD}`) > 0
      t.is(isComplete, parseCode(code) !== undefined, JSON.stringify(code))
    }),
  )
  t.true(endOfRequest(`GET /${'a'.repeat(64)}${HEAD}`) > 0)
  t.is(endOfRequest(`GET /${'a'.repeat(65)}${HEAD}`), OTHER)
  t.is(endOfRequest(`GET /${'a'.repeat(65)}`), OTHER)
})

function latin1(byte: number): string {
  return String.fromCharCode(byte)
}

test('a byte that may not stand in a header makes the request something else', (t) => {
  for (let byte = 0; byte < 256; byte++) {
    const inValue = endOfRequest(requestWith('Host: a', `X: a${latin1(byte)}b`)) > 0
    t.is(inValue, byte === 9 || (byte >= 0x20 && byte < 0x7f), `value with ${byte}`)
    const inName = endOfRequest(requestWith('Host: a', `X${latin1(byte)}Y: b`)) > 0
    t.is(inName, /[\w!#$%&'*+.^`|~:-]/.test(latin1(byte)), `name with ${byte}`)
  }
})

test('a slash and a query behind a code are told apart, whatever came before', (t) => {
  const head = requestWith('Host: a').slice('GET /abc'.length)
  const target = fc.record({
    code: fc.constantFrom('a', 'abc'),
    slash: fc.constantFrom('', '/'),
    query: fc.constantFrom('', '?', '?a=b', '?/a?', '?a&b=%20'),
  })
  fc.assert(
    fc.property(fc.array(target, { minLength: 1, maxLength: 5 }), (targets) => {
      const reader = new RequestReader()
      const text = targets
        .map(({ code, slash, query }) => `GET /${code}${slash}${query}${head}`)
        .join('')
      let at = 0
      for (const { code, query } of targets) {
        const end = reader.endOfRequest(text, at)
        t.true(end > at)
        t.deepEqual(
          [reader.codeOf(text, at), reader.queryOf(text), reader.head],
          [code, query, head],
        )
        at = end
      }
      t.is(at, text.length)
    }),
  )
})

test('a head with a long query is left to Node, known or not', (t) => {
  const reader = new RequestReader()
  const long = requestWith('Host: a').replace('/abc', `/abc?${'a'.repeat(4_096)}`)
  t.is(reader.endOfRequest(long, 0), OTHER)
  t.true(reader.endOfRequest(requestWith('Host: a'), 0) > 0)
  t.is(reader.endOfRequest(long, 0), OTHER)
  t.is(reader.endOfRequest(long.slice(0, 4_095), 0), INCOMPLETE)
  t.is(reader.endOfRequest(long.slice(0, 4_096), 0), OTHER)
})

const OTHERS: Record<string, string> = {
  'no host': requestWith('Accept: */*'),
  'no header': requestWith(),
  'two hosts': requestWith('Host: a', 'Host: a'),
  'an empty host': requestWith('Host: '),
  'a body by length': requestWith('Host: a', 'Content-Length: 0'),
  'a body in chunks': requestWith('Host: a', 'Transfer-Encoding: chunked'),
  'an upgrade': requestWith('Host: a', 'Upgrade: h2c'),
  'a key': requestWith('Host: a', 'x-api-key: b'),
  'a key as bearer': requestWith('Host: a', 'Authorization: Bearer b'),
  'an expectation': requestWith('Host: a', 'Expect: 100-continue'),
  trailers: requestWith('Host: a', 'Trailer: X'),
  te: requestWith('Host: a', 'TE: trailers'),
  'a last request': requestWith('Host: a', 'Connection: close'),
  'two connection options': requestWith('Host: a', 'Connection: keep-alive, close'),
  'two connection headers': requestWith(
    'Host: a',
    'Connection: keep-alive',
    'Connection: keep-alive',
  ),
  'an empty connection header': requestWith('Host: a', 'Connection:'),
  'a proxy connection': requestWith('Host: a', 'Proxy-Connection: keep-alive'),
  'a header in odd case': requestWith('Host: a', 'cONTENT-lENGTH: 5'),
  'a folded header': requestWith('Host: a', 'X: b', ' c'),
  'a space before the colon': requestWith('Host : a'),
  'a header without a name': requestWith('Host: a', ': b'),
  'a header without a colon': requestWith('Host: a', 'b'),
  'bare line feeds': requestWith('Host: a').replaceAll('\r\n', '\n'),
  'one bare line feed': requestWith('Host: a', 'X: b\nY: c'),
  'a bare carriage return': requestWith('Host: a', 'X: b\rY: c'),
  'a fragment behind a query': 'GET /abc?d#e HTTP/1.1\r\nHost: a\r\n\r\n',
  'a high byte in a query': 'GET /abc?\u00e9 HTTP/1.1\r\nHost: a\r\n\r\n',
  'a control byte in a query': 'GET /abc?\u0001 HTTP/1.1\r\nHost: a\r\n\r\n',
  'a slash behind a code and more': 'GET /abc/d HTTP/1.1\r\nHost: a\r\n\r\n',
  'a fragment': 'GET /abc#d HTTP/1.1\r\nHost: a\r\n\r\n',
  'two slashes': 'GET //abc HTTP/1.1\r\nHost: a\r\n\r\n',
  'two slashes at the end': 'GET /abc// HTTP/1.1\r\nHost: a\r\n\r\n',
  'no code': 'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  'an escaped code': 'GET /%61bc HTTP/1.1\r\nHost: a\r\n\r\n',
  'an older version': 'GET /abc HTTP/1.0\r\nHost: a\r\n\r\n',
  'no version': 'GET /abc\r\n\r\n',
  'another method': 'HEAD /abc HTTP/1.1\r\nHost: a\r\n\r\n',
  'a small method': 'get /abc HTTP/1.1\r\nHost: a\r\n\r\n',
  'two spaces': 'GET  /abc HTTP/1.1\r\nHost: a\r\n\r\n',
  'a space at the end': 'GET /abc HTTP/1.1 \r\nHost: a\r\n\r\n',
  'an absolute target': 'GET http://a/abc HTTP/1.1\r\nHost: a\r\n\r\n',
  'an empty line first': '\r\nGET /abc HTTP/1.1\r\nHost: a\r\n\r\n',
}

for (const [name, text] of Object.entries(OTHERS)) {
  test(`${name}: left to Node`, (t) => {
    t.is(endOfRequest(text), OTHER)
  })
}
