import test from 'ava'
import { systemClock } from './clock.ts'
import {
  LongWork,
  REQUEST_BYTES_MAX,
  REQUESTS_MAX,
  SLICE_MS,
  SLICE_STEPS_MAX,
} from './long-work.ts'
import { ManualLoop, type Stretch } from './testing/manual-loop.ts'
import { LONG_MS_MAX, WINDOW_MS } from './work-share.ts'

const STEP_MS = 0.1

test('steps run to their end, and what they return or throw is passed on', async (t) => {
  const loop = new ManualLoop()
  const good = loop.work.run(loop.steps(5, STEP_MS, 'done'), 'request')
  const bad = loop.work.run(failing(), 'request')
  const thrown = t.throwsAsync(bad, { message: 'a step failed' })
  await loop.run()
  t.is(await good, 'done')
  await thrown
})

function* failing(): Generator<void, never> {
  yield
  throw new Error('a step failed')
}

test('however much waits, the event loop turns after every slice', async (t) => {
  const loop = new ManualLoop()
  const all = Array.from({ length: 200 }, () =>
    loop.work.run(loop.steps(100, STEP_MS, null), 'request'),
  )
  await loop.run()
  await Promise.all(all)
  t.true(longest(loop.stretches) <= SLICE_MS + STEP_MS)
})

test('beside other work all long work together keeps to its share of each window', async (t) => {
  const loop = new ManualLoop()
  loop.otherMs = 1.2
  const all = Array.from({ length: 50 }, (_, index) =>
    loop.work.run(loop.steps(20, STEP_MS, null), index % 2 === 0 ? 'request' : 'upkeep'),
  )
  await loop.run()
  await Promise.all(all)
  t.true(mostInWindow(loop.stretches) <= LONG_MS_MAX + STEP_MS + 1e-9)
})

test('alone it has the whole processor', async (t) => {
  const loop = new ManualLoop()
  const all = [1, 2, 3].map(() => loop.work.run(loop.steps(300, STEP_MS, null), 'upkeep'))
  await loop.run()
  await Promise.all(all)
  t.true(loop.clock.now() <= 90 + 1e-6)
})

test('while other processes have the processor, nobody waits for long work', async (t) => {
  let waits = 0
  let now = 0
  const work = new LongWork({
    clock: {
      now: () => (now += STEP_MS),
      after: (ms, action) => {
        waits++
        return systemClock.after(ms, action)
      },
    },
    defer: (action) => {
      setImmediate(() => {
        now += 0.5
        action()
      })
    },
    busyMs: () => 0,
  })
  await work.run(new ManualLoop().steps(300, 0, null), 'upkeep')
  t.is(waits, 0)
})

test('a short request does not wait for long ones that came before', async (t) => {
  const loop = new ManualLoop()
  const ends: string[] = []
  const note = (name: string) => () => ends.push(name)
  const long = [1, 2, 3].map((n) =>
    loop.work.run(loop.steps(100, STEP_MS, null), 'request').then(note(`long ${n}`)),
  )
  const short = loop.work.run(loop.steps(2, STEP_MS, null), 'request').then(note('short'))
  await loop.run()
  await Promise.all([...long, short])
  t.is(ends[0], 'short')
})

test('upkeep has half of the turns, however many requests there are', async (t) => {
  const loop = new ManualLoop()
  let endedAt = 0
  const requests = Array.from({ length: 100 }, () =>
    loop.work.run(loop.steps(100, STEP_MS, null), 'request'),
  )
  const upkeep = loop.work.run(loop.steps(100, STEP_MS, null), 'upkeep').then(() => {
    endedAt = loop.clock.now()
  })
  await loop.run()
  await Promise.all([...requests, upkeep])
  t.true(endedAt < 25, `10 ms of upkeep took ${endedAt} ms`)
})

test('where time stands still a slice ends after a number of steps', async (t) => {
  let turns = 0
  const work = new LongWork({
    clock: { now: () => 0, after: () => () => {} },
    defer: (action) => {
      turns++
      setImmediate(action)
    },
  })
  await work.run(new ManualLoop().steps(3 * SLICE_STEPS_MAX, 0, null), 'upkeep')
  t.is(turns, 4)
})

test('requests beyond the bound are refused, until one leaves', (t) => {
  const { work } = new ManualLoop()
  const places = Array.from({ length: REQUESTS_MAX }, () => work.admit())
  t.throws(() => work.admit(), { code: 'overloaded' })
  places[0]!.leave()
  places[0]!.leave()
  work.admit()
  t.throws(() => work.admit(), { code: 'overloaded' })
  t.is(work.numbers().requests, REQUESTS_MAX)
  t.is(work.numbers().refused, 2)
})

test('so are requests with bodies that hold too much together', (t) => {
  const { work } = new ManualLoop()
  const place = work.admit(REQUEST_BYTES_MAX - 10)
  t.throws(() => work.admit(11), { code: 'overloaded' })
  work.admit(10)
  place.leave()
  work.admit(11)
  t.is(work.numbers().refused, 1)
})

function longest(stretches: readonly Stretch[]): number {
  return Math.max(...stretches.map(({ from, to }) => to - from))
}

function mostInWindow(stretches: readonly Stretch[]): number {
  const inWindow = (end: number) =>
    stretches.reduce(
      (sum, { from, to }) => sum + Math.max(0, Math.min(to, end) - Math.max(from, end - WINDOW_MS)),
      0,
    )
  return Math.max(...stretches.map(({ to }) => inWindow(to)))
}
