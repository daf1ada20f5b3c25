import test from 'ava'
import * as fc from 'fast-check'
import { LONG_AT_ONCE, NEW_SLICES_MAX, WorkLine, type Lane } from './work-line.ts'

/** Adds a job that needs so many slices; `slices` gets its name at each of them. */
function add(line: WorkLine, slices: string[], name: string, need: number, lane: Lane = 'request') {
  let left = need
  const step = () => {
    slices.push(name)
    return --left === 0
  }
  line.add({ lane, step })
}

function goOn(line: WorkLine, count = 1_000_000): void {
  for (let slice = 0; slice < count; slice++) {
    const job = line.take()
    if (job === undefined) return
    if (!job.step()) line.putBack()
  }
}

/** Names in the order of their last slices. */
function endsOf(slices: readonly string[]): string[] {
  return [...new Set(slices.toReversed())].toReversed()
}

test('of a hundred long requests most end early, in the order in which they came', (t) => {
  const line = new WorkLine()
  const slices: string[] = []
  const names = Array.from({ length: 100 }, (_, n) => `search ${n}`)
  for (const name of names) add(line, slices, name, 100)
  goOn(line)
  t.deepEqual(endsOf(slices), names)
  const half = slices.lastIndexOf('search 49')
  t.true(half < 0.6 * slices.length, `half of them ended after ${half} of ${slices.length} slices`)
})

test('those under way take turns, so that one without end holds up nobody', (t) => {
  const line = new WorkLine()
  const slices: string[] = []
  for (let n = 0; n < LONG_AT_ONCE - 1; n++) add(line, slices, 'endless', 1_000_000)
  add(line, slices, 'first', 50)
  add(line, slices, 'second', 50)
  goOn(line, 1_000)
  t.deepEqual(endsOf(slices).slice(0, 2), ['first', 'second'])
})

test('who is new has every other slice of the requests, however many wait', (t) => {
  const line = new WorkLine()
  const slices: string[] = []
  for (let n = 0; n < 50; n++) add(line, slices, 'long', 1_000)
  goOn(line, 200 * NEW_SLICES_MAX) // Every other one goes to those that are not new any more.
  const before = slices.length
  add(line, slices, 'short', NEW_SLICES_MAX)
  goOn(line, 10 * NEW_SLICES_MAX)
  t.true(slices.lastIndexOf('short') < before + 2 * NEW_SLICES_MAX)
  t.is(endsOf(slices.slice(before)).length, 2)
})

test('and leaves the others to those under way', (t) => {
  const line = new WorkLine()
  const slices: string[] = []
  add(line, slices, 'long', 1_000)
  goOn(line, NEW_SLICES_MAX)
  for (let n = 0; n < 50; n++) add(line, slices, 'new', NEW_SLICES_MAX)
  const before = slices.length
  goOn(line, 100)
  t.is(slices.slice(before).filter((name) => name === 'long').length, 50)
})

test('upkeep has every other slice, and its jobs take turns', (t) => {
  const line = new WorkLine()
  const slices: string[] = []
  for (let n = 0; n < 20; n++) add(line, slices, 'request', 1_000)
  for (const name of ['load', 'flush']) add(line, slices, name, 1_000, 'upkeep')
  goOn(line, 400)
  const share = (name: string) => slices.filter((other) => other === name).length
  t.deepEqual([share('request'), share('load'), share('flush')], [200, 100, 100])
})

test('whatever comes, each has all its slices, and none is left', (t) => {
  const jobs = fc.array(
    fc.record({
      need: fc.integer({ min: 1, max: 40 }),
      lane: fc.constantFrom<Lane>('request', 'upkeep'),
      before: fc.nat(30),
    }),
    { maxLength: 30 },
  )
  const property = fc.property(jobs, (all) => {
    const line = new WorkLine()
    const slices: string[] = []
    for (const [index, { need, lane, before }] of all.entries()) {
      goOn(line, before)
      add(line, slices, String(index), need, lane)
    }
    goOn(line)
    t.true(line.isEmpty)
    const needed = all.reduce((sum, { need }) => sum + need, 0)
    return slices.length === needed && endsOf(slices).length === all.length
  })
  t.notThrows(() => fc.assert(property))
})
