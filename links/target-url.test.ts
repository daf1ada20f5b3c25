import test from 'ava'
import * as fc from 'fast-check'
import { hasCode } from './errors.ts'
import { URL_BYTES_DEFAULT, URL_BYTES_MAX } from './link.ts'
import { isTargetScheme, WEB_SCHEMES } from './target-schemes.ts'
import { isStoredUrl, parseTargetUrl, SAFE_TARGETS, type TargetRules } from './target-url.ts'

const OWN = {
  base: new URL('https://sho.rt'),
  port: 3000,
  machine: new Set(['box', '10.1.2.3', '[fe80::1]']),
}
const WEB: TargetRules = { schemes: WEB_SCHEMES, bytesMax: URL_BYTES_DEFAULT, own: OWN }
const APPS: TargetRules = {
  schemes: ['https', 'mailto', 'tel', 'sms', 'geo', 'magnet', 'myapp'],
  bytesMax: URL_BYTES_DEFAULT,
  own: OWN,
}

/** They run code, or open what belongs to the visitor or to the browser. */
const DANGEROUS = [
  'javascript:alert(1)',
  ' JavaScript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:msgbox(1)',
  'file:///etc/passwd',
  'blob:https://a.example/1',
  'filesystem:https://a.example/1',
  'view-source:https://a.example/',
  'about:blank',
  'jar:https://a.example/x!/y',
  'chrome://settings',
]

test('a target is what the WHATWG parser makes of it', (t) => {
  fc.assert(
    fc.property(fc.webUrl({ withFragments: true, withQueryParameters: true }), (url) => {
      const parsed = parseTargetUrl(url, WEB)
      t.is(parsed, new URL(url).href)
      t.is(parseTargetUrl(parsed, WEB), parsed)
    }),
  )
})

const anyText = fc.string({ unit: 'binary' })

test('whatever the text is, the result is visible ASCII that fits, or the text is refused', (t) => {
  const texts = fc.oneof(
    anyText,
    anyText.map((text) => `http://example.com/${text}`),
    anyText.map((text) => `https://${text}/`),
  )
  fc.assert(
    fc.property(texts, (text) => {
      try {
        const url = parseTargetUrl(text, WEB)
        t.regex(url, /^https?:\/\/[\x21-\x7e]+$/)
        t.true(url.length <= URL_BYTES_DEFAULT)
      } catch (error) {
        t.true(hasCode(error, 'invalid_field'))
      }
    }),
    { numRuns: 2000 },
  )
})

test('a target of any scheme is visible ASCII that is stored as it is read again, or refused', (t) => {
  const scheme = fc.oneof(
    fc.constantFrom('mailto', 'tel', 'magnet', 'MyApp', 'javascript', 'data', 'ftp', 'x+y.z-1'),
    fc.string({ unit: 'binary', maxLength: 4 }),
  )
  const slashes = fc.constantFrom('', '/', '//', '//a b/', '?', '#')
  const texts = fc.tuple(scheme, slashes, anyText).map(([a, b, c]) => `${a}:${b}${c}`)
  fc.assert(
    fc.property(texts, (text) => {
      try {
        const url = parseTargetUrl(text, SAFE_TARGETS)
        t.regex(url, /^[a-z][a-z0-9+.-]*:[\x21-\x7e]+$/)
        t.true(isStoredUrl(url))
        t.true(isTargetScheme(new URL(url).protocol.slice(0, -1)))
        t.is(parseTargetUrl(url, SAFE_TARGETS), url)
      } catch (error) {
        t.true(hasCode(error, 'invalid_field'))
      }
    }),
    { numRuns: 2000 },
  )
})

test('a scheme leads somewhere if the rules name it', (t) => {
  for (const [given, stored] of [
    ['mailto:a@b.example?subject=Hello there', 'mailto:a@b.example?subject=Hello%20there'],
    ['mailto:Ä b@c.example', 'mailto:%C3%84%20b@c.example'],
    ['TEL:+49 30 1234', 'tel:+49%2030%201234'],
    ['geo:52.5,13.4;u=10', 'geo:52.5,13.4;u=10'],
    ['magnet:?xt=urn:btih:abc&dn=a b', 'magnet:?xt=urn:btih:abc&dn=a%20b'],
    ['myapp://open/ü?x=1#y', 'myapp://open/%C3%BC?x=1#y'],
  ] as const) {
    t.is(parseTargetUrl(given, APPS), stored)
    t.throws(() => parseTargetUrl(given, WEB), {
      message: /^The URL must start with http:\/\/ or https:\/\/, not [a-z]+:$/,
    })
  }
  t.throws(() => parseTargetUrl('http://a.example', APPS), {
    message:
      'The URL must start with https://, mailto:, tel:, sms:, geo:, magnet: or myapp:, not http:',
  })
})

test('what is dangerous is refused under any rules, and is no stored URL', (t) => {
  const all = { schemes: DANGEROUS.map((url) => url.trim().split(':')[0]!), bytesMax: 8_192 }
  for (const url of DANGEROUS) {
    for (const rules of [SAFE_TARGETS, APPS, all]) {
      t.throws(() => parseTargetUrl(url, rules), { code: 'invalid_field' }, url)
    }
    t.false(isStoredUrl(url), url)
  }
})

test('a scheme alone leads nowhere', (t) => {
  for (const url of ['mailto:', 'tel:', 'myapp:', 'tel: ']) {
    t.throws(() => parseTargetUrl(url, APPS), { code: 'invalid_field' }, url)
    t.false(isStoredUrl(url), url)
  }
})

test('only a web address can lead back to this service', (t) => {
  t.throws(() => parseTargetUrl('https://sho.rt/abc', APPS), { message: /leads back/ })
  t.is(parseTargetUrl('myapp://sho.rt/abc', APPS), 'myapp://sho.rt/abc')
})

test('a URL has as many bytes as the rules allow, counted as it is stored', (t) => {
  for (const bytesMax of [2_048, URL_BYTES_DEFAULT, URL_BYTES_MAX]) {
    const rules = { schemes: WEB_SCHEMES, bytesMax }
    const longest = 'https://a.example/'.padEnd(bytesMax, 'x')
    t.is(parseTargetUrl(longest, rules), longest)
    t.throws(() => parseTargetUrl(`${longest}x`, rules), {
      message: `The URL has ${bytesMax + 1} bytes when written out; at most ${bytesMax}`,
    })
    const wide = 'https://a.example/'.padEnd(18 + Math.floor((bytesMax - 18) / 6), 'ä')
    t.notThrows(() => parseTargetUrl(wide, rules))
    t.throws(() => parseTargetUrl(`${wide}ä`, rules), { code: 'invalid_field' })
    // What was stored under higher rules is read under any.
    t.true(isStoredUrl(longest))
  }
  t.false(isStoredUrl('https://a.example/'.padEnd(URL_BYTES_MAX + 1, 'x')))
})
