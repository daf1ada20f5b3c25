import test from 'ava'
import * as fc from 'fast-check'
import { BlockedHosts, hostInUrl } from './blocked-hosts.ts'
import { hasCode } from './errors.ts'
import { parseHostPattern } from './host-pattern.ts'
import { isStoredUrl, parseTargetUrl, SAFE_TARGETS } from './target-url.ts'

function blocking(...texts: readonly string[]): BlockedHosts {
  const blocked = new BlockedHosts()
  blocked.replace(
    'interface',
    texts.map((text) => parseHostPattern(text)!),
  )
  return blocked
}

/** Whether a redirect there is refused, once it is written as a link has it. */
function refuses(blocked: BlockedHosts, url: string): boolean {
  return blocked.has(parseTargetUrl(url, SAFE_TARGETS))
}

test('a host is blocked however it is written', (t) => {
  const blocked = blocking('bad.example', 'bücher.example', '192.0.2.1', '2001:db8::1', '127.0.0.1')
  const same = [
    'https://bad.example/',
    'http://BAD.example:8080/path?a=b#c',
    'https://bad.example./x',
    'https://user:pass@bad.example/',
    'https://user%40good.example@bad.example:1/',
    'ｈttps://bad.example'.normalize('NFKC'),
    'https://ｂad.example/',
    'https:bad.example',
    'ftp://bad.example/file',
    'myapp://Bad.Example',
    'myapp://b%61d.example/x',
    'https://BÜCHER.example',
    'https://xn--bcher-kva.example',
    'http://192.0.2.1/',
    'http://3221225985/',
    'http://0xc0.0.0x2.1/',
    'http://0300.0.02.01/',
    'http://[::ffff:192.0.2.1]/',
    'http://[2001:0DB8:0:0::1]:443/',
    'http://127.1/',
    'http://2130706433/',
  ]
  for (const url of same) t.true(refuses(blocked, url), url)
  const others = [
    'https://www.bad.example/',
    'https://notbad.example/',
    'https://bad.example.com/',
    'https://good.example/bad.example',
    'https://good.example/?u=https://bad.example/',
    'https://bad.example@good.example/',
    'http://192.0.2.10/',
    'http://[2001:db8::11]/',
    'mailto:someone@bad.example',
    'tel:123',
  ]
  for (const url of others) t.false(refuses(blocked, url), url)
})

test('a star is every host below, and not the host itself', (t) => {
  const blocked = blocking('*.bad.example')
  t.true(refuses(blocked, 'https://a.bad.example/'))
  t.true(refuses(blocked, 'https://A.b.bad.example.:81/'))
  t.false(refuses(blocked, 'https://bad.example/'))
  t.false(refuses(blocked, 'https://a.notbad.example/'))
})

test('what is no host is no entry of a list', (t) => {
  const none = [
    '',
    '*',
    '*.',
    '.',
    '*.192.0.2.1',
    '*.[::1]',
    'a.*',
    'https://a.example',
    'a.example/x',
  ]
  none.push(
    'a.example:80',
    'a b',
    'u@a.example',
    'a%2eexample',
    '[::1]:80',
    '1.2.3.4.5',
    'x'.repeat(2000),
  )
  for (const text of none) t.is(parseHostPattern(text), undefined, text)
  t.is(parseHostPattern('A.Example.'), 'a.example')
  t.is(parseHostPattern('*.Bücher.example'), '*.xn--bcher-kva.example')
  t.is(parseHostPattern('::FFFF:7f00:1'), '127.0.0.1')
})

test('a changed list holds at once, and each source has its own', (t) => {
  const blocked = blocking('one.example')
  t.true(blocked.has('https://one.example/'))
  t.false(blocked.has('https://two.example/'))
  blocked.replace('file', ['two.example'])
  t.true(blocked.has('https://two.example/'))
  blocked.replace('interface', [])
  t.false(blocked.has('https://one.example/'))
  t.deepEqual(blocked.entryFor('two.example'), { pattern: 'two.example', source: 'file' })
  blocked.replace('file', [])
  t.true(blocked.isEmpty)
  t.false(blocked.has('https://two.example/'))
})

test('more hosts than are remembered are judged right', (t) => {
  const blocked = blocking('bad.example')
  for (let host = 0; host < 5_000; host++) t.false(blocked.has(`https://h${host}.example/`))
  t.true(blocked.has('https://bad.example/'))
  t.false(blocked.has('https://h1.example/'))
})

test('the host that is cut out of a stored URL is the one that a browser sees', (t) => {
  const userinfo = fc.webAuthority({
    withIPv4: true,
    withIPv6: true,
    withPort: true,
    withUserInfo: true,
  })
  const urls = fc
    .tuple(
      fc.constantFrom('http', 'https', 'ftp', 'myapp'),
      userinfo,
      fc.webPath(),
      fc.webQueryParameters(),
    )
    .map(
      ([scheme, authority, path, query]) =>
        URL.parse(`${scheme}://${authority}${path}?${query}`)?.href,
    )
    .filter((url) => url !== undefined && isStoredUrl(url))
  fc.assert(
    fc.property(urls, (url) => {
      t.is(hostInUrl(url!), new URL(url!).hostname)
    }),
  )
})

test('a blocked target is refused by its field, wherever it stands', (t) => {
  const rules = { ...SAFE_TARGETS, blocked: blocking('bad.example') }
  const error = t.throws(() => parseTargetUrl('https://bad.example/x', rules, 'links[2].url'))
  t.true(hasCode(error, 'target_blocked'))
  t.like(error, { field: 'links[2].url' })
  t.is(parseTargetUrl('https://good.example/', rules), 'https://good.example/')
})
