import test from 'ava'
import { Pacer } from './pacer.ts'

/** A clock of which the test is the hand. */
function pacerWorld(clicksAt: readonly number[], until: number, openedAt?: number): number[] {
  const pace = { delaysMs: [250, 1_000, 3_000], apartMs: 700 }
  const asked: number[] = []
  let now = 0
  const timers = new Map<number, readonly [at: number, run: () => void]>()
  let names = 0
  const clock = {
    set: (run: () => void, delay: number) => (timers.set(++names, [now + delay, run]), names),
    clear: (name: number | undefined) => void timers.delete(name ?? 0),
  }
  const pacer = new Pacer(
    pace,
    () => asked.push(now),
    () => now,
    clock,
  )
  for (; now <= until; now++) {
    if (now === openedAt) pacer.opened()
    if (clicksAt.includes(now)) pacer.clicked()
    for (const [name, [at, run]] of timers) {
      if (at <= now && timers.delete(name)) run()
    }
  }
  pacer.stop()
  return asked
}

test('one click is asked for soon, and again in case it was late', (t) => {
  t.deepEqual(pacerWorld([100], 10_000), [350, 1_100, 3_100])
})

test('once clicks are told, those of the moment before are asked for, when they must be counted', (t) => {
  t.deepEqual(pacerWorld([], 10_000, 100), [3_100])
  t.deepEqual(pacerWorld([300], 10_000, 100), [550, 1_300, 3_100])
})

test('under a stream of clicks asking has a bounded rate, and goes on to its end', (t) => {
  const clicks = Array.from({ length: 1_000 }, (_, index) => index * 10)
  const asked = pacerWorld(clicks, 20_000)
  t.true(asked.length <= 25, `asked ${asked.length} times`)
  t.true(asked.at(-1)! >= 12_000)
  t.true(asked.every((at, index) => index === 0 || at - asked[index - 1]! <= 2_500))
})
