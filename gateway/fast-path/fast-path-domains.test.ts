/** With several domains too, the fast path answers byte for byte as the server behind it. */
import test from 'ava'
import * as fc from 'fast-check'
import { requestDomainsOf } from '../http/request-domains.ts'
import type { DomainSettings } from '../gateway-settings.ts'
import { answers, startPair, stopPair, within, type Pair } from '../testing/fast-path-comparison.ts'
import { makeGateway } from '../testing/fast-path-pair.ts'
import { parseDomain } from '../../links/full-code.ts'

const NAMES = ['go.example', 's.example'].map((name) => parseDomain(name)!)
const DOMAINS: DomainSettings[] = NAMES.map((name) => ({
  name,
  fallbackUrl: null,
  robots: 'allow',
}))

const HOSTS = [
  'go.example',
  'GO.example',
  'go.example:8080',
  'go.example.',
  'Go.Example.:80',
  's.example',
  'sho.rt',
  'else.example',
  'go.example.else',
  'xgo.example',
  'go.example:80:80',
  'go.example:',
  'go.example/abc',
  `${'a'.repeat(300)}.example`,
]

async function pairWith(trustProxy: boolean): Promise<Pair> {
  const served = requestDomainsOf(DOMAINS, trustProxy)!
  const settings = { baseUrl: 'http://sho.rt', domains: DOMAINS, trustProxy }
  return startPair(() => makeGateway(settings), { prefixOf: (head) => served.prefixOfHead(head) })
}

const direct = await pairWith(false)
const proxied = await pairWith(true)

test.after.always(async () => {
  for (const pair of [direct, proxied]) await stopPair(pair)
})

const host = fc.constantFrom(...HOSTS)
const path = fc.constantFrom('/abc', '/abc', '/b', '/elsewhere', '/abc?x=1', '/nothing', '/abc/')
const blanks = fc.constantFrom('', ' ', '  ')
const forwarded = fc.option(
  fc.tuple(
    fc.constantFrom('X-Forwarded-Host', 'x-forwarded-host'),
    fc.array(host, { maxLength: 2 }),
  ),
)

const request = fc
  .tuple(path, fc.constantFrom('Host', 'host', 'HOST'), host, blanks, forwarded)
  .map(([target, name, value, blank, proxy]) => {
    const more = proxy === null ? '' : `${proxy[0]}: ${proxy[1].join(', ')}\r\n`
    return `GET ${target} HTTP/1.1\r\n${name}:${blank}${value}${blank}\r\n${more}\r\n`
  })
const CUTS = fc.array(fc.nat(400), { maxLength: 2 })

for (const [name, pair] of [
  ['without', direct],
  ['with', proxied],
] as const) {
  test.serial(`answered alike ${name} a proxy, whatever hosts a connection names`, async (t) => {
    let byFastPath = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(request, { minLength: 1, maxLength: 4 }),
        CUTS,
        async (texts, cuts) => {
          const text = texts.join('')
          const { answer, expected, count } = await answers(pair, text, within(text, cuts))
          t.is(answer, expected, JSON.stringify({ text, cuts }))
          byFastPath += count
        },
      ),
      { numRuns: 100 },
    )
    t.true(byFastPath > 50)
  })
}

test.serial('the host decides where a code leads, request by request', async (t) => {
  const text = get('go.example', 'abc') + get('sho.rt', 'abc') + get('else.example', 'abc')
  const { answer, count } = await answers(direct, text)
  t.is(count, 3)
  const targets = [...answer.matchAll(/Location: (\S+)/g)].map(([, target]) => target)
  t.deepEqual(targets, [
    'https://example.com/elsewhere',
    'https://example.com/a',
    'https://example.com/a',
  ])
  for (const [name, code] of [
    ['s.example', 'abc'],
    ['sho.rt', 'elsewhere'],
  ] as const) {
    const lost = await answers(direct, get(name, code))
    t.regex(lost.answer, /^HTTP\/1\.1 404 /)
    t.is(lost.answer, lost.expected)
  }
})

function get(name: string, code: string): string {
  return `GET /${code} HTTP/1.1\r\nHost: ${name}\r\n\r\n`
}
