/** Whatever is cut off between the store and ClickHouse, and wherever: each click counts once. */
import type { ExecutionContext } from 'ava'
import { ClickHouseService } from '../../test/services/clickhouse-service.ts'
import { serialTestWith } from '../../test/services/service-test.ts'
import type { Code, EpochMs } from '../../links/ids.ts'
import { hasCode } from '../../links/errors.ts'
import type { PlacedClick } from '../click.ts'
import { CuttingProxy } from '../testing/cutting-proxy.ts'
import { NOON, sampleClick, sampleQuestion } from '../testing/sample-clicks.ts'
import { ClickHouseClickStore } from './clickhouse-click-store.ts'

const clickHouseTest = serialTestWith('clickhouse')
const DAY_MS = 86_400_000

clickHouseTest(
  'an append that is cut off anywhere, and made again in other pieces, counts once',
  async (t) => {
    const { store, direct, proxy } = await world(t)
    let position = 0
    for await (const cut of cuts(proxy, () =>
      store.append(clicksAt([position + 1, position + 2]), position + 2),
    )) {
      t.true(cut.failed)
      const told = await direct.position()
      t.true(told === position || told === position + 2)
      t.is((await direct.ask(sampleQuestion())).totals.clicks, 2 * told)
      await direct.append(clicksAt([position + 1]), position + 1)
      await direct.append(clicksAt([position + 2, position + 3]), position + 3)
      position += 3
      t.is(await direct.position(), position)
      t.is((await direct.ask(sampleQuestion())).totals.clicks, 2 * position)
      t.is((await direct.facts()).clicks, 2 * position)
    }
  },
)

clickHouseTest('rolling up that is cut off anywhere changes no answer', async (t) => {
  const { store, direct, proxy } = await world(t)
  let position = 0
  const prepare = async () => {
    position++
    await direct.append(clicksAt([position], { at: day(position % 3) }), position)
  }
  await prepare()
  for await (const cut of cuts(proxy, () => store.retain(day(3)))) {
    t.true(cut.failed)
    t.deepEqual((await direct.ask(sampleQuestion())).totals.clicks, 2 * position)
    await direct.retain(day(3))
    t.is((await direct.facts()).clicks, 0)
    t.deepEqual((await direct.ask(sampleQuestion())).totals.clicks, 2 * position)
    t.is((await direct.clicksOf(['abc' as Code])).get('abc' as Code), 2 * position)
    await prepare()
  }
})

clickHouseTest('a deletion that is cut off anywhere is done once it is repeated', async (t) => {
  const { store, direct, proxy } = await world(t)
  const gone = { kind: 'address', value: '198.51.100.0' } as const
  let position = 0
  let kept = 0
  const prepare = async () => {
    const clicks = [
      ...clicksAt([position + 1], { address: gone.value }),
      ...clicksAt([position + 2]),
    ]
    await direct.append(clicks, (position += 2))
    kept += 2
  }
  await prepare()
  for await (const cut of cuts(proxy, () => deleteIn(store, gone, position + 1))) {
    t.true(cut.failed)
    await direct.delete(gone, ++position)
    // As the one that was cut off would do it.
    t.is(await store.delete(gone, position), 0)
    t.is(await direct.position(), position)
    t.is((await direct.ask(sampleQuestion())).totals.clicks, kept)
    await prepare()
  }
})

clickHouseTest(
  'what comes late of clicks that were deleted goes with their deletion',
  async (t) => {
    const { store, direct } = await world(t)
    const late = clicksAt([1], { code: 'gone' as Code })
    const gone = { kind: 'link', value: 'gone' } as const
    // The one has asked for the position and writes its rows after the other one's deletion.
    const position = store.position.bind(store)
    store.position = async () => {
      const told = await position()
      await direct.append(late, 1)
      await direct.delete(gone, 2)
      store.position = position
      return told
    }
    await store.append(late, 1)
    await store.append(clicksAt([3], { code: 'gone' as Code }), 3)
    await store.delete(gone, 2)
    t.is((await direct.clicksOf(['gone' as Code])).get('gone' as Code), 2)
  },
)

clickHouseTest('two who append, roll up and remove at once count what one would', async (t) => {
  const { store, direct } = await world(t)
  const positions = Array.from({ length: 12 }, (_, index) => index + 1)
  const appendAll = async (each: ClickHouseClickStore, step: number) => {
    for (let last = 0; last < positions.length; last += step) {
      const told = await each.position()
      const to = Math.min(positions.length, told + step)
      await each.append(clicksAt(positions.filter((p) => p > told && p <= to)), to)
    }
  }
  await Promise.all([appendAll(store, 2), appendAll(direct, 3)])
  t.is((await store.ask(sampleQuestion())).totals.clicks, 24)
  await store.append(clicksAt([13], { code: 'gone' as Code }), 13)
  const until = (NOON + DAY_MS) as EpochMs
  await Promise.all([
    store.retain(until),
    direct.retain(until),
    direct.delete({ kind: 'link', value: 'gone' }, 14),
  ])
  t.is((await store.ask(sampleQuestion())).totals.clicks, 24)
  t.deepEqual(await direct.mostClicked(0, 9), [{ code: 'abc' as Code, clicks: 24 }])
})

clickHouseTest('a server that is killed amid appends has each click once', async (t) => {
  const { store, service } = await world(t)
  for (let position = 1; position <= 6; position++) {
    const appending = store.append(clicksAt([position]), position).catch(() => undefined)
    if (position % 2 === 0) await service.kill()
    await appending
    if (!service.isRunning) await service.restart()
    const told = await store.position()
    const missing = Array.from({ length: position - told }, (_, index) => told + index + 1)
    await store.append(clicksAt(missing), position)
    t.is((await store.ask(sampleQuestion())).totals.clicks, 2 * position)
  }
})

async function deleteIn(
  store: ClickHouseClickStore,
  ...deletion: Parameters<ClickHouseClickStore['delete']>
): Promise<void> {
  await store.delete(...deletion)
}

function day(number: number): EpochMs {
  return (NOON + number * DAY_MS) as EpochMs
}

function open(url: string): Promise<ClickHouseClickStore> {
  return ClickHouseClickStore.open({ url, namespace: 'tiny', questionMsMax: 30_000 })
}

interface World {
  readonly service: ClickHouseService
  readonly proxy: CuttingProxy
  /** Behind the proxy. */
  readonly store: ClickHouseClickStore
  /** As another process would open it. */
  readonly direct: ClickHouseClickStore
}

async function world(t: ExecutionContext): Promise<World> {
  const service = await ClickHouseService.start()
  const proxy = await CuttingProxy.start(service.url)
  const direct = await open(service.url)
  const store = await open(proxy.url)
  t.teardown(async () => {
    await Promise.all([store.close(), direct.close()])
    await proxy.close()
    await service.close()
  })
  return { service, proxy, store, direct }
}

/** Does something once for each place at which it can be cut off, until it is done without a cut. */
async function* cuts(
  proxy: CuttingProxy,
  work: () => Promise<void>,
): AsyncGenerator<{ failed: boolean }> {
  for (let number = 1; ; number++) {
    for (const where of ['request', 'answer'] as const) {
      proxy.set({ number, where })
      const error = await work().then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      if (proxy.seen < number) return
      yield { failed: hasCode(error, 'click_store_unavailable') }
    }
  }
}

function clicksAt(positions: readonly number[], changes: Partial<PlacedClick> = {}): PlacedClick[] {
  return positions.flatMap((position) =>
    [0, 1].map((index) => sampleClick({ ...changes, position, index })),
  )
}
