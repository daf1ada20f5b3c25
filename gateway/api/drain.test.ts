/** Draining a node by the interface: who may, what is passed on, what is refused. */
import test from 'ava'
import { TinygridError } from '../../links/errors.ts'
import { startGateway } from '../testing/test-gateway.ts'

const PATH = '/api/cluster/nodes/n1/drain'

test('a node is drained, stopped, and let have partitions again', async (t) => {
  const asked: unknown[] = []
  const drainNode = async (...wish: unknown[]) => void asked.push(wish)
  const { call } = await startGateway(t, {}, undefined, { drainNode })
  const drained = await call('POST', PATH, {})
  t.is(drained.status, 200)
  t.deepEqual(drained.json as unknown, { node: 'n1', asked: 'drain' })
  await call('POST', PATH, { stop: true })
  t.is((await call('DELETE', PATH)).status, 200)
  t.deepEqual(asked, [
    ['n1', 'drain'],
    ['n1', 'stop'],
    ['n1', 'undo'],
  ])
  t.is((await call('POST', PATH, { stop: 'yes' })).status, 400)
  t.is((await call('POST', PATH, {}, { 'x-api-key': '' })).status, 401)
  t.is(asked.length, 3)
})

async function nobody(): Promise<void> {
  throw new TinygridError('node_not_found', { detail: 'There is no node n1' })
}

test('why not is told, and a node alone has nobody to give to', async (t) => {
  const { call } = await startGateway(t, {}, undefined, { drainNode: nobody })
  const absent = await call('POST', PATH, {})
  t.is(absent.status, 404)
  t.is((absent.json as { code: string }).code, 'node_not_found')
  const alone = await startGateway(t)
  t.is((await alone.call('POST', PATH, {})).status, 409)
})
