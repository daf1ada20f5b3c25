import test from 'ava'
import type { LogPosition, PartitionId } from '../../links/ids.ts'
import { LogGap } from './log-gap.ts'

type Entry = readonly [position: number, previous: number | undefined]

/** The gap that these entries show behind a checkpoint. */
function gapOf(checkpoint: number, entries: readonly Entry[]): LogGap {
  const gap = new LogGap(7 as PartitionId, checkpoint as LogPosition)
  for (const [position, previous] of entries) {
    gap.note({ position: position as LogPosition, previous: previous as LogPosition | undefined })
  }
  return gap
}

test('entries that follow the checkpoint and each other are whole, sparse or dense', (t) => {
  t.false(gapOf(0, []).isFound)
  t.false(gapOf(0, [[12, 0]]).isFound, 'the first ever, of a store that has nothing')
  t.false(
    gapOf(40, [
      [50, 40],
      [53, 50],
    ]).isFound,
  )
  t.false(gapOf(45, [[50, 40]]).isFound, 'a checkpoint may lie between two entries')
  t.false(
    gapOf(50, [
      [30, 12],
      [53, 50],
    ]).isFound,
    'what the store has does not matter',
  )
})

test('an entry whose predecessor is in neither is a gap, until a later checkpoint covers it', (t) => {
  const gap = gapOf(40, [[50, 41]])
  t.true(gap.isFound)
  t.throws(() => gap.judge(40 as LogPosition), { code: 'log_gap' })
  t.notThrows(() => gap.judge(41 as LogPosition))
})

test('the highest that is missing decides', (t) => {
  const gap = gapOf(0, [
    [5, 3],
    [6, 5],
    [9, 7],
  ])
  t.throws(() => gap.judge(3 as LogPosition), { code: 'log_gap', message: /lacks entry 7/ })
  t.notThrows(() => gap.judge(7 as LogPosition))
})

test('a log that was begun anew beside an old store is never taken for its log', (t) => {
  const gap = gapOf(100, [[200, 0]])
  t.throws(() => gap.judge(150 as LogPosition), { code: 'log_gap', message: /begins behind/ })
})

test('an entry that no owner appended says nothing, and hides nothing', (t) => {
  t.false(
    gapOf(40, [
      [45, undefined],
      [50, 45],
    ]).isFound,
  )
  t.true(
    gapOf(40, [
      [45, undefined],
      [50, 47],
    ]).isFound,
  )
})
