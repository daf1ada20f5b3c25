import test from 'ava'
import type { ClickBatch, ClickRecord } from '../log/click-batch.ts'
import { LogGaps } from './log-gaps.ts'

const batch = (run: string, number: number, before: number, size: number): ClickBatch => ({
  node: 'n1',
  run,
  number,
  before,
  clicks: Array.from({ length: size }, () => ({}) as ClickRecord),
  changes: [],
})

test('nothing is lost while each batch goes on where its run ended, whatever lies between', (t) => {
  const gaps = new LogGaps()
  gaps.note(batch('a', 0, 0, 3), 0)
  gaps.note(batch('b', 0, 0, 1), 0)
  gaps.note(batch('a', 1, 3, 2), 0)
  gaps.note(batch('b', 1, 1, 2), 0)
  t.is(gaps.lost, 0)
})

test('what a run had before a batch, and nobody has seen, is lost', (t) => {
  const gaps = new LogGaps()
  gaps.note(batch('a', 0, 0, 3), 0)
  gaps.note(batch('a', 4, 10, 2), 3)
  t.is(gaps.lost, 7)
  gaps.note(batch('a', 5, 12, 2), 0)
  t.is(gaps.lost, 7)
})

test('a batch that is read again adds no loss', (t) => {
  const gaps = new LogGaps()
  for (const number of [0, 1, 2, 1, 2, 3]) gaps.note(batch('a', number, number * 2, 2), 0)
  t.is(gaps.lost, 0)
})

test('a run that is met in its middle has lost nothing, unless the log has dropped something', (t) => {
  const gaps = new LogGaps()
  gaps.note(batch('a', 10, 100, 2), 0)
  t.is(gaps.lost, 0)
  gaps.note(batch('b', 10, 100, 2), 5)
  t.is(gaps.lost, 50)
  gaps.note(batch('c', 10, 100, 2), 500)
  t.is(gaps.lost, 150)
})

test('what was forgotten is not missed', (t) => {
  const gaps = new LogGaps()
  gaps.note(batch('a', 0, 0, 3), 0)
  gaps.forget()
  gaps.note(batch('a', 4, 10, 2), 0)
  t.is(gaps.lost, 0)
})
