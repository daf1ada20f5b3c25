import test from 'ava'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import { Probe } from './probe.ts'

/** Something that answers after a while, or not. */
class Respondent {
  readonly clock = new ManualClock()
  asked = 0
  delayMs = 10
  isAway = false
  readonly probe = new Probe(() => this.#answer(), this.clock)

  async #answer(): Promise<number> {
    const asked = ++this.asked
    await new Promise<void>((resolve) => this.clock.after(this.delayMs, resolve))
    if (this.isAway) throw new Error('away')
    return asked
  }

  async look(passMs = 300) {
    const looking = this.probe.look()
    await this.clock.pass(passMs)
    return looking
  }
}

test('what was answered a moment ago is not asked again', async (t) => {
  const respondent = new Respondent()
  t.like(await respondent.look(), { isAnswered: true, answer: 1, tookMs: 10 })
  t.like(await respondent.look(), { answer: 1 })
  await respondent.clock.pass(1_000)
  t.like(await respondent.look(), { answer: 2 })
})

test('those who look at the same time share the question', async (t) => {
  const respondent = new Respondent()
  const looks = [respondent.probe.look(), respondent.probe.look()]
  await respondent.clock.pass(300)
  for (const look of looks) t.like(await look, { answer: 1 })
  t.is(respondent.asked, 1)
})

test('a failure keeps the last answer and tells since when there is none', async (t) => {
  const respondent = new Respondent()
  t.like(await respondent.look(), { isAnswered: true, since: 10 })
  respondent.isAway = true
  await respondent.clock.pass(1_000)
  const failed = await respondent.look()
  t.like(failed, { isAnswered: false, answer: 1, since: 1_310 })
  await respondent.clock.pass(1_000)
  t.is((await respondent.look()).since, 1_310, 'it has been away ever since')
  respondent.isAway = false
  await respondent.clock.pass(1_000)
  t.like(await respondent.look(), { isAnswered: true, answer: 4 })
})

test('nobody waits for an answer that does not come, and nothing is asked on top', async (t) => {
  const respondent = new Respondent()
  await respondent.look()
  respondent.delayMs = 5_000
  await respondent.clock.pass(1_000)
  t.like(await respondent.look(300), { isAnswered: false, answer: 1 })
  t.like(await respondent.look(300), { isAnswered: false, answer: 1 })
  t.is(respondent.asked, 2)
  await respondent.clock.pass(5_000)
  t.like(await respondent.look(300), { answer: 2 }, 'the late answer counts')
})
