/**
 * `GET /api/cluster`: what this node sees of the whole cluster, for operators and the cluster page.
 */
import type { FastifyInstance } from 'fastify'
import { Type, type TProperties, type TSchema } from 'typebox'
import { ROLES } from '../../cluster/membership/lease.ts'
import { CLICK_STORES, type ClusterStatus } from '../../cluster/observer/cluster-status.ts'
import { jsonReply, problemReplies } from './api-replies.ts'

export function clusterRoute(app: FastifyInstance, status: () => Promise<ClusterStatus>): void {
  const schema = {
    summary: 'The cluster as this node sees it',
    description:
      'Nodes, who owns which partition, moves, the log and the servers behind. Answers within half ' +
      'a second whatever is down; a node that did not answer in time has null for its numbers.',
    tags: ['operation'],
    response: { 200: jsonReply('The cluster', clusterSchema), ...problemReplies(401, 503) },
  }
  app.get('/api/cluster', { schema }, () => status())
}

const strict = { additionalProperties: false }

function object(properties: TProperties, description?: string) {
  return Type.Object(properties, {
    ...strict,
    ...(description === undefined ? {} : { description }),
  })
}

function nullable(type: string, description?: string, more: object = {}) {
  const about = description === undefined ? {} : { description }
  return Type.Unsafe({ ...more, type: [type, 'null'], ...about })
}

function oneOf(values: readonly string[], description?: string) {
  const about = description === undefined ? {} : { description }
  return Type.Unsafe({ type: 'string', enum: [...values], ...about })
}

const time = Type.String({ format: 'date-time' })
const nullableTime = nullable('string', undefined, { format: 'date-time' })
const node = Type.String({ description: 'The name of a node' })
const partition = Type.Integer({ minimum: 0 })

const numbersSchema = {
  ...object({
    version: Type.String(),
    ready: Type.Boolean({ description: 'Every partition can answer writes, as far as it knows' }),
    isFenced: Type.Boolean({ description: 'Its lease is too old for it to answer as an owner' }),
    ...Object.fromEntries<TSchema>(
      Object.entries({
        partitionsOwned: 'Partitions that it holds',
        partitionsComplete: 'Those with every link in memory',
        partitionsKnown:
          'Those that know every code, and answer for unknown ones without the store',
        linksInMemory: 'Links in memory',
        memoryBytes: 'Memory that links take',
        memoryBytesMax: 'Memory that links may take',
        rssBytes: 'Memory of the whole process',
        cpu: 'Processor time per time over the last seconds; 1 is one core',
        redirects: 'Answers to visitors of short links by its gateway',
        redirectsPerSecond: 'The same, over the last seconds',
        appendsPerSecond: 'Batches of writes appended to the log, over the last seconds',
        requestsHeld: 'Requests that wait in its gateway for an owner',
        evictions: 'Links put out of memory to stay within its bound',
        readThroughs: 'Links read from the store on demand',
        mailboxDepth: 'Writes that wait for their partition',
        dirtyLinks: 'Links whose newest version the store does not have yet',
        dirtyBytes: 'Bytes that wait for the store',
        dirtyBytesMax: 'Bytes that may wait',
        flushLagMs: 'Age of the oldest write that the store does not have, in milliseconds',
        linksFlushed: 'Links written to the store',
        deadLetters: 'Links that the store refused for good',
        logAppends: 'Batches appended to the log',
        logErrors: 'Appends that failed',
        storeErrors: 'Reads and writes of the store that failed',
        decisionErrors: 'Writes that failed in being decided: faults of the program',
      }).map(([name, description]) => [name, Type.Number({ description })]),
    ),
  }),
  type: ['object', 'null'],
  description: 'What it says of itself; null: it did not answer in time',
}

