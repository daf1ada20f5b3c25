/** How clicks come from the ring into the log, and how they are counted on the way. */
import test from 'ava'
import * as fc from 'fast-check'
import { decodeBatch } from '../log/batch-codec.ts'
import { NOW, RecorderWorld } from '../testing/recorder-world.ts'
import { sampleChange } from '../testing/sample-batches.ts'
import { ORPHANS_PER_SECOND_MAX } from './click-ring.ts'

test('a click is in the log a tenth of a second later', async (t) => {
  const world = new RecorderWorld()
  const target = 'https://example.com/?utm_source=x&a=1#part'
  world.visit({ path: '/abc?b=2', target })
  await world.clock.pass(99)
  t.is(world.log.batches.length, 0)
  await world.clock.pass(1)
  const [click, ...others] = world.clicks()
  t.deepEqual(others, [])
  t.regex(click!.visitor, /^[0-9a-f]{16}$/)
  t.deepEqual<unknown, unknown>(
    { ...click, visitor: '' },
    {
      code: 'abc',
      at: NOW,
      status: 302,
      address: '203.0.113.0',
      visitor: '',
      headers: 'User-Agent: Firefox',
      query: 'b=2',
      targetQuery: 'utm_source=x&a=1',
      rule: 0,
    },
  )
})

test('thousands of clicks are taken before their time', async (t) => {
  const world = new RecorderWorld()
  for (let count = 0; count < 4_000; count++) world.visit()
  await world.clock.pass(0)
  await world.clock.pass(0)
  t.is(world.clicks().length, 4_000)
})

test('batches are named and counted so that a gap can be told', async (t) => {
  const world = new RecorderWorld()
  for (const count of [3, 1, 2]) {
    for (let visits = 0; visits < count; visits++) world.visit()
    world.recorder.noteChange(sampleChange())
    await world.taken()
  }
  const batches = world.log.batches.map(({ payload }) => decodeBatch(payload))
  t.deepEqual(
    batches.map(({ number, before }) => [number, before]),
    [
      [0, 0],
      [1, 4],
      [2, 6],
    ],
  )
  t.true(
    batches.every(({ node, run, changes }) => node === 'a' && run === 'r1' && changes.length === 1),
  )
})

test('long heads make more batches, each within its bound', async (t) => {
  const world = new RecorderWorld({ bufferBytesMax: 1e9 })
  const agents = Array.from({ length: 700 }, (_, index) => `${index}`.padEnd(15_000, '\u00e9'))
  for (const agent of agents) world.visit({ head: ['User-Agent', agent] })
  for (let rounds = 0; rounds < 50; rounds++) await world.taken()
  t.deepEqual(
    world.clicks().map(({ headers }) => headers),
    agents.map((agent) => `User-Agent: ${agent}`),
  )
})

test('a batch whose acknowledgement is lost is logged once', async (t) => {
  const world = new RecorderWorld()
  world.log.fault = 'unacknowledged'
  world.visit()
  await world.taken()
  t.is(world.recorder.numbers().logged, 0)
  world.visit()
  await world.clock.pass(500)
  t.is(world.clicks().length, 1)
  world.log.fault = 'none'
  await world.clock.pass(10_000)
  t.is(world.clicks().length, 2)
  t.is(world.recorder.numbers().logged, 2)
  t.true(world.errors.length > 0)
})

test('clicks wait for a log that cannot be written, then the newest are dropped and counted', async (t) => {
  const world = new RecorderWorld({ bufferBytesMax: 1_000 })
  world.log.fault = 'refused'
  for (let round = 0; round < 50; round++) {
    world.visit({ code: `c${round}` })
    await world.taken()
  }
  const { accepted, waiting, waitingBytes, dropped } = world.recorder.numbers()
  t.true(waitingBytes < 1_500 && dropped.buffer > 10)
  t.is(accepted, waiting + dropped.buffer)
  world.log.fault = 'none'
  await world.clock.pass(10_000)
  t.deepEqual(
    world.clicks().map(({ code }) => code as string),
    Array.from({ length: waiting }, (_, index) => `c${index}`),
  )
})

test('whoever tries codes leaves a bounded number of clicks a second', async (t) => {
  const world = new RecorderWorld()
  for (let second = 0; second < 3; second++) {
    for (let count = 0; count < 1_000; count++) {
      world.visit({ status: count % 2 === 0 ? 404 : 410, at: NOW + second * 1_000 })
    }
    world.visit()
    await world.taken()
  }
  const clicks = world.clicks()
  t.is(clicks.filter(({ status }) => status !== 302).length, 3 * ORPHANS_PER_SECOND_MAX)
  t.is(clicks.filter(({ status }) => status === 302).length, 3)
  t.is(world.recorder.numbers().dropped.orphans, 3_000 - 3 * ORPHANS_PER_SECOND_MAX)
})

test('what one turn brings beyond the ring is dropped and counted', async (t) => {
  const world = new RecorderWorld()
  for (let count = 0; count < 20_000; count++) world.visit()
  const { accepted, dropped } = world.recorder.numbers()
  t.is(accepted, 20_000)
  await world.taken()
  await world.clock.pass(1_000)
  t.is(world.clicks().length, 20_000 - dropped.ring)
  t.true(dropped.ring > 0)
})

test('heads and paths that are kept alive are bounded in bytes', async (t) => {
  for (const visit of [
    { head: ['x', 'y'.repeat(16_000)] },
    { path: `/abc?${'y'.repeat(16_000)}` },
  ]) {
    const world = new RecorderWorld()
    for (let count = 0; count < 5_000; count++) {
      world.visit('head' in visit ? { head: [...visit.head] } : visit)
    }
    t.true(world.recorder.numbers().dropped.ring > 3_000)
  }
})

