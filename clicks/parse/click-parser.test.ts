/** What becomes of a record: the parts of a click, whatever was sent. */
import fc from 'fast-check'
import test from 'ava'
import type { Code, EpochMs } from '../../links/ids.ts'
import { CLICK_TEXT_MAX, DEVICES, VISITOR_KINDS } from '../click.ts'
import type { ClickRecord } from '../log/click-batch.ts'
import { EMPTY_ADDRESS_BOOK } from './address-book.ts'
import { ClickParser } from './click-parser.ts'

const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) ' +
  'Chrome/126.0.0.0 Safari/537.36'

test('a visit in full becomes a click', (t) => {
  const headers = `User-Agent: ${CHROME}\nReferer: https://www.Example.org/a/b?c#d\nAccept-Language: de-at,en;q=0.5`
  const query = 'utm_source=news&utm_medium=e+mail&utm_campaign=%C3%A4%20b'
  t.deepEqual(parse({ headers, query, address: '192.0.2.7' }), {
    code: 'first' as Code,
    at: 1_000 as EpochMs,
    kind: 'human',
    botName: '',
    country: '',
    asn: 0,
    network: '',
    networkType: '',
    ipVersion: 4,
    address: '192.0.2.7',
    visitor: '0123456789abcdef',
    browser: 'Chrome',
    browserVersion: '126',
    os: 'Windows',
    device: 'desktop',
    referrerHost: 'example.org',
    referrerPath: '/a/b',
    language: 'de-AT',
    utmSource: 'news',
    utmMedium: 'e mail',
    utmCampaign: 'ä b',
    status: 302,
    node: 'n1',
    rule: 0,
  })
})

test('nothing known leaves empty texts, and is a bot without a name', (t) => {
  const { kind, botName, referrerHost, language, utmSource, ipVersion } = parse({})
  t.deepEqual(
    [kind, botName, referrerHost, language, utmSource, ipVersion],
    ['bot', '', '', '', '', 0],
  )
})

for (const header of [
  'Sec-Purpose: prefetch;prerender',
  'sec-purpose: prefetch',
  'Purpose: prefetch',
  'X-Purpose: preview',
  'X-Moz: prefetch',
]) {
  test(`a person's browser that sends "${header}" prefetches`, (t) => {
    const { kind, browser } = parse({ headers: `${header}\nuser-agent: ${CHROME}` })
    t.deepEqual([kind, browser], ['prefetch', 'Chrome'])
  })
}

test('a bot that prefetches is a bot', (t) => {
  t.is(parse({ headers: 'Purpose: prefetch\nUser-Agent: Googlebot/2.1' }).kind, 'bot')
})

test('no address is kept where none may be, and no text that is none', (t) => {
  const parser = new ClickParser({ addresses: EMPTY_ADDRESS_BOOK, keepsAddress: false })
  const { address, ipVersion } = parser.parse(record({ address: '2001:db8:1::' }), 'n1')
  t.deepEqual([address, ipVersion], ['', 6])
  t.is(parse({ address: '\u0000nonsense' }).address, '')
})

const REFERRERS: readonly (readonly [header: string, host: string, path: string])[] = [
  ['https://www.google.com/', 'google.com', '/'],
  ['https://www.com/x', 'www.com', '/x'],
  ['http://user:secret@shop.example:8080/a?b=c#d', 'shop.example', '/a'],
  ['HTTPS://EXAMPLE.ORG.', 'example.org', '/'],
  ['https://münchen.example/straße', 'xn--mnchen-3ya.example', '/stra%C3%9Fe'],
  // The same as bytes of UTF-8, and as Latin-1.
  [
    Buffer.from('https://münchen.example/straße').toString('latin1'),
    'xn--mnchen-3ya.example',
    '/stra%C3%9Fe',
  ],
  ['https://xn--mnchen-3ya.example/', 'xn--mnchen-3ya.example', '/'],
  ['https://[2001:db8::1]/a', '[2001:db8::1]', '/a'],
  ['android-app://com.google.android.gm/', 'com.google.android.gm', ''],
  ['android-app://com.Slack/https/example.org', 'com.slack', ''],
  ['android-app://<script>', '', ''],
  ['javascript:alert(1)', '', ''],
  ['data:text/html,<b>', '', ''],
  ['about:blank', '', ''],
  ['ftp://example.org/a', '', ''],
  ['example.org/a', '', ''],
  ['https://', '', ''],
  ['https://exa mple.org/', '', ''],
  ['https://e.example/a\tb\u0001\u009F\u202E', 'e.example', '/ab%01%C2%9F%E2%80%AE'],
  [`https://e.example/${'a'.repeat(10_000)}`, 'e.example', `/${'a'.repeat(255)}`],
  [`https://e.example/${'ä'.repeat(3_000)}`, 'e.example', `/${'%C3%A4'.repeat(42)}%C3`],
  [`https://${'a'.repeat(10_000)}.example/`, '', ''],
]

