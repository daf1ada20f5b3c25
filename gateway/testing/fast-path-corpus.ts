/**
 * Requests by hand that a server must read exactly; for the fast path's tests.
 *
 * Each says how many requests of it the fast path answers by itself: the others go to Fastify,
 * with everything that comes after them on the connection.
 */
export interface Sample {
  readonly name: string
  readonly text: string
  /** Requests that the fast path answers, when the text arrives in one piece. */
  readonly fast: number
  /** The same where it can ask for what it does not know; left out: as many. */
  readonly fastAsking?: number
}

export function get(target: string, ...headers: string[]): string {
  return `GET ${target} HTTP/1.1\r\n${['Host: tiny.example', ...headers].map((h) => `${h}\r\n`).join('')}\r\n`
}

const BROWSER = [
  'Connection: keep-alive',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)',
  'Accept: text/html,application/xhtml+xml,*/*;q=0.8',
  'Accept-Encoding: gzip, deflate, br',
  'Cookie: a=b; c=d',
]
const IPHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Mobile/15E148 Safari/604.1'
const BODY = 'POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n'
const ABC = get('/abc')
const JSON_ONLY = 'Accept: application/json'
/** What else may stand in a query. */
const ODD = '!"$%\'()*+,-./:;<=>?@[\\]^_`{|}~&%zz=%'
const UNKNOWN_QUERY = get('/unknown?a=b') + get('/unknown/') + ABC
const HIDDEN = get('/b')

