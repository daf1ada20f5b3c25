/** Where visitors get whose code leads nowhere. */
import test from 'ava'
import type { EpochMs } from '../../links/ids.ts'
import { KEY, NOW, startGateway } from '../testing/test-gateway.ts'

const FALLBACK = 'https://example.org/sorry'
const INSTEAD = 'https://example.com/over'
const PAST = (NOW - 1) as EpochMs

test('every code that leads nowhere leads to the operator’s page, and nobody keeps that', async (t) => {
  const { add, call, redirects } = await startGateway(t, { fallbackUrl: FALLBACK })
  add({ code: 'expired', expiresAt: PAST })
  add({ code: 'deleted', lifecycle: 'deleted' })
  add({ code: 'used', maxVisits: 1, visits: 1 })
  add({ code: 'early', validFrom: (NOW + 1) as EpochMs })
  const codes = ['expired', 'deleted', 'used', 'early', 'nothing']
  for (const code of codes) {
    const { status, headers, text } = await call('GET', `/${code}?a=b`)
    t.deepEqual([status, headers['location'], text], [302, FALLBACK, ''], code)
    t.is(headers['cache-control'], 'no-store')
  }
  t.deepEqual([redirects.gone, redirects.absent, redirects.found], [3, 2, 0], 'counted as before')
})

test('the rest of the service is as it was', async (t) => {
  const { add, call } = await startGateway(t, { fallbackUrl: FALLBACK })
  add({ code: 'abc1234' })
  t.is((await call('GET', '/abc1234')).headers['location'], 'https://example.com/page')
  t.is((await call('HEAD', '/nothing')).status, 404)
  t.is((await call('GET', '/nothing+')).status, 404)
  t.is((await call('GET', '/not/a/code')).status, 404)
  t.is((await call('GET', '/api')).status, 404)
  t.is((await call('GET', '/api/links/nothing')).status, 404)
  t.is((await call('GET', '/')).status, 200)
})

test('a failure of ours is told as one', async (t) => {
  const { call, links } = await startGateway(t, { fallbackUrl: FALLBACK })
  links.evicted.add('abc1234' as never)
  links.failure = new Error('broken')
  t.is((await call('GET', '/abc1234')).status, 500)
})

test('a link’s own address for late visitors goes before the operator’s, but not once it is deleted', async (t) => {
  for (const settings of [{}, { fallbackUrl: FALLBACK }]) {
    const { add, call } = await startGateway(t, settings)
    add({ code: 'expired', expiresAt: PAST, expiredUrl: INSTEAD })
    add({ code: 'used', maxVisits: 1, visits: 1, expiredUrl: INSTEAD })
    add({ code: 'last', maxVisits: 1, expiredUrl: INSTEAD })
    add({ code: 'deleted', lifecycle: 'deleted', expiresAt: PAST, expiredUrl: INSTEAD })
    t.is((await call('GET', '/expired')).headers['location'], INSTEAD)
    t.is((await call('GET', '/used')).headers['location'], INSTEAD)
    t.is((await call('GET', '/last')).headers['location'], 'https://example.com/page')
    t.is((await call('GET', '/last')).headers['location'], INSTEAD)
    t.is((await call('HEAD', '/expired')).status, 410)
    const { headers } = await call('GET', '/deleted')
    t.is(headers['location'], settings.fallbackUrl)
  }
})

test('who has the key is told who said so', async (t) => {
  const { call } = await startGateway(t, { fallbackUrl: FALLBACK })
  const { status, headers } = await call('GET', '/nothing', undefined, { 'x-api-key': KEY })
  t.deepEqual([status, headers['x-tinygrid-source']], [302, 'owner'])
})

test('a fallback that is the service itself is none', async (t) => {
  const { call } = await startGateway(t, { fallbackUrl: 'https://sho.rt/start' })
  t.is((await call('GET', '/nothing')).status, 404)
})