for (const [header, host, path] of REFERRERS) {
  test(`the referrer ${JSON.stringify(header.slice(0, 80))} is of "${host}"`, (t) => {
    const { referrerHost, referrerPath } = parse({ headers: `Referer: ${header}` })
    t.deepEqual([referrerHost, referrerPath], [host, path])
  })
}

const LANGUAGES: readonly (readonly [header: string, language: string])[] = [
  ['de', 'de'],
  ['en-US,en;q=0.9', 'en-US'],
  ['en;q=0.5, fr-ca ;q=0.8, de;q=0.8', 'fr-CA'],
  ['zh-hant-tw', 'zh-Hant-TW'],
  ['*', ''],
  ['*, de;q=0.1', 'de'],
  ['de;q=0', ''],
  ['de;q=7, en;q=0.3', 'en'],
  ['de-aaaaaaaa-bbbbbbbb-cccc', 'de-aaaaaaaa'],
  ['<script>', ''],
  ['x'.repeat(10_000), ''],
]

for (const [header, language] of LANGUAGES) {
  test(`the language of "${header.slice(0, 40)}" is "${language}"`, (t) => {
    t.is(parse({ headers: `Accept-Language: ${header}` }).language, language)
  })
}

test('a campaign is that of the short URL, and what it does not tell that of the target', (t) => {
  const { utmSource, utmMedium, utmCampaign } = parse({
    query: 'a=b&utm_source=chat&utm_medium=',
    targetQuery: 'utm_source=news&utm_medium=mail&utm_campaign=May',
  })
  t.deepEqual([utmSource, utmMedium, utmCampaign], ['chat', 'mail', 'May'])
})

for (const [query, source] of [
  ['utm_source=%', '%'],
  ['utm_source=%zz%41', '%zzA'],
  ['utm_source=%FF%FE', '\uFFFD\uFFFD'],
  ['utm_source=a%00b%0D%0Ac', 'a b c'],
  ['utm_source=%E2%80%AEevil', 'evil'],
  [`utm_source=${'%F0%9F%98%80'.repeat(500)}`, '😀'.repeat(64)],
  [`utm_source=a${'%F0%9F%98%80'.repeat(500)}`, `a${'😀'.repeat(63)}`],
  ['utm_sources=no', ''],
  ['xutm_source=no', ''],
] as const) {
  test(`the source of ${query.slice(0, 40)} is ${JSON.stringify(source)}`, (t) => {
    t.is(parse({ query }).utmSource, source)
  })
}

test('whatever bytes come, a click is bounded and has no control characters', (t) => {
  const parser = new ClickParser({ addresses: EMPTY_ADDRESS_BOOK, keepsAddress: true })
  const bytes = fc
    .uint8Array({ maxLength: 300 })
    .chain((array) =>
      fc.constantFrom('latin1', 'utf8').map((encoding) => Buffer.from(array).toString(encoding)),
    )
  const text = fc.oneof(bytes, fc.string({ unit: 'binary', maxLength: 300 }), utf16())
  const url = fc
    .tuple(fc.constantFrom('https://', 'https://a.b/', ''), text)
    .map((parts) => parts.join(''))
  fc.assert(
    fc.property(text, url, text, text, text, (agent, referrer, language, query, address) => {
      const headers = `User-Agent: ${agent}\nReferer: ${referrer}\nAccept-Language: ${language}\n${agent}`
      const queries = { query: `utm_source=${query}&utm_campaign=${agent}`, targetQuery: query }
      const visit = record({ headers, address, ...queries })
      const click = parser.parse(visit, 'n1')
      t.deepEqual(parser.parse(visit, 'n1'), click)
      t.true(VISITOR_KINDS.includes(click.kind) && DEVICES.includes(click.device))
      for (const [field, max] of Object.entries(CLICK_TEXT_MAX)) {
        const value = click[field as keyof typeof CLICK_TEXT_MAX]
        if (value.length > max || !value.isWellFormed() || /\p{Cc}/u.test(value)) {
          t.fail(`${field} is ${JSON.stringify(value)}`)
        }
      }
    }),
    { numRuns: 500 },
  )
})

function utf16(): fc.Arbitrary<string> {
  return fc
    .array(fc.integer({ min: 0, max: 0xff_ff }), { maxLength: 300 })
    .map((units) => String.fromCharCode(...units))
}

function parse(visit: Partial<ClickRecord>) {
  const parser = new ClickParser({ addresses: EMPTY_ADDRESS_BOOK, keepsAddress: true })
  return parser.parse(record(visit), 'n1')
}

function record(visit: Partial<ClickRecord>): ClickRecord {
  return {
    code: 'first' as Code,
    at: 1_000 as EpochMs,
    status: 302,
    address: '',
    visitor: '0123456789abcdef',
    headers: '',
    query: '',
    targetQuery: '',
    rule: 0,
    ...visit,
  }
}
