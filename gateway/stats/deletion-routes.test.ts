/** Clicks that are to be forgotten. */
import test from 'ava'
import { TinygridError } from '../../links/errors.ts'
import type { Code, EpochMs } from '../../links/ids.ts'
import { NOW, startGateway, type TestGateway } from '../testing/test-gateway.ts'

const at = (NOW - 1) as EpochMs

async function remove({ call }: TestGateway, path: string) {
  const { status, text } = await call('DELETE', path)
  return { status, ...(JSON.parse(text) as Record<string, unknown>) }
}

test("a link's clicks go, and the link stays", async (t) => {
  const gateway = await startGateway(t)
  gateway.add({ code: 'a' })
  const [a, b] = ['a', 'b'] as Code[]
  await gateway.analytics.add({ code: a!, at }, { code: a!, at }, { code: b!, at })
  t.deepEqual(await remove(gateway, '/api/links/a/clicks'), { status: 200, deleted: 2 })
  t.deepEqual(await remove(gateway, '/api/links/a/clicks'), { status: 200, deleted: 0 })
  t.is((await gateway.call('GET', '/api/links/a')).json.visits, 0)
  t.deepEqual(await remove(gateway, '/api/links/b/clicks'), { status: 200, deleted: 1 })
  t.like(await remove(gateway, '/api/links/b/clicks'), { status: 404, code: 'link_not_found' })
})

test('visits of an address go by what is kept of it', async (t) => {
  const gateway = await startGateway(t, { ipPrivacy: 'full' })
  await gateway.analytics.add(
    { at, address: '203.0.113.7' },
    { at, address: '203.0.113.8' },
    { at, address: '2001:db8::7' },
  )
  const path = '/api/visits?address='
  t.deepEqual(await remove(gateway, `${path}::ffff:203.0.113.7`), {
    status: 200,
    deleted: 1,
    matched: 'address',
  })
  t.like(await remove(gateway, `${path}2001:0DB8:0:0::7`), { deleted: 1, matched: 'address' })
  t.is((await gateway.analytics.status()).clicks, 1)
})

test('where only networks are kept, the visits of the network go, and that is said', async (t) => {
  const gateway = await startGateway(t)
  await gateway.analytics.add({ at, address: '203.0.113.0' }, { at, address: '2001:db8:1::' })
  const path = '/api/visits?address='
  t.like(await remove(gateway, `${path}203.0.113.7`), { deleted: 1, matched: 'network' })
  t.like(await remove(gateway, `${path}2001:db8:1:2::7`), { deleted: 1, matched: 'network' })
})

test('where no addresses are kept there is nothing to find, and that is said', async (t) => {
  const gateway = await startGateway(t, { ipPrivacy: 'none' })
  await gateway.analytics.add({ at, address: '' })
  const answer = await remove(gateway, '/api/visits?address=203.0.113.7')
  t.like(answer, { status: 409, code: 'addresses_not_kept' })
  t.is((await gateway.analytics.status()).clicks, 1)
})

test('a deletion that is logged is promised, whether anybody can carry it out now or not', async (t) => {
  const gateway = await startGateway(t)
  gateway.add({ code: 'a' })
  gateway.analytics.failure = new TinygridError('analytics_unavailable')
  t.deepEqual(await remove(gateway, '/api/links/a/clicks'), { status: 202, deleted: null })
  const address = await remove(gateway, '/api/visits?address=203.0.113.7')
  t.deepEqual(address, { status: 202, deleted: null, matched: 'network' })
  t.is(gateway.analytics.noted, 2)
})

test('a deletion that cannot be logged is not promised, and changes nothing', async (t) => {
  const gateway = await startGateway(t)
  gateway.add({ code: 'a' })
  await gateway.analytics.add({ code: 'a' as Code, at })
  gateway.analytics.logFailure = new TinygridError('click_log_unavailable')
  const answer = await remove(gateway, '/api/links/a/clicks')
  t.like(answer, { status: 503, code: 'click_log_unavailable' })
  t.is((await gateway.analytics.status()).clicks, 1)
})

test('what is no address deletes nothing', async (t) => {
  const gateway = await startGateway(t)
  await gateway.analytics.add({ at })
  for (const query of [
    '',
    '?address=',
    '?address=203.0.113',
    '?address=x',
    '?address=1.1.1.1&all=1',
  ]) {
    t.is((await remove(gateway, `/api/visits${query}`)).status, 400, query)
  }
  const keyless = { 'x-api-key': '' }
  for (const path of ['/api/visits?address=203.0.113.7', '/api/links/abc/clicks']) {
    t.is((await gateway.call('DELETE', path, undefined, keyless)).status, 401)
  }
  t.is((await gateway.analytics.status()).clicks, 1)
})
