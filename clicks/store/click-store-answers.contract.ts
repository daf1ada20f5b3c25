/** Every answer of a store against the plain recount of the same clicks. Run as a part of the store's contract. */
import type { ExecutionContext } from 'ava'
import fc from 'fast-check'
import type { EpochMs } from '../../links/ids.ts'
import { MemoryClickStore } from '../testing/memory-click-store.ts'
import {
  arbitraryBatches,
  arbitraryMoment,
  arbitraryQuestion,
  NOON,
  sampleClick,
  sampleQuestion,
} from '../testing/sample-clicks.ts'
import type { Story } from './click-store.contract.ts'
import type { ClickStore } from './click-store.ts'
import type { Answer } from './question.ts'

const at = (text: string) => Date.parse(text) as EpochMs

const QUESTIONS_EACH = 12
const DAY_MS = 86_400_000

const world = arbitraryMoment.chain((moment) =>
  fc.record({
    batches: arbitraryBatches(moment),
    questions: fc.array(arbitraryQuestion(moment), { minLength: 1, maxLength: QUESTIONS_EACH }),
    /** When what is older is rolled up, after how many batches. */
    retained: fc.option(
      fc.record({
        after: fc.nat(6),
        from: fc.integer({ min: -30, max: 30 }).map((days) => (moment + days * DAY_MS) as EpochMs),
      }),
      { nil: undefined },
    ),
  }),
)

export function testAnswers(story: Story, runs: number): void {
  story(
    'each answer is that of a plain recount, before and after rolling up',
    async (t, _, place) => {
      await fc.assert(
        fc.asyncProperty(world, async ({ batches, questions, retained }) => {
          const store = await place.openEmpty()
          const recount = new MemoryClickStore()
          for (const each of [store, recount]) {
            for (const [index, batch] of batches.entries()) {
              if (retained?.after === index) await each.retain(retained.from)
              await each.append(batch, index * 3 + 1)
            }
            if (retained !== undefined && retained.after >= batches.length) {
              await each.retain(retained.from)
            }
          }
          await sameAnswers(t, store, recount, questions)
          await store.close()
        }),
        { numRuns: runs },
      )
    },
  )

  testTags(story)
  testVisitors(story)
  testBuckets(story)
}

function testVisitors(story: Story): void {
  story('visitors are told where the question wants them, and nowhere else', async (t, store) => {
    const link = sampleClick().code
    const others = Array.from({ length: 3 }, (_, index) =>
      sampleClick({ index, country: `C${index}`, ...(index === 2 ? { kind: 'bot' } : {}) }),
    )
    await store.append(others, 1)
    for (const code of [undefined, link]) {
      const whole = sampleQuestion({ interval: 'month', groupBy: ['country'], limit: 1 })
      const question = code === undefined ? whole : { ...whole, code }
      const all = await store.ask(question)
      const told = await store.ask({ ...question, visitors: 'totals' })
      const none = await store.ask({ ...question, visitors: 'none' })
      t.deepEqual(all.other, { clicks: 2, humans: 1, bots: 1, visitors: 1 })
      t.is(told.totals.visitors, 1)
      t.deepEqual(withoutVisitors(all), withoutVisitors(told))
      t.deepEqual(withoutVisitors(told), none)
      t.deepEqual({ ...told, totals: none.totals }, none)
    }
  })
}

function withoutVisitors(answer: Answer): unknown {
  return JSON.parse(
    JSON.stringify(answer, (name, value: unknown) => (name === 'visitors' ? undefined : value)),
  )
}

function testTags(story: Story): void {
  story('a click counts once, and in the group of each tag of its link', async (t, store) => {
    await store.append([sampleClick()], 1)
    const code = sampleClick().code
    const tags = new Map([
      ['red', [code]],
      ['blue', [code]],
    ])
    const interval = 'month'
    const answer = await store.ask(sampleQuestion({ groupBy: ['tag'], tags, limit: 1, interval }))
    const once = { clicks: 1, humans: 1, bots: 0, visitors: 1 }
    t.deepEqual(answer.totals, once)
    t.is(answer.series[5]!.clicks, 1)
    t.deepEqual(answer.groups, [{ values: ['blue'], ...once }])
    t.deepEqual(answer.other, once)
  })
}

function testBuckets(story: Story): void {
  story('a day has as many hours as its wall clock shows', async (t, store) => {
    const autumn = { from: at('2026-10-24T22:00Z'), to: at('2026-10-25T23:00Z') }
    await store.append([sampleClick({ at: at('2026-10-25T22:59:59.999Z') })], 1)
    const question = sampleQuestion({ ...autumn, timezone: 'Europe/Berlin', interval: 'hour' })
    const hours = (await store.ask(question)).series
    t.is(hours.length, 25)
    t.is(hours[24]!.clicks, 1)
    const days = (await store.ask({ ...question, interval: 'day' })).series
    t.deepEqual(days, [{ start: autumn.from, clicks: 1, humans: 1, bots: 0, visitors: 1 }])
  })

  story('buckets of a hundred years are told as those of a day', async (t, store) => {
    await store.append([sampleClick()], 1)
    const century = { from: 0 as EpochMs, to: Date.UTC(2070, 0, 1) as EpochMs }
    const { series } = await store.ask(sampleQuestion({ ...century, interval: 'month' }))
    t.is(series.length, 1200)
    t.deepEqual(
      series.filter(({ clicks }) => clicks > 0).map(({ start }) => start),
      [Date.UTC(2026, 5, 1) as EpochMs],
    )
  })

  story('a visitor of a day that was rolled up is counted once for a link', async (t, store) => {
    const times = [0, 10, 70, 130].map((minutes) => (NOON + minutes * 60_000) as EpochMs)
    await store.append(
      times.map((time, index) => sampleClick({ at: time, index })),
      1,
    )
    await store.retain((NOON + DAY_MS) as EpochMs)
    const { totals, series } = await store.ask(
      sampleQuestion({ from: NOON, to: (NOON + 3 * 3_600_000) as EpochMs, interval: 'hour' }),
    )
    t.deepEqual(totals, { clicks: 4, humans: 4, bots: 0, visitors: 1 })
    t.deepEqual(
      series.map(({ clicks, visitors }) => ({ clicks, visitors })),
      [
        { clicks: 2, visitors: 1 },
        { clicks: 1, visitors: 0 },
        { clicks: 1, visitors: 0 },
      ],
    )
  })
}

async function sameAnswers(
  t: ExecutionContext,
  store: ClickStore,
  recount: ClickStore,
  questions: readonly Parameters<ClickStore['ask']>[0][],
): Promise<void> {
  for (const question of questions) {
    const [answer, counted] = [await store.ask(question), await recount.ask(question)]
    // One comparison that fails is enough to shrink; deepEqual of all would bury it.
    if (JSON.stringify(answer) !== JSON.stringify(counted)) t.deepEqual(answer, counted)
    const visits = await Array.fromAsync(store.visits(question))
    t.deepEqual(visits.flat(), (await Array.fromAsync(recount.visits(question))).flat())
  }
  t.deepEqual(await store.mostClicked(1, 2), await recount.mostClicked(1, 2))
  t.deepEqual(await store.facts().then(({ clicks }) => clicks), (await recount.facts()).clicks)
}
