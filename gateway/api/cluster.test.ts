import test from 'ava'
import { Compile } from 'typebox/schema'
import { clusterSchema } from './cluster-route.ts'
import { sampleCluster } from '../testing/cluster-sample.ts'
import { startGateway } from '../testing/test-gateway.ts'
import type { ClusterStatus as ShownStatus } from '../web/src/cluster/status.ts'

test('the cluster is told as the node sees it', async (t) => {
  const { call, status } = await startGateway(t)
  const { status: code, json, headers } = await call('GET', '/api/cluster')
  t.is(code, 200)
  t.is(headers['cache-control'], 'no-store')
  t.deepEqual(json as unknown, JSON.parse(JSON.stringify(sampleCluster(status))))
})

test('the web page knows its shape', async (t) => {
  const { status } = await startGateway(t)
  // What it takes it for is checked by the compiler.
  const shown: ShownStatus = sampleCluster(status)
  t.is(shown.nodes.length, 2)
})

test('the cluster is told to whoever has the key', async (t) => {
  const { call } = await startGateway(t)
  t.is((await call('GET', '/api/cluster', undefined, { 'x-api-key': '' })).status, 401)
  t.is((await call('GET', '/api/cluster', undefined, { 'x-api-key': 'wrong' })).status, 401)
})

test('the reply is as it is described, with nothing left out', async (t) => {
  const { call } = await startGateway(t)
  const { json } = await call('GET', '/api/cluster')
  t.deepEqual(Compile(clusterSchema).Errors(json)[1], [])
  const lone: { nodes: { numbers: object | null }[] } = JSON.parse(JSON.stringify(json))
  for (const name of Object.keys(lone.nodes[0]!.numbers!)) {
    const numbers: Record<string, unknown> = { ...lone.nodes[0]!.numbers }
    delete numbers[name]
    const lacking = { ...lone, nodes: [{ ...lone.nodes[0], numbers }] }
    t.not(Compile(clusterSchema).Errors(lacking)[1].length, 0, name)
  }
})
