import test from 'ava'
import type { Epoch, EpochMs, NodeId, PartitionId } from '../../links/ids.ts'
import { MoveHistory, MOVES_KEPT_MAX } from './move-history.ts'
import { Table, type Ownership } from '../table/table.ts'

const A = 'a' as NodeId
const B = 'b' as NodeId
const at = (ms: number) => ms as EpochMs

const row = (owner: NodeId | null, epoch: number, target: NodeId | null = null): Ownership => ({
  owner,
  target,
  epoch: epoch as Epoch,
})

test('a move is under way from when it is planned until its target owns the partition', (t) => {
  const moves = new MoveHistory(new Table([row(A, 1), row(A, 1)]), at(0))
  t.deepEqual(moves.underWay, [])
  moves.observe(new Table([row(A, 1), row(A, 1, B)]), at(100))
  const planned = { partition: 1 as PartitionId, from: A, to: B, since: at(100) }
  t.deepEqual(moves.underWay, [planned])
  moves.observe(new Table([row(A, 1), row(A, 1, B)]), at(150))
  t.deepEqual(moves.underWay, [planned], 'it did not begin anew')
  moves.observe(new Table([row(A, 1), row(B, 2)]), at(200))
  t.deepEqual(moves.underWay, [])
  t.deepEqual(moves.done, [{ ...planned, endedAt: at(200) }])
  t.is(moves.takeOvers, 0)
})

test('a partition whose owner died is taken over, by whoever it is in the end', (t) => {
  const moves = new MoveHistory(new Table([row(A, 1, B)]), at(0))
  moves.observe(new Table([row(null, 1, B)]), at(10))
  t.like(moves.underWay[0], { from: null, to: B, since: at(10) })
  moves.observe(new Table([row(A, 2)]), at(20))
  t.deepEqual(moves.underWay, [])
  t.like(moves.done[0], { from: null, to: A, since: null, endedAt: at(20) })
  t.is(moves.takeOvers, 1)
})

test('a move that is given up did not happen', (t) => {
  const moves = new MoveHistory(new Table([row(A, 1, B)]), at(0))
  moves.observe(new Table([row(A, 2)]), at(10))
  t.deepEqual([moves.underWay, moves.done], [[], []])
})

test('what was not seen is told by its outcome', (t) => {
  const moves = new MoveHistory(new Table([row(A, 1)]), at(0))
  moves.observe(new Table([row(B, 2)]), at(10))
  t.like(moves.done[0], { from: A, to: B, since: null })
})

test('the oldest moves are forgotten', (t) => {
  const moves = new MoveHistory(new Table([row(A, 0)]), at(0))
  for (let round = 1; round <= MOVES_KEPT_MAX + 1; round++) {
    moves.observe(new Table([row(round % 2 === 0 ? A : B, round)]), at(round))
  }
  t.is(moves.done.length, MOVES_KEPT_MAX)
  t.is(moves.done[0]!.endedAt, at(MOVES_KEPT_MAX + 1))
})