export const CORPUS: readonly Sample[] = [
  { name: 'one redirect', text: ABC, fast: 1 },
  { name: 'a browser', text: get('/abc', ...BROWSER), fast: 1 },
  { name: 'a long address', text: get('/long-code_0'), fast: 1 },
  { name: 'the longest addresses', text: (get('/longest') + ABC).repeat(20), fast: 40 },
  { name: 'an address that is not of the web', text: get('/mail') + ABC, fast: 2 },
  { name: 'pipelined redirects', text: ABC + get('/b') + get('/b', 'X: y') + ABC, fast: 4 },
  { name: '1,000 pipelined redirects', text: (ABC + get('/b', 'X: y')).repeat(500), fast: 1_000 },
  {
    name: 'links with a status of their own',
    text: get('/moved') + get('/other') + get('/ending') + get('/moved?a') + ABC,
    fast: 5,
  },
  { name: 'a link that is not valid yet', text: ABC + get('/early') + ABC, fast: 3 },
  { name: 'a link that sends on who comes too late', text: ABC + get('/over') + ABC, fast: 1 },
  { name: 'nothing', text: '', fast: 0 },
  { name: 'half a request line', text: 'GET /ab', fast: 0 },
  { name: 'half a head', text: 'GET /abc HTTP/1.1\r\nHost: a\r\nX', fast: 0 },
  { name: 'a redirect and half a head', text: `${ABC}GET /abc HTTP/1.1\r\nHost: a\r\n`, fast: 1 },
  { name: 'a code never given', text: get('/nothing') + ABC, fast: 2 },
  { name: 'a code never given, of a browser', text: get('/nothing', ...BROWSER) + ABC, fast: 2 },
  { name: 'a code never given, of a program', text: get('/nothing', JSON_ONLY) + ABC, fast: 2 },
  {
    name: 'a code never given, accepted twice',
    text: get('/nothing', 'accept:text/html;q=0.5', 'X: y', 'ACCEPT: application/json \t') + ABC,
    fast: 2,
  },
  {
    name: 'a code never given, by turns for people and programs',
    text: (get('/nothing') + get('/nothing', JSON_ONLY) + get('/gone', JSON_ONLY)).repeat(3),
    fast: 9,
  },
  {
    name: 'a code never given, with a long wish',
    text: get('/nothing', `Accept: ${'text/html,'.repeat(60)}application/json`) + ABC,
    fast: 0,
  },
  { name: '200 codes never given', text: get('/nothing').repeat(200) + ABC, fast: 201 },
  { name: 'words of the service', text: ABC + get('/login') + get('/docs') + ABC, fast: 1 },
  { name: 'a key of who finds nothing', text: get('/nothing', 'X-Api-Key: a') + ABC, fast: 0 },
  { name: 'a deleted link between others', text: ABC + get('/gone') + ABC, fast: 3 },
  { name: 'links that are over', text: get('/expired') + get('/used?a') + ABC, fast: 3 },
  {
    name: 'links that need more than memory',
    text: ABC + get('/metered') + get('/unknown'),
    fast: 1,
  },
  { name: 'a link with rules', text: ABC + get('/ruled') + ABC, fast: 1 },
  {
    name: 'a link with rules, from a phone',
    text: ABC + get('/ruled', `User-Agent: ${IPHONE}`) + ABC,
    fast: 1,
  },
  { name: 'a link with a password', text: ABC + get('/locked') + get('/locked?a=b'), fast: 1 },
  {
    name: 'a link that is not in memory',
    text: ABC + get('/unknown') + get('/b') + get('/unknown') + ABC,
    fast: 1,
    fastAsking: 5,
  },
  { name: 'a look-up that fails', text: ABC + get('/broken') + ABC, fast: 1 },
  { name: 'an address that would break out', text: ABC + get('/unsafe') + ABC, fast: 1 },
  { name: 'the home page', text: get('/'), fast: 0 },
  { name: 'a query', text: get('/abc?a=b') + ABC, fast: 2 },
  {
    name: 'a query of links that say what becomes of it',
    text: get('/kept?c=2') + get('/mine?c=2&e'),
    fast: 2,
  },
  { name: 'an empty query', text: get('/abc?') + ABC, fast: 2 },
  { name: 'a query that the target has', text: get('/b?c=x&d=1&%63=y&=z&e') + ABC, fast: 2 },
  { name: 'a query in a query', text: get('/abc?a?b/c=?') + ABC, fast: 2 },
  { name: 'odd characters in a query', text: get(`/abc?${ODD}`) + ABC, fast: 2 },
  { name: 'a line break, escaped', text: get('/abc?a=%0d%0aSet-Cookie:%20b') + ABC, fast: 2 },
  { name: 'a slash and a query', text: get('/abc/?a=b') + get('/abc/') + ABC, fast: 3 },
  { name: 'a query of a link that is gone', text: get('/gone/?a=b') + ABC, fast: 2 },
  { name: 'a query of a link not in memory', text: UNKNOWN_QUERY, fast: 0, fastAsking: 3 },
  { name: 'a query and a fragment', text: get('/abc?a=b#c') + ABC, fast: 0 },
  { name: 'a query of 3,000 bytes', text: get(`/abc?a=${'b'.repeat(3_000)}`) + ABC, fast: 2 },
  { name: 'a query of 5,000 bytes', text: get(`/abc?a=${'b'.repeat(5_000)}`) + ABC, fast: 0 },
  { name: 'a query of 1,000 parameters', text: get(`/b?${'a&'.repeat(1_000)}`) + ABC, fast: 2 },
  { name: 'high bytes in a query', text: get('/abc?\u00e9=\u00c3\u00a4') + ABC, fast: 0 },
  { name: 'DEL in a query', text: get('/abc?a\x7f') + ABC, fast: 0 },
  { name: 'a tab in a query', text: get('/abc?a\tb') + ABC, fast: 0 },
  { name: 'NUL in a query', text: get('/abc?a\0b') + ABC, fast: 0 },
  { name: 'a space in a query', text: get('/abc?a b') + ABC, fast: 0 },
  {
    name: 'a long query with a head that is known',
    text:
      get('/abc', `X: ${'a'.repeat(3_000)}`) +
      get(`/abc?${'b'.repeat(2_000)}`, `X: ${'a'.repeat(3_000)}`),
    fast: 1,
  },
  { name: 'a fragment', text: get('/abc#a') + ABC, fast: 0 },
  { name: 'two slashes', text: get('//abc') + ABC, fast: 0 },
  { name: 'a slash at the end', text: get('/abc/') + ABC, fast: 2 },
  { name: 'two slashes at the end', text: get('/abc//') + ABC, fast: 0 },
  { name: 'a slash and what is no head', text: `GET /abc/-${ABC}`, fast: 0 },
  {
    name: 'a slash and a preview',
    text: get('/abc/+') + get('/abc+/') + get('/abc+?a=b'),
    fast: 0,
  },
  { name: 'an escape', text: get('/%61bc') + get('/%41') + get('/%00') + ABC, fast: 0 },
  { name: 'a bad escape', text: get('/%zz') + ABC, fast: 0 },
  { name: 'an absolute target', text: get('http://tiny.example/abc') + ABC, fast: 0 },
  { name: 'an asterisk', text: get('*') + ABC, fast: 0 },
  { name: 'a path upwards', text: get('/../abc') + ABC, fast: 0 },
  { name: 'a code of 65 characters', text: get(`/${'a'.repeat(65)}`), fast: 0 },
  { name: 'HEAD', text: `HEAD${ABC.slice(3)}${ABC}`, fast: 0 },
  { name: 'POST', text: `${BODY}Content-Length: 2\r\n\r\nhi${ABC}`, fast: 0 },
  { name: 'get', text: `get${ABC.slice(3)}`, fast: 0 },
  { name: 'OPTIONS', text: `OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n${ABC}`, fast: 0 },
  { name: 'CONNECT', text: `CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n${ABC}`, fast: 0 },
  { name: 'HTTP/2 preface', text: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', fast: 0 },
  { name: 'HTTP/1.0', text: 'GET /abc HTTP/1.0\r\nHost: a\r\n\r\n', fast: 0 },
  { name: 'HTTP/1.0 after 1.1', text: `${ABC}GET /abc HTTP/1.0\r\n\r\n${ABC}`, fast: 1 },
  { name: 'HTTP/0.9', text: 'GET /abc\r\n\r\n', fast: 0 },
  { name: 'HTTP/1.2', text: 'GET /abc HTTP/1.2\r\nHost: a\r\n\r\n', fast: 0 },
  { name: 'an empty line first', text: `\r\n${ABC}`, fast: 0 },
  { name: 'empty lines between', text: `${ABC}\r\n\r\n${ABC}`, fast: 1 },
  { name: 'a line feed between', text: `${ABC}\n${ABC}`, fast: 1 },
  { name: 'bare line feeds', text: ABC.replaceAll('\r\n', '\n') + ABC, fast: 0 },
  { name: 'a bare line feed in a head', text: get('/abc', 'X: a\nY: b') + ABC, fast: 0 },
  { name: 'a bare carriage return', text: get('/abc', 'X: a\rY: b') + ABC, fast: 0 },
  { name: 'a folded header', text: get('/abc', 'X: a', ' b') + ABC, fast: 0 },
  { name: 'a header folded first', text: `GET /abc HTTP/1.1\r\n Host: a\r\n\r\n${ABC}`, fast: 0 },
  { name: 'no host', text: `GET /abc HTTP/1.1\r\nX: a\r\n\r\n${ABC}`, fast: 0 },
  { name: 'no header at all', text: `GET /abc HTTP/1.1\r\n\r\n${ABC}`, fast: 0 },
  { name: 'two hosts', text: get('/abc', 'Host: b') + ABC, fast: 0 },
  { name: 'an empty host', text: `GET /abc HTTP/1.1\r\nHost:\r\n\r\n${ABC}`, fast: 0 },
  { name: 'no name that can be one', text: `GET /abc+ HTTP/1.1\r\nHost: ,\r\n\r\n${ABC}`, fast: 0 },
  {
    name: 'duplicate headers',
    text: get('/abc', 'X: a', 'X: b', 'Cookie: a', 'Cookie: b'),
    fast: 1,
  },
  { name: 'a space before the colon', text: get('/abc', 'X : a') + ABC, fast: 0 },
  { name: 'NUL in a value', text: get('/abc', 'X: a\0b') + ABC, fast: 0 },
  { name: 'NUL in the target', text: get('/abc\0') + ABC, fast: 0 },
  { name: 'high bytes in a value', text: get('/abc', 'X: \u00e9\u00ff') + ABC, fast: 0 },
  { name: 'high bytes in the target', text: get('/\u00e9') + ABC, fast: 0 },
  { name: 'DEL in a value', text: get('/abc', 'X: a\x7fb') + ABC, fast: 0 },
  { name: 'a tab in a value', text: get('/abc', 'X:\ta\tb\t'), fast: 1 },
  { name: 'an empty value', text: get('/abc', 'X:', 'Y: '), fast: 1 },
  { name: 'a header without a name', text: get('/abc', ': a') + ABC, fast: 0 },
  { name: 'close', text: get('/abc', 'Connection: close') + ABC, fast: 0 },
  {
    name: 'close among options',
    text: get('/abc', 'Connection: keep-alive, close') + ABC,
    fast: 0,
  },
  { name: 'close in a proxy header', text: get('/abc', 'Proxy-Connection: close') + ABC, fast: 0 },
  { name: 'close after redirects', text: ABC + get('/b', 'connection: CLOSE') + ABC, fast: 1 },
  {
    name: 'an upgrade',
    text: get('/abc', 'Connection: Upgrade', 'Upgrade: websocket') + ABC,
    fast: 0,
  },
  { name: 'an upgrade without a connection', text: get('/abc', 'Upgrade: h2c') + ABC, fast: 0 },
  { name: 'an expectation', text: get('/abc', 'Expect: 100-continue') + ABC, fast: 0 },
  { name: 'an unknown expectation', text: get('/abc', 'Expect: a') + ABC, fast: 0 },
  {
    name: 'a body hides a request',
    text: get('/abc', `Content-Length: ${HIDDEN.length}`) + HIDDEN + ABC,
    fast: 0,
  },
  { name: 'an empty body', text: get('/abc', 'Content-Length: 0') + ABC, fast: 0 },
  {
    name: 'a body that is not all there',
    text: get('/abc', 'Content-Length: 9999') + ABC,
    fast: 0,
  },
  { name: 'a negative length', text: get('/abc', 'Content-Length: -1') + ABC, fast: 0 },
  {
    name: 'two lengths',
    text: get('/abc', 'Content-Length: 0', 'Content-Length: 5') + ABC,
    fast: 0,
  },
  { name: 'chunks', text: `${get('/abc', 'Transfer-Encoding: chunked')}0\r\n\r\n${ABC}`, fast: 0 },
  {
    name: 'chunks hide a request',
    text: `${get('/abc', 'Transfer-Encoding: chunked')}${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n${ABC}`,
    fast: 0,
  },
  {
    name: 'a length and chunks',
    text: `${get('/abc', 'Content-Length: 5', 'Transfer-Encoding: chunked')}0\r\n\r\n${ABC}`,
    fast: 0,
  },
  {
    name: 'chunks misspelt',
    text: `${get('/abc', 'Transfer-Encoding: xchunked')}0\r\n\r\n${ABC}`,
    fast: 0,
  },
  {
    name: 'chunks behind a tab',
    text: `${get('/abc', 'Transfer-Encoding:\tchunked')}0\r\n\r\n${ABC}`,
    fast: 0,
  },
  {
    name: 'a length with a space before the colon',
    text: get('/abc', 'Content-Length : 5') + ABC,
    fast: 0,
  },
  {
    name: 'a length behind a bare line feed',
    text: get('/abc', 'X: a\nContent-Length: 5') + ABC,
    fast: 0,
  },
  { name: 'a key', text: ABC + get('/abc', 'X-Api-Key: wrong') + ABC, fast: 1 },
  { name: 'a key as bearer', text: get('/abc', 'AUTHORIZATION: Bearer a') + ABC, fast: 0 },
  { name: 'bytes after a request', text: `${ABC}hello`, fast: 1 },
  { name: 'TLS', text: '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03', fast: 0 },
  { name: 'a head of 4,000 bytes', text: get('/abc', `X: ${'a'.repeat(3_900)}`) + ABC, fast: 2 },
  { name: 'a head of 5,000 bytes', text: get('/abc', `X: ${'a'.repeat(5_000)}`) + ABC, fast: 0 },
  { name: 'a head of 20,000 bytes', text: get('/abc', `X: ${'a'.repeat(20_000)}`) + ABC, fast: 0 },
  {
    name: 'an unfinished header of 9,000 bytes',
    text: `GET /abc HTTP/1.1\r\nX: ${'a'.repeat(9_000)}`,
    fast: 0,
  },
  { name: 'a target of 9,000 bytes', text: get(`/${'a'.repeat(9_000)}`) + ABC, fast: 0 },
  {
    name: '300 headers',
    text: get('/abc', ...Array.from({ length: 300 }, (_, i) => `X${i}: a`)),
    fast: 1,
  },
]
