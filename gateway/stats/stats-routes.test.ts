/** What is asked about clicks over HTTP, and what is answered. */
import { setImmediate } from 'node:timers/promises'
import test from 'ava'
import { Compile } from 'typebox/schema'
import { TinygridError } from '../../links/errors.ts'
import type { EpochMs } from '../../links/ids.ts'
import { KEY, NOW, startGateway, type TestGateway } from '../testing/test-gateway.ts'
import { statsSchema } from './stats-schemas.ts'

const HOUR_MS = 3_600_000
const at = (hoursAgo: number) => (NOW - hoursAgo * HOUR_MS) as EpochMs

async function ask({ call }: TestGateway, query: string, path = '/api/stats') {
  const { status, text } = await call('GET', `${path}?${query}`)
  return { status, ...(JSON.parse(text) as Record<string, unknown>) } as {
    status: number
    [key: string]: unknown
  }
}

test('totals, series and groups are told, the rest as other', async (t) => {
  const gateway = await startGateway(t)
  await gateway.analytics.add(
    { code: 'a' as never, at: at(1), country: 'DE', visitor: '00000000000000a1' },
    { code: 'a' as never, at: at(2), country: 'DE', visitor: '00000000000000a1' },
    { code: 'b' as never, at: at(30), country: 'AT', kind: 'bot', botName: 'x' },
  )
  const answer = await ask(gateway, 'from=2029-12-30&interval=day&groupBy=country&limit=1')
  const de = { clicks: 2, humans: 2, bots: 0, visitors: 1 }
  const bot = { clicks: 1, humans: 0, bots: 1, visitors: 1 }
  t.deepEqual(answer, {
    status: 200,
    from: '2029-12-30T00:00:00.000Z',
    to: '2030-01-01T00:00:00.000Z',
    totals: { clicks: 3, humans: 2, bots: 1, visitors: 1 },
    series: [
      { start: '2029-12-30T00:00:00.000Z', ...bot },
      { start: '2029-12-31T00:00:00.000Z', ...de },
    ],
    groups: [{ country: 'DE', ...de }],
    other: bot,
  })
  const { status: _status, ...shown } = answer
  t.deepEqual(Compile(statsSchema).Errors(shown)[1], [])
})

test('visitors are counted where they are wanted', async (t) => {
  const gateway = await startGateway(t)
  await gateway.analytics.add({ at: at(1), country: 'DE' }, { at: at(25), country: 'AT' })
  const query = 'interval=day&groupBy=country&limit=1&compare=previous&visitors='
  const counted = async (scope: string) => {
    const { status, ...answer } = await ask(gateway, query + scope)
    t.deepEqual(Compile(statsSchema).Errors(answer)[1], [])
    const { totals, series, groups, other, previous } = answer
    return {
      status,
      totals: tellsVisitors(totals),
      parts: [series, groups, other].map(tellsVisitors),
      previous,
    }
  }
  t.like(await counted('all'), { status: 200, totals: true, parts: [true, true, true] })
  t.like(await counted('totals'), { totals: true, parts: [false, false, false] })
  const { totals, parts, previous } = await counted('none')
  t.deepEqual({ totals, parts }, { totals: false, parts: [false, false, false] })
  t.false(JSON.stringify(previous).includes('visitors'))
  t.like(await ask(gateway, 'visitors=some'), { status: 400 })
})

function tellsVisitors(part: unknown): boolean {
  return [part].flat().every((one) => 'visitors' in (one as object))
}

test('a link has its own, also when it was deleted; one that was never given has none', async (t) => {
  const gateway = await startGateway(t)
  gateway.add({ code: 'a' })
  gateway.add({ code: 'gone', lifecycle: 'deleted' })
  await gateway.analytics.add(
    { code: 'a' as never, at: at(1) },
    { code: 'gone' as never, at: at(1) },
  )
  for (const code of ['a', 'gone']) {
    t.like(await ask(gateway, '', `/api/links/${code}/stats`), {
      status: 200,
      totals: { clicks: 1 },
    })
  }
  t.like(await ask(gateway, '', '/api/links/never/stats'), { status: 404, code: 'link_not_found' })
})

test('filters and bots narrow it, in a time zone', async (t) => {
  const gateway = await startGateway(t)
  await gateway.analytics.add(
    { at: at(1), network: 'A, B: C', country: 'DE' },
    { at: at(1), network: 'A', country: 'AT', kind: 'preview' },
    { at: at(1), network: 'A', country: 'FR', status: 404 },
  )
  const clicks = async (query: string) =>
    (await ask(gateway, query))['totals'] as { clicks: number }
  t.is((await clicks(`filter=${encodeURIComponent('network:A\\, B: C')}`)).clicks, 1)
  t.is((await clicks('filter=country:DE,AT')).clicks, 2)
  t.is((await clicks('filter=country:DE,AT&filter=network:A')).clicks, 1)
  t.is((await clicks('bots=exclude')).clicks, 1)
  t.is((await clicks('orphans=true')).clicks, 1)
  await ask(gateway, 'timezone=Asia/Tokyo&groupBy=hourOfDay&from=2029-12-31&to=2030-01-01')
  t.like(gateway.analytics.questions.at(-1), { timezone: 'Asia/Tokyo', from: at(33), to: at(9) })
})

