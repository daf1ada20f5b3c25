/** What every click store must do. Run by each adapter's test against that adapter. */
import test, { type ExecutionContext, type SkipFn } from 'ava'
import type { Code, EpochMs } from '../../links/ids.ts'
import type { PlacedClick } from '../click.ts'
import { NOON, sampleClick, sampleQuestion } from '../testing/sample-clicks.ts'
import { testAnswers } from './click-store-answers.contract.ts'
import { testVisits } from './click-store-visits.contract.ts'
import type { ClickStore } from './click-store.ts'

/** One place that keeps a click store. */
export interface ClickStorePlace {
  /** Opens what is there; after a `close` again. */
  open(): Promise<ClickStore>
  /** A store of its own with nothing in it; closed by who asked for it. */
  openEmpty(): Promise<ClickStore>
  remove(): Promise<void>
}

export type Story = (
  title: string,
  tell: (t: ExecutionContext, store: ClickStore, place: ClickStorePlace) => Promise<void>,
) => void

export interface ClickStoreContractOptions {
  /** Declares each test; other than `test` where a server may be missing. */
  readonly declare?: SkipFn
  /** Random worlds of clicks that are compared with the recount. */
  readonly runs?: number
  /** The recount itself writes none. */
  readonly hasParquet?: boolean
}

const DAY_MS = 86_400_000
const RUNS = 25

export function testClickStoreContract(
  name: string,
  createPlace: () => Promise<ClickStorePlace>,
  { declare = test, runs = RUNS, hasParquet = true }: ClickStoreContractOptions = {},
): void {
  const story: Story = (title, tell) => {
    declare(`${name}: ${title}`, async (t) => {
      const place = await createPlace()
      try {
        const store = await place.open()
        try {
          await tell(t, store, place)
        } finally {
          await store.close()
        }
      } finally {
        await place.remove()
      }
    })
  }
  testAppends(story)
  testTotals(story)
  testRemovals(story)
  testVisits(story, hasParquet)
  testAnswers(story, runs)
}

function testAppends(story: Story): void {
  story('an empty store has position 0 and answers with nothing', async (t, store) => {
    t.is(await store.position(), 0)
    const answer = await store.ask(sampleQuestion({ groupBy: ['country'], interval: 'month' }))
    t.deepEqual(answer.totals, { clicks: 0, humans: 0, bots: 0, visitors: 0 })
    t.is(answer.series.length, 12)
    t.deepEqual(answer.groups, [])
    t.is(answer.other, null)
    t.deepEqual(await Array.fromAsync(store.visits(sampleQuestion())), [])
    t.deepEqual(await store.mostClicked(0, 10), [])
    t.is((await store.clicksOf(['abc' as Code])).size, 0)
  })

  story(
    'what was appended is there after opening again, with its position',
    async (t, store, place) => {
      const click = sampleClick({ position: 7, index: 3 })
      await store.append([click], 9)
      await store.close()
      const again = await place.open()
      t.is(await again.position(), 9)
      t.deepEqual((await Array.fromAsync(again.visits(sampleQuestion()))).flat(), [click])
      await again.close()
    },
  )

  story('an append that is repeated, or comes late, counts nothing', async (t, store) => {
    await store.append(clicksAt(1, 3), 1)
    await store.append(clicksAt(1, 3), 1)
    await store.append(clicksAt(2, 2), 5)
    await store.append(clicksAt(3, 4), 3)
    t.is(await store.position(), 5)
    t.is((await store.ask(sampleQuestion())).totals.clicks, 5)
    t.deepEqual(await store.mostClicked(0, 10), [{ code: 'abc' as Code, clicks: 5 }])
  })

  story('appends that are begun at once all count', async (t, store) => {
    const positions = [1, 2, 3, 4, 5]
    await Promise.all(positions.map((position) => store.append(clicksAt(position, 10), position)))
    t.is(await store.position(), 5)
    t.is((await store.ask(sampleQuestion())).totals.clicks, 50)
  })

  story('the position moves without clicks', async (t, store) => {
    await store.append([], 12)
    t.is(await store.position(), 12)
    t.is((await store.facts()).clicks, 0)
  })

  story('an append of many clicks counts them all', async (t, store) => {
    await store.append(clicksAt(1, 10_000), 1)
    t.is((await store.facts()).clicks, 10_000)
    t.is((await store.ask(sampleQuestion())).totals.clicks, 10_000)
  })
}

