import test from 'ava'
import { TinygridError } from '../../links/errors.ts'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import { FlushRounds } from './flush-rounds.ts'

const SPACING_MS = 100
const LIST_MS = 2_000

/** Each round is done, or fails, when the test says so. */
function newRounds() {
  const clock = new ManualClock()
  const begun: (PromiseWithResolvers<void> & { at: number; timeoutMs: number })[] = []
  const rounds = new FlushRounds({
    clock,
    spacingMs: () => SPACING_MS,
    round: (timeoutMs) => {
      const round = { ...Promise.withResolvers<void>(), at: clock.now(), timeoutMs }
      begun.push(round)
      return round.promise
    },
  })
  return { clock, begun, rounds }
}

test('who asks alone is answered at once', async (t) => {
  const { clock, begun, rounds } = newRounds()
  const asked = rounds.wait(LIST_MS)
  await clock.pass(0)
  t.is(begun.length, 1)
  begun[0]!.resolve()
  await t.notThrowsAsync(asked)
})

test('who asks while a round is under way is answered by a later one, with all others', async (t) => {
  const { clock, begun, rounds } = newRounds()
  const first = rounds.wait(LIST_MS)
  await clock.pass(10)
  const others = [rounds.wait(LIST_MS), rounds.wait(5_000), rounds.wait(LIST_MS)]
  begun[0]!.resolve()
  await first
  await clock.pass(SPACING_MS)
  t.deepEqual(
    begun.map(({ at, timeoutMs }) => [at, timeoutMs]),
    [
      [0, LIST_MS],
      [SPACING_MS, 5_000],
    ],
  )
  begun[1]!.resolve()
  await Promise.all(others)
})

test('a round that is slow or fails holds up nobody else', async (t) => {
  const { clock, begun, rounds } = newRounds()
  const slow = t.throwsAsync(rounds.wait(LIST_MS), { code: 'store_unavailable' })
  await clock.pass(SPACING_MS)
  const failed = t.throwsAsync(rounds.wait(LIST_MS), { code: 'owner_unavailable' })
  await clock.pass(SPACING_MS)
  const asked = rounds.wait(LIST_MS)
  await clock.pass(0)
  begun[1]!.reject(new TinygridError('owner_unavailable'))
  begun[2]!.resolve()
  await Promise.all([asked, failed])
  await clock.pass(LIST_MS)
  await slow
})

test('however many ask, rounds begin no more often than their spacing', async (t) => {
  const { clock, begun, rounds } = newRounds()
  const asked: Promise<void>[] = []
  for (let ms = 0; ms < 1_000; ms++) {
    asked.push(rounds.wait(LIST_MS))
    await clock.pass(1)
    for (const { resolve } of begun) resolve()
  }
  await clock.pass(SPACING_MS)
  for (const { resolve } of begun) resolve()
  await Promise.all(asked)
  t.true(begun.length <= 1_000 / SPACING_MS + 1, `${begun.length} rounds`)
})
