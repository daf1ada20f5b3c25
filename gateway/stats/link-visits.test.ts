/** Links with their visits, and lists by them. */
import test from 'ava'
import { TinygridError } from '../../links/errors.ts'
import type { Code, EpochMs } from '../../links/ids.ts'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import { NOW, startGateway, type TestGateway } from '../testing/test-gateway.ts'
import { AGAIN_MS, LinkVisits, WAIT_MS } from './link-visits.ts'
import { EXAMINED_MAX } from './most-visited.ts'

async function follow({ analytics }: TestGateway, code: string, times: number): Promise<void> {
  const click = { code: code as Code, at: (NOW - 1) as EpochMs }
  await analytics.add(...Array.from({ length: times }, () => click))
}

async function list({ call }: TestGateway, query: string) {
  const { status, json } = await call('GET', `/api/links?${query}`)
  const codes = json.links?.map(({ code, visits }) => [code, visits])
  return { status, codes, next: json.nextCursor, field: json.field, code: json.code }
}

test('links show how often they were followed; those that count themselves, that', async (t) => {
  const gateway = await startGateway(t)
  gateway.add({ code: 'a' })
  gateway.add({ code: 'b' })
  gateway.add({ code: 'own', maxVisits: 9, visits: 5 })
  await follow(gateway, 'a', 3)
  await follow(gateway, 'own', 2)
  t.deepEqual((await list(gateway, '')).codes, [
    ['own', 5],
    ['b', 0],
    ['a', 3],
  ])
  t.deepEqual((await list(gateway, 'search=a')).codes, [
    ['own', 5],
    ['b', 0],
    ['a', 3],
  ])
  t.is((await gateway.call('GET', '/api/links/a')).json.visits, 3)
  t.is((await gateway.call('PATCH', '/api/links/a', { title: 'x' })).json.visits, 3)
})

test('a link that is shown with its visits is always sent, since its tag does not change with them', async (t) => {
  const gateway = await startGateway(t)
  gateway.add({ code: 'a' })
  const { headers } = await gateway.call('GET', '/api/links/a')
  const known = { 'if-none-match': headers['etag']! }
  t.is((await gateway.call('GET', '/api/links/a', undefined, known)).status, 200)
})

test('links are shown without visits while analytics does not answer', async (t) => {
  const clock = new ManualClock()
  const gateway = await startGateway(t, {}, undefined, { clock })
  gateway.add({ code: 'a' })
  gateway.analytics.failure = new TinygridError('analytics_unavailable')
  t.deepEqual((await list(gateway, '')).codes, [['a', null]])
  gateway.analytics.failure = undefined
  await clock.pass(AGAIN_MS)
  t.deepEqual((await list(gateway, '')).codes, [['a', 0]])
})

test('nobody waits long for them, nor again and again', async (t) => {
  const clock = new ManualClock()
  let asked = 0
  const never = { clicksOf: () => new Promise<never>(() => asked++) }
  const visits = new LinkVisits(never, clock)
  const first = visits.of(['a' as Code])
  await clock.pass(WAIT_MS)
  t.is((await first)('a' as Code), null)
  await visits.of(['a' as Code])
  t.is(asked, 1)
  await clock.pass(AGAIN_MS)
  void visits.of(['a' as Code])
  t.is(asked, 2)
})

test('a list by visits has the most first, page by page', async (t) => {
  const gateway = await startGateway(t)
  for (let n = 1; n <= 5; n++) {
    gateway.add({ code: `c${n}`, tags: n % 2 === 1 ? ['odd'] : [], ...(n === 4 && DELETED) })
    await follow(gateway, `c${n}`, n)
  }
  gateway.add({ code: 'never-followed' })
  await follow(gateway, 'orphan', 9)
  const first = await list(gateway, 'sort=visits&limit=2')
  t.deepEqual(first.codes, [
    ['c5', 5],
    ['c3', 3],
  ])
  const second = await list(gateway, `sort=visits&limit=2&cursor=${first.next}`)
  t.deepEqual(second.codes, [
    ['c2', 2],
    ['c1', 1],
  ])
  t.is(second.next, null)
  t.deepEqual((await list(gateway, 'sort=visits&tag=odd&search=C')).codes, [
    ['c5', 5],
    ['c3', 3],
    ['c1', 1],
  ])
})

const DELETED = { lifecycle: 'deleted' } as const

test('a page of a list by visits looks at so many links, and goes on behind them', async (t) => {
  const gateway = await startGateway(t)
  const at = (NOW - 1) as EpochMs
  const codes = Array.from({ length: EXAMINED_MAX + 5 }, (_, n) => `c${n}` as Code)
  await gateway.analytics.add(...codes.map((code) => ({ at, code })))
  await gateway.analytics.noteDeletion({ id: '1', kind: 'link', value: 'c999' })
  gateway.add({ code: 'c998' })
  const first = await list(gateway, 'sort=visits')
  t.is(first.next, `v${EXAMINED_MAX}`)
  const second = await list(gateway, `sort=visits&cursor=${first.next}`)
  t.is(second.next, null)
  t.deepEqual([...first.codes, ...second.codes], [['c998', 1]])
})

test('lists are narrowed by state and by time', async (t) => {
  const gateway = await startGateway(t)
  const createdAt = Date.UTC(2029, 5, 15) as EpochMs
  gateway.add({ code: 'old', createdAt, expiresAt: NOW })
  gateway.add({ code: 'used', maxVisits: 1, visits: 1 })
  await follow(gateway, 'old', 1)
  t.deepEqual((await list(gateway, 'sort=visits&state=expired')).codes, [['old', 1]])
  t.deepEqual((await list(gateway, 'sort=visits&state=active')).codes, [])
  t.deepEqual((await list(gateway, 'sort=visits&createdFrom=2029-06-15')).codes, [['old', 1]])
  t.deepEqual((await list(gateway, 'sort=visits&createdTo=2029-06-15')).codes, [])
  const asked: unknown[] = []
  const plain = gateway.links.list.bind(gateway.links)
  gateway.links.list = (query) => {
    asked.push(query)
    return plain(query)
  }
  await list(gateway, 'state=used_up&createdFrom=2029-06-15T00:00:00Z&createdTo=2029-12-31')
  const createdTo = Date.UTC(2029, 11, 31)
  t.like(asked[0], { state: { is: 'used_up', at: NOW }, createdFrom: createdAt, createdTo })
})

test('what cannot be listed names the parameter', async (t) => {
  const gateway = await startGateway(t)
  for (const [query, field] of [
    ['sort=title', 'sort'],
    ['state=deleted', 'state'],
    ['createdFrom=soon', 'createdFrom'],
    ['createdTo=2029-02-30', 'createdTo'],
    ['sort=visits&cursor=x', 'cursor'],
    ['sort=visits&cursor=v100000', 'cursor'],
  ]) {
    t.like(await list(gateway, query!), { status: 400, field }, query)
  }
  gateway.analytics.failure = new TinygridError('analytics_unavailable')
  t.like(await list(gateway, 'sort=visits'), { status: 503, code: 'analytics_unavailable' })
})