function testTotals(story: Story): void {
  story('clicks of links are told by code, orphans apart', async (t, store) => {
    const clicks = [
      ...clicksOn('a', 2, { position: 1 }),
      ...clicksOn('b', 3, { position: 2 }),
      ...clicksOn('gone', 4, { position: 3, status: 410 }),
      ...clicksOn('c', 2, { position: 4, kind: 'bot' }),
    ]
    await store.append(clicks, 4)
    const codes = ['a', 'b', 'gone', 'never'] as Code[]
    t.deepEqual(Object.fromEntries(await store.clicksOf(codes)), { a: 2, b: 3 })
    t.deepEqual((await store.mostClicked(0, 2)).map(shown), ['b 3', 'a 2'])
    t.deepEqual((await store.mostClicked(1, 5)).map(shown), ['a 2', 'c 2'])
    t.is((await store.clicksOf([])).size, 0)
  })

  story('what was rolled up still counts for its link', async (t, store, place) => {
    await store.append(clicksOn('a', 3, {}), 1)
    await store.retain((NOON + DAY_MS) as EpochMs)
    await store.append(clicksOn('a', 2, { position: 2 }), 2)
    t.is((await store.facts()).clicks, 2)
    t.is((await store.clicksOf(['a' as Code])).get('a' as Code), 5)
    await store.close()
    const again = await place.open()
    t.deepEqual((await again.mostClicked(0, 5)).map(shown), ['a 5'])
    t.is((await again.ask(sampleQuestion())).totals.clicks, 5)
    await again.close()
  })
}

function testRemovals(story: Story): void {
  story('a link’s clicks are deleted, with what was rolled up of them', async (t, store) => {
    const before = (NOON - 10 * DAY_MS) as EpochMs
    await store.append([...clicksOn('a', 3, { at: before }), ...clicksOn('b', 1, {})], 1)
    await store.retain((NOON - 5 * DAY_MS) as EpochMs)
    await store.append(clicksOn('a', 2, { position: 2 }), 2)
    t.is(await store.delete({ kind: 'link', value: 'a' }, 3), 5)
    t.is(await store.delete({ kind: 'link', value: 'a' }, 4), 0)
    t.is((await store.ask(sampleQuestion())).totals.clicks, 1)
    t.deepEqual((await store.mostClicked(0, 9)).map(shown), ['b 1'])
    t.is(await store.position(), 4)
  })

  story('the clicks with an address are deleted', async (t, store) => {
    const one = { address: '203.0.113.0' }
    await store.append(
      [...clicksOn('a', 3, one), ...clicksOn('a', 1, { address: '2001:db8::', position: 2 })],
      2,
    )
    t.is(await store.delete({ kind: 'address', value: "203.0.113.0' OR 'a'='a" }, 3), 0)
    t.is(await store.delete({ kind: 'address', value: '203.0.113.0' }, 4), 3)
    t.is((await store.facts()).clicks, 1)
    t.deepEqual((await store.mostClicked(0, 9)).map(shown), ['a 1'])
  })

  story('a deletion that is repeated leaves what came after it', async (t, store, place) => {
    const address = '203.0.113.0'
    await store.append(clicksOn('a', 3, { address }), 1)
    const deletions = [
      { kind: 'link', value: 'a' },
      { kind: 'address', value: address },
    ] as const
    for (const [index, deletion] of deletions.entries()) await store.delete(deletion, 2 + index)
    await store.append(clicksOn('a', 2, { address, position: 4 }), 4)
    await store.close()
    const again = await place.open()
    for (const [index, deletion] of deletions.entries()) {
      t.is(await again.delete(deletion, 2 + index), 0)
    }
    t.is(await again.position(), 4)
    t.is((await again.ask(sampleQuestion())).totals.clicks, 2)
    t.deepEqual((await again.mostClicked(0, 9)).map(shown), ['a 2'])
    await again.close()
  })

  story(
    'rolling up keeps the day in which its time lies, and may be repeated',
    async (t, store) => {
      const midnight = Math.floor(NOON / DAY_MS) * DAY_MS
      const times = [midnight - 1, midnight, NOON] as EpochMs[]
      await store.append(
        times.map((at, index) => sampleClick({ at, index })),
        1,
      )
      for (let time = 0; time < 2; time++) {
        await store.retain(NOON)
        t.is((await store.facts()).clicks, 2)
        t.is((await store.ask(sampleQuestion())).totals.clicks, 3)
      }
    },
  )
}

function clicksAt(position: number, count: number): PlacedClick[] {
  return Array.from({ length: count }, (_, index) => sampleClick({ position, index }))
}

function clicksOn(code: string, count: number, changes: Partial<PlacedClick>): PlacedClick[] {
  return Array.from({ length: count }, (_, index) =>
    sampleClick({ ...changes, code: code as Code, index }),
  )
}

function shown({ code, clicks }: { code: Code; clicks: number }): string {
  return `${code} ${clicks}`
}
