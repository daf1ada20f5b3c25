import test from 'ava'
import type { NodeId } from '../links/ids.ts'
import { ManualClock } from '../links/testing/manual-clock.ts'
import { RemoteSuspects, SUSPECT_MS } from './remote-suspects.ts'

const [A, B] = ['a', 'b'] as NodeId[]

function newSuspects() {
  const clock = new ManualClock()
  return { clock, suspects: new RemoteSuspects(clock) }
}

test('a node that missed an answer is suspect for half a second', async (t) => {
  const { clock, suspects } = newSuspects()
  t.false(suspects.has(A!))
  suspects.blame(A!)
  await clock.pass(SUSPECT_MS - 1)
  t.true(suspects.has(A!))
  t.false(suspects.has(B!))
  await clock.pass(1)
  t.false(suspects.has(A!))
})

test('an answer clears it', (t) => {
  const { suspects } = newSuspects()
  suspects.blame(A!)
  suspects.clear(A!)
  t.false(suspects.has(A!))
})

test('one probe at a time goes on, whatever else is missed meanwhile', (t) => {
  const { suspects } = newSuspects()
  t.false(suspects.beginProbe(A!))
  suspects.blame(A!)
  t.true(suspects.beginProbe(A!))
  t.false(suspects.beginProbe(A!))
  suspects.blame(A!)
  t.false(suspects.beginProbe(A!))
  suspects.endProbe(A!)
  t.true(suspects.beginProbe(A!))
})

test('a missed probe keeps it suspect', async (t) => {
  const { clock, suspects } = newSuspects()
  suspects.blame(A!)
  await clock.pass(SUSPECT_MS - 1)
  suspects.blame(A!)
  await clock.pass(SUSPECT_MS - 1)
  t.true(suspects.has(A!))
})
