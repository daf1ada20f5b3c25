import test from 'ava'
import * as fc from 'fast-check'
import { LONG_MS_MAX, OTHER_MS_MIN, WINDOW_MS, WorkShare } from './work-share.ts'

test('long work alone may go on for ever', (t) => {
  const share = new WorkShare()
  for (let now = 1; now < 100; now++) {
    t.is(share.waitMs(1, now), 0)
    share.noteLong(1, now)
  }
})

test('beside other work it waits when it has had its share, until that is long enough ago', (t) => {
  const share = new WorkShare()
  share.noteTurn(2, 100)
  for (let end = 101; end <= 100 + LONG_MS_MAX; end++) share.noteLong(1, end)
  const now = 100 + LONG_MS_MAX
  t.is(share.allowedMs(now), 0)
  t.is(share.waitMs(0.5, now), 100 + 0.5 + WINDOW_MS - now)
  t.is(share.waitMs(1, now), 101 + WINDOW_MS - now)
})

test('other work that is over holds up nothing', (t) => {
  const share = new WorkShare()
  share.noteTurn(2, 100)
  share.noteLong(LONG_MS_MAX, 100 + LONG_MS_MAX)
  t.true(share.waitMs(1, 105) > 0)
  t.is(share.waitMs(1, 100 + WINDOW_MS), 0)
})

test('turns in which nothing happened are no other work', (t) => {
  const share = new WorkShare()
  for (let now = 1; now < 100; now++) {
    share.noteTurn(0.03, now)
    share.noteLong(0.97, now + 0.97)
    t.is(share.waitMs(1, now + 0.97), 0)
  }
})

/** Long work and turns one after the other, as the event loop has them. */
const days = fc.array(
  fc.record({
    turnMs: fc.double({ min: 0, max: 20, noNaN: true }),
    sliceMs: fc.double({ min: 0.01, max: 1, noNaN: true }),
  }),
  { minLength: 1, maxLength: 60 },
)

test('whatever comes, no window with other work has more than the share of long work', (t) => {
  const property = fc.property(days, (day) => {
    const share = new WorkShare()
    const long: { from: number; to: number }[] = []
    let now = 0
    for (const { turnMs, sliceMs } of day) {
      // Enough of other work in every window.
      const turn = Math.max(turnMs, OTHER_MS_MIN * 2)
      now += turn
      share.noteTurn(turn, now)
      const wait = share.waitMs(sliceMs, now)
      now += wait
      const ms = Math.min(sliceMs, share.allowedMs(now))
      if (wait > 0) t.true(ms > sliceMs - 1e-6, 'after the wait the slice is allowed')
      long.push({ from: now, to: now + ms })
      now += ms
      share.noteLong(ms, now)
    }
    for (const { to } of long) {
      const inWindow = long.reduce(
        (sum, one) => sum + Math.max(0, Math.min(one.to, to) - Math.max(one.from, to - WINDOW_MS)),
        0,
      )
      if (inWindow > LONG_MS_MAX + 1e-6) return false
    }
    return true
  })
  t.notThrows(() => fc.assert(property, { numRuns: 300 }))
})
