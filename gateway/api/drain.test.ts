/** Draining a node by the interface: who may, what is passed on, what is refused. */
import test from 'ava'
import { TinygridError } from '../../links/errors.ts'
import { startGateway } from '../testing/test-gateway.ts'

interface Bodied {
  readonly requestBody?: { readonly required: boolean }
}

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

test('where nothing has to be said, nothing need be sent, whatever type it is said to have', async (t) => {
  const { call } = await startGateway(t, {}, undefined, { drainNode: async () => {} })
  const type = { 'content-type': 'application/json' }
  t.is((await call('POST', PATH)).status, 200)
  t.is((await call('POST', PATH, undefined, type)).status, 200)
  t.is((await call('POST', PATH, 'null', type)).json.code, 'invalid_field')
  t.is((await call('POST', '/api/keys', undefined, type)).status, 400)
  const { json } = await call('GET', '/openapi.json')
  const { paths } = json as unknown as { paths: Record<string, Record<string, Bodied>> }
  const required = (path: string, method: string) => paths[path]![method]!.requestBody!.required
  t.false(required('/api/cluster/nodes/{node}/drain', 'post'))
  t.false(required('/api/blocked-hosts/{host}', 'put'))
  t.true(required('/api/keys', 'post'))
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
