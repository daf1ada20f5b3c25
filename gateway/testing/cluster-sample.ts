/**
 * A cluster as it might be told of: what the gateway's tests answer for `GET /api/cluster`.
 *
 * Two nodes, one of which does not answer; a partition without an owner, one that moves.
 */
import type { ClusterNode, ClusterStatus } from '../../cluster/observer/cluster-status.ts'
import type { Epoch, NodeId, PartitionId } from '../../links/ids.ts'
import type { NodeStatus } from '../../links/link-owner.ts'

const A = 'node-a' as NodeId
const B = 'node-b' as NodeId
const TIME = '2030-01-01T00:00:00.000Z'

const LOAD = {
  version: '1.2.3',
  isFenced: false,
  rssBytes: 90_000_000,
  cpu: 0.5,
  redirects: 20,
  redirectsPerSecond: 2.5,
  appendsPerSecond: 1,
  requestsHeld: 0,
}

const ANALYTICS: ClusterNode['analytics'] = {
  store: 'duckdb',
  isAnswering: true,
  position: 42,
  lag: 3,
  stored: 1_000,
  lost: 0,
  bytes: 12_000_000,
  lastError: null,
}

const NODE_A: ClusterNode = {
  id: A,
  url: 'http://localhost:3000',
  roles: ['gateway', 'actors'],
  state: 'active',
  startedAt: TIME,
  isAlive: true,
  isController: false,
  leaseAgeMs: 120,
  partitionsOwned: 2,
  numbers: null,
  analytics: null,
}

const NODE_B: ClusterNode = {
  ...NODE_A,
  id: B,
  url: null,
  state: 'leaving',
  isController: true,
  partitionsOwned: 1,
}

const TABLE: ClusterStatus['table'] = {
  version: 7,
  partitions: 4,
  nodes: [A, B],
  rows: [row(0, 1, -1), row(0, 3, 1), row(1, 2, -1), row(-1, 5, 0)],
}

const MOVES: ClusterStatus['moves'] = {
  underWay: [
    { partition: 1 as PartitionId, from: A, to: B, since: TIME, state: 'handing_over' },
    { partition: 3 as PartitionId, from: null, to: A, since: TIME, state: 'taking_over' },
  ],
  done: [{ partition: 2 as PartitionId, from: A, to: B, since: null, endedAt: TIME, waitMs: 12 }],
}

const LOG: ClusterStatus['log'] = {
  kind: 'jetstream',
  entries: 10,
  bytes: 1234,
  bytesMax: 1_000_000,
  lagMs: 40,
  dirtyLinks: 3,
  durability: {
    replicas: 3,
    replicasCurrent: 2,
    storage: 'file',
    syncsBeforeAnswer: null,
    description: 'Each write is answered once 2 of 3 copies have it, on disk.',
  },
  streams: [{ name: 'TINYGRID_LOG', leader: null, bytes: 1234, bytesMax: 1_000_000 }],
}

const NATS = {
  name: 'NATS',
  address: 'localhost:4222',
  version: '2.11.0',
  roundTripMs: 0.7,
} as const
const MONGO = {
  name: 'MongoDB',
  address: 'localhost:27017',
  version: null,
  roundTripMs: null,
} as const

/** @param status what the first node says of itself */
export function sampleCluster(status: NodeStatus): ClusterStatus {
  const { nodeId: _id, startedAt: _startedAt, ...numbers } = status
  return {
    mode: 'cluster',
    nodeId: A,
    at: TIME,
    controller: B,
    nodes: [{ ...NODE_A, numbers: { ...numbers, ...LOAD }, analytics: ANALYTICS }, NODE_B],
    table: TABLE,
    moves: MOVES,
    log: LOG,
    servers: [
      { ...NATS, isReachable: true, since: TIME },
      { ...MONGO, isReachable: false, since: TIME },
    ],
  }
}

function row(owner: number, epoch: number, target: number) {
  return [owner, epoch as Epoch, target] as const
}
