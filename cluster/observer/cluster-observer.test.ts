import test from 'ava'
import { ClusterObserver, REPORT_CALL, type ClusterObserverOptions } from './cluster-observer.ts'
import type { NodeReport } from './cluster-status.ts'
import type { Epoch, EpochMs, NodeId, PartitionId } from '../../links/ids.ts'
import type { NodeLease } from '../membership/lease.ts'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import { MemoryNetwork } from '../testing/memory-peers.ts'
import { Table } from '../table/table.ts'

const A = 'a' as NodeId
const B = 'b' as NodeId
const C = 'c' as NodeId
const START = Date.UTC(2030, 0, 1)
const LOG = {
  kind: 'jetstream',
  entries: 1,
  bytes: 2,
  bytesMax: 3,
  durability: {
    replicas: 3,
    replicasCurrent: 3,
    storage: 'file',
    syncsBeforeAnswer: null,
  },
  streams: [],
} as const

/** What `node` says of itself, as far as the observer reads it. */
function reportOf(node: NodeId, more: Partial<NodeReport> = {}): NodeReport {
  const numbers = { flushLagMs: node === A ? 10.4 : 70, dirtyLinks: 3 } as NodeReport['numbers']
  return {
    url: `http://${node}`,
    numbers,
    analytics: null,
    handingOver: [],
    handedOver: [],
    ...more,
  }
}

class World {
  readonly clock = new ManualClock()
  readonly network = new MemoryNetwork({ clock: this.clock })
  readonly leases = new Map<NodeId, NodeLease>()
  readonly silences = new Map<NodeId, number>()
  table = Table.ofOneNode(A, 4, 1 as Epoch)
  reports = { [A]: reportOf(A), [B]: reportOf(B) }
  asksNats: () => Promise<string> = async () => '2.11.0'
  readsLog: ClusterObserverOptions['readLog'] = async () => LOG
  tell: (table: Table) => void = () => {}
  readonly observer: ClusterObserver

  constructor() {
    for (const node of [A, B]) this.lease(node)
    this.network.join(B).handle(REPORT_CALL, () => this.reports[B])
    const now = () => (START + this.clock.now()) as EpochMs
    this.observer = new ClusterObserver({
      nodeId: A,
      peers: this.network.join(A),
      clock: this.clock,
      now,
      membership: this.#membership(),
      report: () => this.reports[A]!,
      servers: [
        {
          name: 'NATS',
          address: () => 'nats:4222',
          ask: () => this.asksNats(),
        },
      ],
      readLog: () => this.readsLog(),
    })
  }

  lease(nodeId: NodeId): void {
    const nothing = { opened: [], released: [] }
    const startedAt = START as EpochMs
    const roles = ['gateway', 'actors'] as const
    this.leases.set(nodeId, { nodeId, startedAt, roles, url: null, state: 'active', ...nothing })
    this.silences.set(nodeId, 100)
  }

  move(changes: readonly (readonly [number, NodeId | null, number, NodeId | null])[]): void {
    const rows = changes.map(([partition, owner, epoch, target]) => {
      return [partition as PartitionId, { owner, epoch: epoch as Epoch, target }] as const
    })
    this.table = this.table.with(new Map(rows))
    this.tell(this.table)
  }

  async look(passMs = 400) {
    const looking = this.observer.status()
    await this.clock.pass(passMs)
    return looking
  }

  #membership(): ClusterObserverOptions['membership'] {
    const table = () => this.table
    return {
      get table() {
        return table()
      },
      leases: this.leases,
      controller: A,
      onTable: (listener) => {
        this.tell = listener
        return () => {}
      },
      silenceOf: (node) => this.silences.get(node),
    }
  }
}

test('every node is told of with what it says of itself', async (t) => {
  const status = await new World().look()
  t.like(status, { mode: 'cluster', nodeId: A, controller: A })
  t.like(status.nodes[0], { id: A, url: 'http://a', isController: true, partitionsOwned: 4 })
  t.like(status.nodes[1], { id: B, isAlive: true, state: 'active', partitionsOwned: 0 })
  t.is(status.nodes[1]!.numbers!.dirtyLinks, 3)
  t.like(status.log, { lagMs: 70, dirtyLinks: 6, entries: 1 })
  t.regex(status.log.durability.description, /2 of 3 copies/)
})

test('a node that does not answer holds nobody up, and is told as not answering', async (t) => {
  const world = new World()
  world.network.rule = () => []
  world.silences.set(B, 2_500)
  const status = await world.look(310)
  t.like(status.nodes[1], { id: B, numbers: null, isAlive: false, leaseAgeMs: 2_500 })
  t.not(status.nodes[0]!.numbers, null)
})

test('a node whose lease is gone is told as long as the table names it', async (t) => {
  const world = new World()
  world.move([[0, C, 2, null]])
  const status = await world.look()
  t.like(status.nodes[2], { id: C, state: 'gone', isAlive: false, leaseAgeMs: null, url: null })
})

test('a move is told while it goes on, and then with how long writes waited', async (t) => {
  const world = new World()
  world.move([
    [0, A, 1, B],
    [1, A, 1, B],
  ])
  world.reports[A] = reportOf(A, { handingOver: [0 as PartitionId] })
  const before = await world.look()
  t.deepEqual(
    before.moves.underWay.map(({ partition, state }) => [partition, state]),
    [
      [0, 'handing_over'],
      [1, 'waiting'],
    ],
  )
  const handedOver = [{ partition: 0 as PartitionId, to: B, waitMs: 12, at: START as EpochMs }]
  world.reports[A] = reportOf(A, { handedOver })
  world.move([[0, B, 2, null]])
  const after = await world.look()
  t.is(after.moves.underWay.length, 1)
  t.like(after.moves.done[0], { partition: 0, from: A, to: B, waitMs: 12 })
  t.is(after.moves.done[0]!.endedAt, new Date(START + 400).toISOString())
})

test('each hand-over counts for one move', async (t) => {
  const world = new World()
  const handedOver = [{ partition: 0 as PartitionId, to: B, waitMs: 12, at: START as EpochMs }]
  world.reports[A] = reportOf(A, { handedOver })
  world.move([[0, B, 2, null]])
  world.move([[0, A, 3, null]])
  world.move([[0, B, 4, null]])
  const { moves } = await world.look()
  t.deepEqual(
    moves.done.map(({ to, waitMs }) => [to, waitMs]),
    [
      [B, 12],
      [A, null],
      [B, null],
    ],
  )
})

test('a server that is away is told with since when, and holds nobody up', async (t) => {
  const world = new World()
  const first = await world.look()
  t.like(first.servers[0], { name: 'NATS', isReachable: true, version: '2.11.0' })
  world.asksNats = () => new Promise(() => {})
  world.readsLog = () => Promise.reject(new Error('away'))
  await world.clock.pass(1_000)
  const second = await world.look(310)
  const since = new Date(START + 1_700).toISOString()
  t.like(second.servers[0], { isReachable: false, since, version: '2.11.0', roundTripMs: null })
  t.like(second.log, { entries: 1, durability: { replicas: 3, replicasCurrent: null } })
  t.is((await world.look()).servers[0]!.since, since)
})

test('those who ask at the same time get one answer', async (t) => {
  const world = new World()
  t.is(world.observer.status(), world.observer.status())
  await world.look()
  t.not(await world.look(), await world.look())
})