test('a stop logs everything, also what came last', async (t) => {
  const world = new RecorderWorld()
  for (let count = 0; count < 10; count++) world.visit()
  world.recorder.noteChange(sampleChange())
  await world.recorder.close(1_000)
  t.is(world.clicks().length, 10)
  t.is(world.clock.timers, 0)
  t.is(decodeBatch(world.log.batches[0]!.payload).changes.length, 1)
  world.visit()
  const { accepted, logged, waiting, dropped } = world.recorder.numbers()
  t.deepEqual([accepted, logged, waiting, dropped.stop], [11, 10, 0, 1])
})

test('a stop gives up in time what a dead log does not take, and counts it', async (t) => {
  const world = new RecorderWorld()
  world.log.fault = 'refused'
  for (let count = 0; count < 10; count++) world.visit()
  const closed = world.recorder.close(1_000)
  await world.clock.pass(1_000)
  await closed
  const { accepted, logged, waiting, dropped } = world.recorder.numbers()
  t.deepEqual([accepted, logged, waiting, dropped.stop], [10, 0, 0, 10])
  t.is(world.clock.timers, 0)
})

test('a clock that steps back changes times, and nothing else', async (t) => {
  const world = new RecorderWorld()
  const times = [NOW, NOW - 86_400_000 * 400, NOW + 5, 0, NOW]
  for (const at of times) world.visit({ at })
  await world.taken()
  t.deepEqual(
    world.clicks().map(({ at }) => at as number),
    times,
  )
})

type Step = 'visit' | 'orphan' | 'burst' | 'pass' | 'refused' | 'unacknowledged' | 'none'

test('whatever happens, accepted is logged and waiting and dropped', async (t) => {
  const step = fc.constantFrom<Step>(
    'visit',
    'visit',
    'orphan',
    'burst',
    'pass',
    'pass',
    'refused',
    'unacknowledged',
    'none',
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.boolean(), async (steps, closes) => {
      const world = new RecorderWorld({ bufferBytesMax: 300 })
      let given = 0
      for (const each of steps) {
        given += await take(world, each)
        t.true(addsUp(world, given))
      }
      if (closes) {
        const closed = world.recorder.close(100)
        await world.clock.pass(100)
        await closed
      } else {
        world.log.fault = 'none'
        await world.clock.pass(60_000)
        t.is(world.recorder.numbers().logged, world.clicks().length)
      }
      t.true(addsUp(world, given))
      t.is(world.recorder.numbers().waiting, 0)
      t.true(world.recorder.numbers().logged <= world.clicks().length)
    }),
    { numRuns: 200 },
  )
})

const DELETION = { id: 'd', kind: 'link', value: 'abc' } as const

test('a deletion is logged behind what was noted before it, and ahead of what comes after', async (t) => {
  const world = new RecorderWorld()
  world.visit()
  world.visit()
  const noted = world.recorder.noteDeletion(DELETION)
  world.visit()
  await noted
  await world.taken()
  const batches = world.log.batches.map(({ payload }) => decodeBatch(payload))
  t.deepEqual(
    batches.map(({ clicks, deletion, number, before }) => [
      clicks.length,
      deletion,
      number,
      before,
    ]),
    [
      [2, undefined, 0, 0],
      [0, DELETION, 1, 2],
      [1, undefined, 2, 2],
    ],
  )
  t.like(world.recorder.numbers(), { accepted: 3, logged: 3, waiting: 0 })
})

test('a deletion whose acknowledgement is lost is logged once', async (t) => {
  const world = new RecorderWorld()
  world.log.fault = 'unacknowledged'
  const noted = world.recorder.noteDeletion(DELETION)
  await world.clock.pass(1_000)
  world.log.fault = 'none'
  await world.clock.pass(5_000)
  await noted
  t.is(world.log.batches.length, 1)
})

test('a deletion is promised only once the log has it', async (t) => {
  const world = new RecorderWorld({ bufferBytesMax: 10 })
  const unavailable = { code: 'click_log_unavailable' }
  world.log.fault = 'refused'
  const late = t.throwsAsync(world.recorder.noteDeletion(DELETION), unavailable)
  await t.throwsAsync(world.recorder.noteDeletion(DELETION), unavailable)
  await world.clock.pass(20_000)
  await late
  world.log.fault = 'none'
  await world.clock.pass(60_000)
  t.is(world.log.batches.length, 1)
  world.log.fault = 'refused'
  const given = t.throwsAsync(world.recorder.noteDeletion(DELETION), unavailable)
  const closed = world.recorder.close(100)
  await world.clock.pass(100)
  await closed
  await given
  await t.throwsAsync(world.recorder.noteDeletion(DELETION), unavailable)
})

/** Gives how many clicks there were. */
async function take(world: RecorderWorld, step: Step): Promise<number> {
  if (step === 'pass') await world.clock.pass(120)
  else if (step === 'refused' || step === 'unacknowledged' || step === 'none')
    world.log.fault = step
  else {
    const count = step === 'visit' ? 1 : 150
    for (let visits = 0; visits < count; visits++) {
      world.visit({ status: step === 'orphan' ? 404 : 302 })
    }
    return count
  }
  return 0
}

function addsUp(world: RecorderWorld, given: number): boolean {
  const { accepted, logged, waiting, dropped } = world.recorder.numbers()
  const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0)
  return accepted === given && accepted === logged + waiting + lost
}
