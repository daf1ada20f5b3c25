/** ClickHouse for tests answers its own driver, and keeps what it was given. */
import { ClickHouseLogLevel, createClient, type ClickHouseSettings } from '@clickhouse/client'
import type { ExecutionContext } from 'ava'
import { ClickHouseService } from './clickhouse-service.ts'
import { testWith } from './service-test.ts'

const clickHouseTest = testWith('clickhouse')

clickHouseTest('a row outlives a kill, and one that is inserted again counts once', async (t) => {
  const service = await ClickHouseService.start()
  t.teardown(() => service.close())
  const first = clientOf(t, service)
  const engine = 'MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 100'
  await first.command({ query: `CREATE TABLE rows (id UInt64, text String) ENGINE = ${engine}` })
  for (let attempt = 0; attempt < 2; attempt++) {
    await first.insert({
      table: 'rows',
      values: [{ id: '1', text: "it's; \\ ü\n" }],
      format: 'JSONEachRow',
      clickhouse_settings: { insert_deduplication_token: 'a' },
    })
  }
  await service.kill()
  await service.restart()
  const rows = await clientOf(t, service).query({
    query: 'SELECT toString(id) AS id, text FROM rows WHERE text = {text: String}',
    query_params: { text: "it's; \\ ü\n" },
    format: 'JSONEachRow',
  })
  t.deepEqual(await rows.json(), [{ id: '1', text: "it's; \\ ü\n" }])
})

clickHouseTest('an error has its code, and a setting holds for its query alone', async (t) => {
  const service = await ClickHouseService.start()
  t.teardown(() => service.close())
  const client = clientOf(t, service)
  await t.throwsAsync(client.query({ query: 'SELECT * FROM nowhere' }), { message: /nowhere/ })
  const threads = async (settings: ClickHouseSettings) => {
    const query = "SELECT getSetting('max_block_size') AS size"
    const answer = await client.query({
      query,
      clickhouse_settings: settings,
      format: 'JSONEachRow',
    })
    return (await answer.json<{ size: unknown }>())[0]?.size
  }
  t.is(String(await threads({ max_block_size: '7' })), '7')
  t.not(String(await threads({})), '7')
})

function clientOf(t: ExecutionContext, { url }: ClickHouseService) {
  const client = createClient({ url, log: { level: ClickHouseLogLevel.OFF } })
  t.teardown(() => client.close())
  return client
}