const analyticsSchema = {
  ...object({
    store: oneOf(CLICK_STORES),
    isAnswering: Type.Boolean({ description: 'Questions about clicks are answered' }),
    position: Type.Integer({ description: 'Of the click log: up to where all is stored' }),
    lag: Type.Integer({ description: 'Batches of the click log that are not stored' }),
    stored: Type.Integer({ description: 'Clicks stored since the node started' }),
    lost: Type.Integer({
      description: 'Clicks that the click log dropped before they were stored',
    }),
    bytes: nullable('integer', 'Of the store, up to a minute ago'),
    lastError: nullable('string', 'The last thing that went wrong since the node started'),
  }),
  type: ['object', 'null'],
  description: 'Its analytics process; null: it has none, or the node did not answer in time',
}

const nodeSchema = object({
  id: node,
  url: nullable('string', 'Where its gateway listens'),
  roles: Type.Array(oneOf(ROLES)),
  state: oneOf(
    ['active', 'draining', 'drained', 'leaving', 'gone'],
    'draining: gives its partitions away, and stays. gone: without a lease, and still in the table',
  ),
  startedAt: nullableTime,
  isAlive: Type.Boolean({ description: 'Its lease was renewed in time' }),
  isController: Type.Boolean({ description: 'It alone changes the table' }),
  leaseAgeMs: nullable(
    'number',
    'Since its lease was seen renewed; null if it is not watched by the node that is asked',
  ),
  partitionsOwned: Type.Integer({ description: 'By the table' }),
  numbers: numbersSchema,
  analytics: analyticsSchema,
})

const tableSchema = object({
  version: Type.Integer({ description: 'Rises with each change' }),
  partitions: Type.Integer(),
  nodes: Type.Array(node),
  rows: Type.Array(Type.Array(Type.Integer(), { minItems: 3, maxItems: 3 }), {
    description:
      'Per partition, in ring order: place of its owner in `nodes` (-1: nobody), epoch, place of ' +
      'the node it is to move to (-1: none)',
  }),
})

const moveSchema = object({
  partition,
  from: nullable('string', 'null: its owner died'),
  to: node,
  since: time,
  state: oneOf(['waiting', 'handing_over', 'taking_over']),
})

const endedMoveSchema = object({
  partition,
  from: nullable('string', 'null: it had no owner'),
  to: node,
  since: nullableTime,
  endedAt: time,
  waitMs: nullable('number', 'How long its writes waited; null: not known'),
})

const logSchema = object({
  kind: oneOf(['lmdb', 'jetstream']),
  entries: nullable('integer'),
  bytes: nullable('integer'),
  bytesMax: nullable('integer'),
  lagMs: Type.Number({ description: 'Age of the oldest write that the store does not have' }),
  dirtyLinks: Type.Integer(),
  durability: object(
    {
      replicas: nullable('integer', 'Copies that the log is to have'),
      replicasCurrent: nullable('integer', 'Copies that have everything now'),
      storage: Type.Unsafe({ type: ['string', 'null'], enum: ['file', 'memory', null] }),
      syncsBeforeAnswer: nullable('boolean', 'null: the NATS servers decide, and have not told'),
      description: Type.String(),
    },
    'What a write has behind it when it is answered',
  ),
  streams: Type.Array(
    object({
      name: Type.String(),
      leader: nullable('string', 'The NATS server that takes its writes'),
      bytes: Type.Integer(),
      bytesMax: Type.Integer(),
    }),
    { description: 'What the log of a cluster is spread over' },
  ),
})

const serverSchema = object({
  name: oneOf(['NATS', 'MongoDB', 'Redis']),
  address: Type.String(),
  isReachable: Type.Boolean(),
  since: time,
  version: nullable('string'),
  roundTripMs: nullable('number'),
})

export const clusterSchema = Type.Object(
  {
    mode: oneOf(['embedded', 'cluster']),
    nodeId: node,
    at: time,
    controller: nullable('string', 'null: none is known just now'),
    nodes: Type.Array(nodeSchema),
    table: tableSchema,
    moves: object({ underWay: Type.Array(moveSchema), done: Type.Array(endedMoveSchema) }),
    log: logSchema,
    servers: Type.Array(serverSchema),
  },
  { ...strict, title: 'Cluster' },
)
