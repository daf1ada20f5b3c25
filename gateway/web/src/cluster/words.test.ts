/** The cluster in words. */
import test from 'ava'
import type { ClusterNode, ClusterStatus, EndedMove, Move } from './status.ts'
import {
  analyticsText,
  bytesText,
  countText,
  durationText,
  groupEnded,
  groupMoves,
  headline,
  leaseText,
  MOVES_TOLD_MAX,
  newsBetween,
  troubleOf,
} from './words.ts'

const NODE = {
  id: 'a',
  state: 'active',
  isAlive: true,
  partitionsOwned: 1,
  numbers: { isFenced: false },
} as ClusterNode

const STATUS = {
  mode: 'cluster',
  nodes: [NODE, { ...NODE, id: 'b' }],
  table: {
    nodes: ['a', 'b'],
    rows: [
      [0, 1, -1],
      [1, 1, -1],
    ],
  },
  moves: { underWay: [] as Move[], done: [] as EndedMove[] },
  servers: [{ name: 'NATS', isReachable: true }],
} as unknown as ClusterStatus

const at = (second: number) => new Date(Date.UTC(2030, 0, 1, 0, 0, second)).toISOString()

test('the whole in a sentence', (t) => {
  t.is(headline(STATUS), '2 nodes own 2 partitions. Nothing moves.')
  t.is(headline({ ...STATUS, mode: 'embedded' }), 'One process owns all 2 partitions.')
  const rows = [
    [-1, 1, 0],
    [0, 1, -1],
  ] as const
  const underWay = [{} as Move]
  const nodes = [NODE]
  const taking = {
    ...STATUS,
    nodes,
    table: { ...STATUS.table, rows },
    moves: { underWay, done: [] },
  }
  t.is(headline(taking), '1 node owns 2 partitions. 1 partition without an owner. 1 on the move.')
})

test('figures are as long as people need them', (t) => {
  t.deepEqual([0, 1.25, 12.345, 1234.5, 12_345_678].map(countText), [
    '0',
    '1.3',
    '12',
    '1,235',
    '12,345,678',
  ])
  t.deepEqual([0, 999, 1_000, 1_250_000, 12_638_251_008].map(bytesText), [
    '0 B',
    '999 B',
    '1 kB',
    '1.3 MB',
    '13 GB',
  ])
  t.deepEqual([0, 999, 1_500, 90_000, 600_000, 9_000_000, 4 * 86_400_000].map(durationText), [
    '0 ms',
    '999 ms',
    '1.5 s',
    '90 s',
    '10 min',
    '2 h',
    '4 days',
  ])
})

test('what is wrong with a node, the worst first', (t) => {
  t.is(troubleOf(NODE), undefined)
  t.is(troubleOf({ ...NODE, numbers: { ...NODE.numbers!, isFenced: true } }), 'Cut off')
  t.is(troubleOf({ ...NODE, numbers: null }), 'Not answering')
  t.is(troubleOf({ ...NODE, numbers: null, isAlive: false }), 'Silent')
  t.is(troubleOf({ ...NODE, isAlive: false, state: 'gone' }), 'Gone')
})

test('who comes and goes is news, and what can be reached', (t) => {
  t.deepEqual(newsBetween(STATUS, STATUS), [])
  const after = {
    ...STATUS,
    nodes: [
      { ...NODE, state: 'gone' as const },
      { ...NODE, id: 'b' },
      { ...NODE, id: 'c' },
    ],
    servers: [{ ...STATUS.servers[0]!, isReachable: false }],
  }
  t.deepEqual(newsBetween(STATUS, after), [
    'c has joined.',
    'a is gone.',
    'NATS cannot be reached.',
  ])
  t.deepEqual(newsBetween(after, STATUS), ['a has joined.', 'c is gone.', 'NATS is back.'])
})

test('moves between the same nodes are told together', (t) => {
  const move = { from: 'a', to: 'b', partition: 0, since: at(0), state: 'waiting' } as const
  const other = { ...move, from: null, state: 'taking_over' } as const
  t.deepEqual(groupMoves([move, other, { ...move, state: 'handing_over' }]), [
    { from: 'a', to: 'b', partitions: 2, active: 1 },
    { from: null, to: 'b', partitions: 1, active: 1 },
  ])
})

test('moves that ended together are told together, with the longest wait', (t) => {
  const ended = (second: number, waitMs: number | null, to = 'b'): EndedMove => {
    return { from: 'a', to, partition: 0, endedAt: at(second), waitMs }
  }
  const moves = [ended(30, 5), ended(29, 9), ended(28, null, 'c'), ended(27, null), ended(3, 1)]
  t.deepEqual(groupEnded(moves), [
    { from: 'a', to: 'b', partitions: 3, isCut: false, endedAt: at(30), waitMs: 9 },
    { from: 'a', to: 'c', partitions: 1, isCut: false, endedAt: at(28), waitMs: null },
    { from: 'a', to: 'b', partitions: 1, isCut: false, endedAt: at(3), waitMs: 1 },
  ])
})

test('a group whose beginning is no longer told says so', (t) => {
  const old = { from: null, to: 'b', partition: 0, endedAt: at(1), waitMs: null }
  const groups = groupEnded([
    { ...old, endedAt: at(30) },
    ...Array.from({ length: MOVES_TOLD_MAX - 1 }, () => old),
  ])
  t.deepEqual(
    groups.map(({ isCut }) => isCut),
    [false, true],
  )
})

test('a lease is seen, held or gone', (t) => {
  t.is(leaseText({ state: 'active', leaseAgeMs: 120 }), `seen ${durationText(120)} ago`)
  t.is(leaseText({ state: 'active', leaseAgeMs: null }), 'held')
  t.is(leaseText({ state: 'gone', leaseAgeMs: null }), 'none')
})

test('analytics is told in one line', (t) => {
  const state = {
    store: 'duckdb',
    isAnswering: true,
    lag: 0,
    bytes: 12e6,
    lastError: null,
  } as const
  t.is(analyticsText(state), 'DuckDB, 12 MB; everything stored')
  t.is(analyticsText({ ...state, lag: 1, bytes: null }), 'DuckDB; 1 batch behind')
  const away = { store: 'clickhouse', isAnswering: false, lastError: 'it is away' } as const
  t.is(
    analyticsText({ ...state, ...away, lag: 7 }),
    'ClickHouse, 12 MB; not answering. Last trouble: it is away',
  )
})
