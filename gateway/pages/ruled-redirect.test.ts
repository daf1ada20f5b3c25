/** Links with rules: followed by visitors of all kinds, shown to who wants to see first. */
import test, { type ExecutionContext } from 'ava'
import type { Link } from '../../links/link.ts'
import type { RedirectRule } from '../../links/redirect-rules.ts'
import { startGateway } from '../testing/test-gateway.ts'

const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) ' +
  'Version/17.5 Mobile/15E148 Safari/604.1'
const ANY = { devices: [], languages: [], countries: [], from: null, to: null } as const
const to = (...urls: string[]) =>
  urls.map((url) => ({ url: `https://example.com/${url}`, weight: 1 }))
const RULES: RedirectRule[] = [
  { ...ANY, devices: ['ios'], targets: to('app') },
  { ...ANY, countries: ['DE'], targets: to('de') },
  { ...ANY, languages: ['fr'], targets: to('a', 'b') },
]
const HOME = 'https://example.com/page'

/** The rules of clicks as they are noted; 0: of one without. */
class NotedRules {
  readonly rules: number[] = []
  readonly notes = {
    note: () => void this.rules.push(0),
    noteRuled: (...noted: unknown[]) => void this.rules.push(noted.at(-1) as number),
    noteOrphan: () => {},
  }
  readonly numbers = () => ({}) as never
}

async function start(t: ExecutionContext, link: Partial<Link> = {}, parts: object = {}) {
  const countries = { country: (address: string) => (address === '192.0.2.9' ? 'DE' : '') }
  const openCountries = async () => countries
  const gateway = await startGateway(t, { trustProxy: true }, undefined, {
    openCountries,
    ...parts,
  })
  gateway.add({ code: 'abc1234', rules: RULES, ...link })
  const follow = async (headers: Record<string, string>, method: 'GET' | 'HEAD' = 'GET') =>
    gateway.call(method, '/abc1234', undefined, headers)
  return { ...gateway, follow }
}

test('a visitor goes where the first rule says that holds for him, or to the link’s own address', async (t) => {
  const { follow, redirects } = await start(t)
  const location = async (headers: Record<string, string>) => {
    const { status, headers: answered } = await follow(headers)
    t.is(status, 302)
    t.is(answered['cache-control'], 'private, max-age=0')
    return answered['location']
  }
  t.is(
    await location({ 'user-agent': IPHONE, 'x-forwarded-for': '192.0.2.9' }),
    'https://example.com/app',
  )
  t.is(await location({ 'x-forwarded-for': '192.0.2.9' }), 'https://example.com/de')
  t.is(await location({ 'x-forwarded-for': '192.0.2.8' }), HOME)
  t.is(await location({ 'user-agent': 'curl/8' }), HOME)
  t.regex((await location({ 'accept-language': 'fr-CH, en;q=0.5' }))!, /\/[ab]$/)
  t.is(redirects.late, 5)
})

test('a click tells which rule led the visitor; where none did it is as any other', async (t) => {
  const clicks = new NotedRules()
  const { follow, links } = await start(t, {}, { clicks })
  await follow({ 'user-agent': IPHONE, 'x-forwarded-for': '192.0.2.9' })
  await follow({ 'x-forwarded-for': '192.0.2.9' })
  await follow({ 'user-agent': IPHONE }, 'HEAD')
  await follow({})
  links.evicted.add('abc1234' as never)
  await follow({ 'accept-language': 'fr' })
  t.deepEqual(clicks.rules, [1, 2, 0, 3])
})

test('over many visits the targets of a rule are all drawn', async (t) => {
  const { follow } = await start(t)
  const seen = new Set<string>()
  for (let visit = 0; visit < 1_000 && seen.size < 2; visit++) {
    seen.add((await follow({ 'accept-language': 'fr' })).headers['location']!)
  }
  t.deepEqual([...seen].toSorted(), ['https://example.com/a', 'https://example.com/b'])
})

test('a link that is not in memory, deleted or expired is no other with rules', async (t) => {
  const { follow, links, add, clock } = await start(t)
  links.evicted.add('abc1234' as never)
  t.is((await follow({ 'user-agent': IPHONE })).headers['location'], 'https://example.com/app')
  add({ code: 'abc1234', rules: RULES, expiresAt: clock.now })
  t.is((await follow({})).status, 410)
  add({ code: 'abc1234', rules: RULES, lifecycle: 'deleted' })
  t.is((await follow({})).status, 410)
})

test('a visit of a link with rules and maxVisits is counted, and one that is too many goes nowhere', async (t) => {
  const { follow, redirects } = await start(t, { maxVisits: 1 })
  t.is(
    (await follow({ 'user-agent': IPHONE }, 'HEAD')).headers['location'],
    'https://example.com/app',
  )
  t.is((await follow({ 'user-agent': IPHONE })).headers['location'], 'https://example.com/app')
  t.is((await follow({ 'user-agent': IPHONE })).status, 410)
  t.is(redirects.metered, 1)
})

test('the preview shows where whom a link leads', async (t) => {
  const from = Date.UTC(2030, 5, 1) as RedirectRule['from']
  const targets = [
    { url: 'https://example.com/a', weight: 3 },
    { url: 'https://example.com/<b>', weight: 1 },
  ]
  const rules = [...RULES, { ...ANY, from, targets }]
  const { call } = await start(t, { rules })
  const { status, text } = await call('GET', '/abc1234+')
  t.is(status, 200)
  for (const shown of [
    HOME,
    'Visitors on ios',
    'https://example.com/app',
    'in DE',
    'with the language fr',
    'from 2030-06-01 00:00 UTC',
    '75 %',
    '25 %',
    'https://example.com/&lt;b&gt;',
  ]) {
    t.true(text.includes(shown), shown)
  }
})