test('the time before is told beside it', async (t) => {
  const gateway = await startGateway(t)
  await gateway.analytics.add({ at: at(1) }, { at: at(25) }, { at: at(26) })
  const query = 'from=2029-12-31&to=2030-01-01&interval=day&groupBy=os&compare='
  const { totals, previous } = await ask(gateway, `${query}previous`)
  t.like(totals, { clicks: 1 })
  t.like(previous, { from: '2029-12-30T00:00:00.000Z', totals: { clicks: 2 } })
  t.deepEqual(Object.keys(previous as object), ['from', 'to', 'totals', 'series'])
  t.like((await ask(gateway, `${query}year`))['previous'], { from: '2028-12-31T00:00:00.000Z' })
})

test('tags are those that links have now', async (t) => {
  const gateway = await startGateway(t)
  gateway.add({ code: 'a', tags: ['red', 'blue'] })
  gateway.add({ code: 'b', tags: ['red'] })
  await gateway.analytics.add(
    { code: 'a' as never, at: at(1) },
    { code: 'b' as never, at: at(1) },
    { code: 'c' as never, at: at(1) },
  )
  const { groups } = await ask(gateway, 'groupBy=tag')
  t.deepEqual(
    (groups as { tag: string; clicks: number }[]).map(({ tag, clicks }) => [tag, clicks]),
    [
      ['red', 2],
      ['', 1],
      ['blue', 1],
    ],
  )
  t.like(await ask(gateway, 'filter=tag:red'), { totals: { clicks: 2 } })
  t.like(await ask(gateway, 'filter=tag:'), { totals: { clicks: 1 } })
  t.like(await ask(gateway, 'filter=tag:none'), { totals: { clicks: 0 } })
})

test('tags with too many links are refused by the limit', async (t) => {
  const gateway = await startGateway(t)
  for (let n = 0; n <= 10_000; n++) gateway.add({ code: `c${n}`, tags: ['many'] })
  for (const [query, field] of [
    ['groupBy=tag', 'groupBy'],
    ['filter=tag:many', 'filter'],
  ] as const) {
    const problem = await ask(gateway, query)
    t.like(problem, { status: 400, code: 'invalid_field', field })
    t.regex(String(problem['detail']), /at most 10000 links/)
  }
})

test('what cannot be asked names the parameter', async (t) => {
  const gateway = await startGateway(t)
  const wrong: [string, string][] = [
    ['timezone=Mars/Base', 'timezone'],
    ['from=now', 'from'],
    ['to=x', 'to'],
    ['interval=year', 'interval'],
    ['interval=minute&from=2020-01-01', 'interval'],
    ['from=1990-01-01', 'from'],
    ['interval=minute&from=2029-12-31&compare=year&to=2030-01-09&timezone=UTC', 'interval'],
    ['groupBy=os,device,country', 'groupBy'],
    ['groupBy=planet', 'groupBy'],
    ['groupBy=os&groupBy=device&groupBy=country', 'groupBy'],
    ['filter=DE', 'filter'],
    ['bots=some', 'bots'],
    ['limit=1001', 'limit'],
    ['limit=-1', 'limit'],
    ['compare=never', 'compare'],
    ['from=a&from=b', 'from'],
    ['colour=red', 'colour'],
    [`timezone=${'x'.repeat(65)}`, 'timezone'],
  ]
  for (const [query, field] of wrong) {
    t.like(await ask(gateway, query), { status: 400, field }, query)
  }
})

test('without analytics there is no answer, and that is said', async (t) => {
  const gateway = await startGateway(t)
  gateway.analytics.failure = new TinygridError('analytics_unavailable')
  t.like(await ask(gateway, ''), { status: 503, code: 'analytics_unavailable' })
  const without = await startGateway(t, {}, undefined, { analytics: undefined })
  t.like(await ask(without, ''), { status: 503, code: 'analytics_unavailable' })
  t.is((await without.call('GET', '/api/stats', undefined, { 'x-api-key': '' })).status, 401)
})

test('tags are listed with their links', async (t) => {
  const gateway = await startGateway(t)
  gateway.add({ code: 'a', tags: ['red', 'blue'] })
  gateway.add({ code: 'b', tags: ['red'], lifecycle: 'deleted' })
  const { text } = await gateway.call('GET', '/api/tags')
  t.deepEqual(JSON.parse(text), {
    tags: [
      { tag: 'red', links: 1 },
      { tag: 'blue', links: 1 },
    ],
  })
})

test('who goes before the answer is not asked for any longer', async (t) => {
  const gateway = await startGateway(t)
  const { promise: held, resolve: end } = Promise.withResolvers<void>()
  gateway.analytics.waiting = held
  const port = await gateway.listen()
  const gone = new AbortController()
  const paths = ['stats?compare=previous', 'visits', 'visits?format=parquet']
  const asked = paths.map((path) => {
    const options = { headers: { 'x-api-key': KEY }, signal: gone.signal }
    return t.throwsAsync(fetch(`http://127.0.0.1:${port}/api/${path}`, options))
  })
  const { signals } = gateway.analytics
  while (signals.length < 4) await setImmediate()
  t.false(signals.some((signal) => signal!.aborted))
  gone.abort()
  await Promise.all(asked)
  while (!signals.every((signal) => signal!.aborted)) await setImmediate()
  end()
  while (gateway.work.numbers().requests > 0) await setImmediate()
  t.is((await gateway.call('GET', '/api/stats')).status, 200)
})
