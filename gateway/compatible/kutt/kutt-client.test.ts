/** The package `kutt` of npm, by which programs of Node talk to Kutt, against a gateway that listens. */
import Kutt from 'kutt'
import test from 'ava'
import { KEY, NOW, startGateway } from '../../testing/test-gateway.ts'

const WAIT_MS_MAX = 60_000

test('its own client makes, lists, changes and deletes links', async (t) => {
  const { listen } = await startGateway(t, { interfaces: ['kutt'] })
  const api = `http://127.0.0.1:${await listen()}/api/v2`
  const kutt = new Kutt().set('api', api).set('key', KEY).set('timeout', WAIT_MS_MAX)
  t.true(await kutt.health().check())
  const links = kutt.links()
  const wish = { target: 'https://example.com/', customurl: 'mine', expire_in: '2 days' }
  const made = await links.create({ ...wish, description: 'A', password: 'secret' })
  t.like(made, { address: 'mine', description: 'A', password: true, visit_count: 0 })
  t.deepEqual(made.created_at, new Date(NOW))
  const { total, data } = await links.list({ limit: 5 })
  t.is(total, 1)
  t.deepEqual(data, [made])
  const changes = { target: 'https://example.org/', address: 'mine', description: 'B' }
  t.like(await links.update(made.id, changes), { ...changes, id: made.id, password: true })
  t.like(await kutt.users().info(), { email: 'admin', domains: [] })
  await t.throwsAsync(links.create(wish), { message: 'Custom URL is already in use.' })
  const domain = kutt.domains().create({ address: 'a.example' })
  await t.throwsAsync(domain, { message: /TINYGRID_DOMAINS/ })
  t.is(await links.remove(made.id), 'Link has been deleted successfully.')
  t.is((await links.list()).total, 0)
})
