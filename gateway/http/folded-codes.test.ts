/** Where case does not matter: whatever names a code, in any case, means the same link. */
import test from 'ava'
import type { Code } from '../../links/ids.ts'
import { FakeAnalytics } from '../testing/fake-analytics.ts'
import { KEY, startGateway } from '../testing/test-gateway.ts'

const INSENSITIVE = { codeCase: 'insensitive' } as const
const URL_1 = 'https://example.com/'

test('a link is made, followed, read, changed and deleted by its code in any case', async (t) => {
  const { call, links } = await startGateway(t, INSENSITIVE)
  const made = await call('POST', '/api/links', { url: URL_1, code: 'JaZZ' })
  t.is(made.status, 201)
  t.is(made.json.code, 'jazz')
  t.is(made.json.shortUrl, 'http://sho.rt/jazz')
  t.is(made.headers['location'], '/api/links/jazz')
  t.deepEqual([...links.links.keys()].map(String), ['jazz'])
  t.is((await call('POST', '/api/links', { url: URL_1, code: 'jazZ' })).status, 409)

  for (const code of ['jazz', 'JAZZ', 'jAzZ']) {
    for (const headers of [{}, { 'x-api-key': KEY }]) {
      t.is((await call('GET', `/${code}`, undefined, headers)).headers['location'], URL_1)
    }
    t.is((await call('HEAD', `/${code}`)).status, 302)
    t.is((await call('GET', `/api/links/${code}`)).json.code, 'jazz')
    t.true((await call('GET', `/${code}+`)).text.includes('http://sho.rt/jazz<'))
  }
  links.evicted.add('jazz' as Code)
  t.is((await call('GET', '/JAZZ')).headers['location'], URL_1)
  t.is((await call('PATCH', '/api/links/JAZZ', { title: 'x' })).json.title, 'x')
  t.is((await call('DELETE', '/api/links/Jazz')).status, 204)
  t.is((await call('GET', '/jazz')).status, 410)
  t.is((await call('POST', '/api/links/JAZZ/restore')).json.code, 'jazz')
})

test('generated codes have no capital letters, and the same URL finds its link', async (t) => {
  const { call } = await startGateway(t, INSENSITIVE)
  const codes = await Promise.all(
    Array.from({ length: 50 }, async (_, n) => {
      const url = `${URL_1}${n}`
      const { json } = await call('POST', '/api/links', { url })
      t.is((await call('POST', '/api/links', { url })).json.code, json.code)
      const { json: other } = await call('POST', '/api/links', { url, reuse: false })
      return [json.code, other.code]
    }),
  )
  for (const code of codes.flat()) t.regex(code, /^[0-9a-z]{7}$/)
  t.is(new Set(codes.flat()).size, 100)
})

test('an import takes codes in in small letters, and two that differ in case alone are one', async (t) => {
  const { call } = await startGateway(t, INSENSITIVE)
  const past = { createdAt: '2020-01-01T00:00:00Z' }
  const { json } = await call('POST', '/api/links/bulk', {
    links: [
      { url: `${URL_1}1`, code: 'ABC', ...past },
      { url: `${URL_1}1`, code: 'abc', ...past },
    ],
  })
  t.deepEqual(
    json.results.map(({ status }) => status),
    [201, 200],
  )
  t.is(json.results[0]!.link.code, 'abc')
})

test('a whole short URL finds its link in any case', async (t) => {
  const { add, call } = await startGateway(t, INSENSITIVE)
  add({ code: 'jazz' })
  const { json } = await call('GET', '/api/links?search=http://sho.rt/JAZZ')
  t.is(json.links[0]?.code, 'jazz')
})

test('questions about clicks, and clicks themselves, name codes in small letters', async (t) => {
  const noted: string[] = []
  const note = (code: Code) => void noted.push(code)
  const clicks = {
    notes: { note, noteRuled: note, noteOrphan: note },
    numbers: () => ({}) as never,
  }
  const analytics = new FakeAnalytics()
  const { add, call } = await startGateway(t, INSENSITIVE, undefined, { clicks, analytics })
  add({ code: 'jazz' })
  await call('GET', '/JAZZ')
  await call('GET', '/NOthing')
  t.deepEqual(noted, ['jazz', 'nothing'])

  await call('GET', '/api/links/JAZZ/stats')
  await call('GET', '/api/stats?filter=code:JAZZ,Blues&filter=country:DE')
  const [ofLink, ofAll] = analytics.questions as unknown as Asked[]
  t.is(ofLink!.code, 'jazz')
  t.deepEqual(ofAll!.filters, [
    { field: 'code', values: ['jazz', 'blues'] },
    { field: 'country', values: ['DE'] },
  ])
})

interface Asked {
  readonly code?: string
  readonly filters: readonly object[]
}

test('where case matters every spelling is a code of its own', async (t) => {
  const { call } = await startGateway(t)
  for (const [n, code] of ['jazz', 'JAZZ', 'Jazz'].entries()) {
    t.is((await call('POST', '/api/links', { url: `${URL_1}${n}`, code })).json.code, code)
    t.is((await call('GET', `/${code}`)).headers['location'], `${URL_1}${n}`)
  }
})
