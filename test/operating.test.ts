/** What an operator sees of a cluster with nothing but the `nats` program, as an observer. */
import test from 'ava'
import type { Code } from '../links/ids.ts'
import type { NodeStatus } from '../links/link-owner.ts'
import { ClusterWorld } from './cluster-world.ts'
import { until } from './deadline.ts'
import { NatsCommand } from './nats-command.ts'
import { findProgram, PROGRAM_NAMES } from './services/service-program.ts'

const isHere = PROGRAM_NAMES.every((name) => findProgram(name) !== undefined)
const natsTest = isHere ? test.serial : test.serial.skip

const WAIT_MS = 60_000
const code = 'seen' as Code

let world: ClusterWorld
let nats: NatsCommand
const endings: (() => unknown)[] = []

if (isHere) {
  test.before(async (t) => {
    const surroundings = {
      passed: true,
      log: t.log,
      teardown: (ending: () => unknown) => endings.unshift(ending),
    }
    world = await ClusterWorld.start(surroundings, { nodes: 2 })
    nats = new NatsCommand(surroundings, world.services.nats.observerUrl)
    await world.pick().program.create({ url: 'https://seen.example/', code })
  })
  test.after.always(async () => {
    for (const ending of endings) await ending()
  })
}

natsTest('micro ls, ping, info and stats show each node, and what can be asked', async (t) => {
  const listed = await nats.run('micro', 'ls')
  t.regex(listed, /tinygrid +│ \d+\.\d+\.\d+ +│ \w+ +│ Node n[12] of a URL shortener/)
  for (const node of ['n1', 'n2']) t.regex(listed, new RegExp(`│ Node ${node} of a URL shortener`))
  const pinged = await nats.run('micro', 'ping', 'tinygrid')
  t.is(pinged.match(/^tinygrid \w+ +rtt=/gm)?.length, 2, pinged)
  const ids = Array.from(pinged.matchAll(/^tinygrid (\w+)/gm), ([, id]) => id!)
  const infos = await Promise.all(ids.map((id) => nats.run('micro', 'info', 'tinygrid', id)))
  const nodes = new Set(infos.map((info) => /node: (\w+)/.exec(info)?.[1]))
  t.true(nodes.has('n1') && nodes.has('n2'))
  for (const info of infos) {
    for (const name of ['owner', 'table', 'node']) t.regex(info, new RegExp(`Name: ${name}\n`))
    t.regex(info, /Subject: tinygrid\.owner\n +Queue Group: q/)
  }
  await nats.run('req', 'tinygrid.node.n1', '')
  const stats = await nats.run('micro', 'stats', 'tinygrid')
  t.regex(stats, /│ node +│ 1 /)
})

natsTest('one node answers who owns a code, as the table has it', async (t) => {
  const owner = JSON.parse(await nats.run('req', '--raw', 'tinygrid.owner', code))
  const partition = world.ring.partitionOf(code)
  const row = (await world.view.table())!.ownershipOf(partition)
  t.like(owner, { code, partition, owner: row.owner, epoch: row.epoch, target: null })
  t.regex(owner.url, /^http:\/\/127\.0\.0\.1:/)
  const all = await nats.run('req', 'tinygrid.owner', code, '--replies=0', '--timeout=500ms')
  t.is(all.match(/"code":"seen"/g)?.length, 1, all)
})

natsTest('what is no code is refused with a sentence, and counted', async (t) => {
  for (const payload of ['', 'a b', 'x'.repeat(65)]) {
    const refused = await nats.run('req', 'tinygrid.owner', payload)
    t.regex(refused, /Nats-Service-Error-Code: 400/)
    t.regex(refused, /Nats-Service-Error: Send a code: 1 to 64 characters/)
  }
  const stats = JSON.parse(await nats.run('micro', 'stats', 'tinygrid', '--json'))
  const owners = (stats as { endpoints: { name: string; num_errors: number }[] }[])
    .flatMap(({ endpoints }) => endpoints)
    .filter(({ name }) => name === 'owner')
  t.is(
    owners.reduce((sum, endpoint) => sum + endpoint.num_errors, 0),
    3,
  )
})

natsTest('the table and each node tell of themselves as JSON', async (t) => {
  const text = await nats.run('req', '--raw', 'tinygrid.table', '')
  t.regex(text, /^\{"partition":0,"owner":"n\d","epoch":\d+,"target":null\},$/m)
  const table = JSON.parse(text)
  t.is(table.rows.length, 256)
  t.deepEqual(
    table.nodes.map((row: { node: string; partitions: number }) => [row.node, row.partitions]),
    [
      ['n1', 128],
      ['n2', 128],
    ],
  )
  t.regex(table.controller, /^n[12]$/)
  const status = JSON.parse(await nats.run('req', '--raw', 'tinygrid.node.n2', ''))
  t.like(status, { nodeId: 'n2', ready: true, partitionsOwned: 128 })
})

