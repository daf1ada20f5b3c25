/** While the writes of one partition wait, the links of others do, but never for long. */
import test from 'ava'
import type { PartitionId } from '../../links/ids.ts'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import { HandOffQuiet } from './hand-off-quiet.ts'

const [ONE, TWO, THREE] = [1, 2, 3] as PartitionId[] as [PartitionId, PartitionId, PartitionId]

function start() {
  const clock = new ManualClock()
  const quiet = new HandOffQuiet(clock)
  const goneOn: string[] = []
  const note = (name: string, promise: Promise<void>) => void promise.then(() => goneOn.push(name))
  return {
    clock,
    quiet,
    goneOn,
    begin: (partition: PartitionId) => note(`${partition} has it`, quiet.begin(partition)),
    send: (partition: PartitionId) => note(`${partition} sends`, quiet.untilNone(partition)),
  }
}

test('nobody waits while no partition has quiet', async (t) => {
  const { clock, goneOn, begin, send } = start()
  send(ONE)
  begin(TWO)
  await clock.pass(0)
  t.deepEqual(goneOn, ['1 sends', '2 has it'])
})

test('others wait until the partition that has quiet needs it no more', async (t) => {
  const { clock, quiet, goneOn, begin, send } = start()
  begin(ONE)
  send(TWO)
  send(ONE)
  await clock.pass(10)
  quiet.end(TWO)
  await clock.pass(10)
  t.deepEqual(goneOn, ['1 has it', '1 sends'])
  quiet.end(ONE)
  await clock.pass(0)
  t.deepEqual(goneOn.slice(2), ['2 sends'])
})

test('one partition has quiet at a time, in the order in which they asked', async (t) => {
  const { clock, quiet, goneOn, begin, send } = start()
  begin(ONE)
  begin(TWO)
  begin(THREE)
  send(THREE)
  await clock.pass(1)
  t.deepEqual(goneOn, ['1 has it'])
  quiet.end(ONE)
  await clock.pass(1)
  t.deepEqual(goneOn.slice(1), ['2 has it'])
  quiet.endAll()
  await clock.pass(1)
  t.deepEqual(goneOn.slice(2), ['3 has it', '3 sends'])
})

test('a source that dies costs the others a moment', async (t) => {
  const { clock, goneOn, begin, send } = start()
  begin(ONE)
  send(TWO)
  begin(THREE)
  await clock.pass(49)
  t.deepEqual(goneOn, ['1 has it'])
  await clock.pass(1)
  t.deepEqual(goneOn.slice(1), ['2 sends', '3 has it'])
})

test('who asks again has it for longer, not twice', async (t) => {
  const { clock, goneOn, begin, send } = start()
  begin(ONE)
  await clock.pass(40)
  begin(ONE)
  send(TWO)
  await clock.pass(49)
  t.deepEqual(goneOn, ['1 has it', '1 has it'])
  await clock.pass(1)
  t.deepEqual(goneOn.slice(2), ['2 sends'])
})

test('nobody waits for so long that the call fails', async (t) => {
  const { clock, goneOn, begin, send } = start()
  begin(ONE)
  await clock.pass(1)
  send(TWO)
  begin(THREE)
  for (let ms = 0; ms < 400; ms += 40) {
    begin(ONE)
    await clock.pass(40)
  }
  t.deepEqual(
    goneOn.filter((name) => !name.startsWith('1')),
    ['2 sends', '3 has it'],
  )
})
