/** Clicks of a backup, whichever store it was made of, are in ClickHouse once the restore is over, and not before. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { ClickHouseClickStore } from '../../clicks/store/clickhouse-click-store.ts'
import { DuckDbClickStore } from '../../clicks/store/duckdb-click-store.ts'
import { sampleClick, sampleQuestion } from '../../clicks/testing/sample-clicks.ts'
import { readConfig } from '../../config.ts'
import { ClickHouseService } from '../../test/services/clickhouse-service.ts'
import { serialTestWith } from '../../test/services/service-test.ts'
import { ClickHouseClicks } from './clickhouse-clicks.ts'

const clickHouseTest = serialTestWith('clickhouse')

clickHouseTest('clicks from a file are in ClickHouse, once', async (t) => {
  const service = await ClickHouseService.start()
  t.teardown(() => service.close())
  const directory = await mkdtemp(path.join(tmpdir(), 'tinygrid-clicks-'))
  t.teardown(() => rm(directory, { recursive: true }))
  const limits = { memoryBytesMax: 2 ** 28, threads: 1, questionMsMax: 60_000 }
  const file = await DuckDbClickStore.open({ ...limits, directory })
  await file.append([sampleClick({ position: 7 }), sampleClick({ position: 7, index: 1 })], 9)

  t.is(await ClickHouseClicks.open(readConfig({})), undefined)
  const config = readConfig({ CLICKHOUSE_URL: service.url })
  const target = (await ClickHouseClicks.open(config))!
  t.teardown(() => target.close())
  for await (const piece of file.copy()) await target.add(piece)
  await file.close()
  const store = await ClickHouseClickStore.open({
    url: service.url,
    namespace: config.namespace,
    questionMsMax: 60_000,
  })
  t.teardown(() => store.close())
  t.is(await store.position(), 0)
  await target.finish()
  t.is(await store.position(), 9)
  t.is((await store.ask(sampleQuestion())).totals.clicks, 2)
  await t.throwsAsync(() => ClickHouseClicks.open(config), { message: /has clicks already/ })
})