natsTest('kv shows the table, the leases and the controller', async (t) => {
  t.regex(await nats.run('kv', 'ls'), /│ tinygrid +│/)
  const keys = await nats.run('stream', 'subjects', 'KV_tinygrid')
  for (const key of ['controller', 'lease.n1', 'lease.n2', 'settings', 'table']) {
    t.true(keys.includes(`$KV.tinygrid.${key} `), keys)
  }
  const get = async (key: string) =>
    JSON.parse(await nats.run('kv', 'get', 'tinygrid', key, '--raw'))
  const table = await get('table')
  t.deepEqual(table.nodes, ['n1', 'n2'])
  t.is(table.rows.length, 256)
  t.like(await get('lease.n1'), {
    nodeId: 'n1',
    state: 'active',
    roles: ['gateway', 'actors'],
  })
  t.regex((await get('controller')).nodeId, /^n[12]$/)
})

function numberOf(info: string, name: string): number {
  return Number(new RegExp(` ${name}: ([\\d,]+)`).exec(info)?.[1]?.replaceAll(',', ''))
}

natsTest('stream and req show how much of the log waits for the store', async (t) => {
  t.regex(await nats.run('stream', 'ls'), /│ TINYGRID_LOG +│ Acknowledged writes/)
  const partition = world.ring.partitionOf(code)
  const subject = `tinygrid.log.${partition}`
  const one = await nats.run('stream', 'subjects', 'TINYGRID_LOG', subject)
  t.regex(one, new RegExp(`│ ${subject} +│ \\d+ `))
  const { owner } = (await world.view.table())!.ownershipOf(partition)
  const statusOf = async () =>
    JSON.parse(await nats.run('req', '--raw', `tinygrid.node.${owner}`, '')) as NodeStatus

  await world.services.mongo.kill()
  const titles = ['one', 'two', 'three']
  for (const title of titles) {
    const json = { title }
    await world.pick().program.api(`/api/links/${code}`, { method: 'PATCH', json })
  }
  const info = await nats.run('stream', 'info', 'TINYGRID_LOG')
  t.is(numberOf(info, 'Number of Subjects'), world.ring.partitions)
  t.true(numberOf(info, 'Messages') >= world.ring.partitions + titles.length, info)
  const waiting = await statusOf()
  t.is(waiting.dirtyLinks, 1)
  t.true(waiting.flushLagMs > 0)
  await world.services.mongo.restart()
  await until('the store has it', WAIT_MS, async () => (await statusOf()).dirtyLinks === 0)
  t.regex(await nats.run('consumer', 'ls', 'TINYGRID_LOG'), /No Consumers defined/)
})

natsTest('sub shows a node that joins and one that dies, and what moves', async (t) => {
  const { output } = nats.follow(t, 'sub', 'tinygrid.events.>')
  const seen = (kind: string, what: RegExp) => {
    return until(`${kind} is seen`, WAIT_MS, async () => {
      const lines = output().split('\n')
      return lines.some((line) => line.startsWith(`{"kind":"${kind}"`) && what.test(line))
    })
  }
  await until('it listens', WAIT_MS, async () => output().includes('Subscribing'))
  const third = await world.addNode()
  await seen('node.joined', /"at":"\d{4}-.*Z","node":"n3"/)
  await seen('partition.planned', /"from":"n[12]","to":"n3","partitions":\[\d+/)
  await seen('partition.moved', /"from":"n[12]","to":"n3",.*"epochs":\[\d+.*"waitsMs":\[\d+/)
  await world.settled()
  await until('each move is seen', WAIT_MS, () => movedIn(output()).size >= 85)
  await world.kill(third)
  await seen('node.died', /"node":"n3"/)
  await seen('partition.planned', /"from":null,"to":"n[12]"/)
  await seen('partition.taken-over', /"to":"n[12]","partitions":\[\d+.*"epochs":\[\d+/)
  t.regex(output(), /Received on "tinygrid\.events\.partition\.taken-over"/)
})

/** The partitions that moved, by the events. */
function movedIn(output: string): Set<number> {
  const lines = output.split('\n').filter((line) => line.startsWith('{"kind":"partition.moved"'))
  return new Set(lines.flatMap((line) => (JSON.parse(line) as { partitions: number[] }).partitions))
}
