/** A click store in ClickHouse that cannot be opened says why in one line, without the password. */
import { inspect } from 'node:util'
import { ClickHouseLogLevel, createClient } from '@clickhouse/client'
import type { ExecutionContext } from 'ava'
import { ClickHouseService } from '../../test/services/clickhouse-service.ts'
import { serialTestWith } from '../../test/services/service-test.ts'
import { StartError, type TinygridError } from '../../links/errors.ts'
import { sampleClick, sampleQuestion } from '../testing/sample-clicks.ts'
import { ClickHouseClickStore } from './clickhouse-click-store.ts'

const clickHouseTest = serialTestWith('clickhouse')
const open = (url: string) =>
  ClickHouseClickStore.open({ url, namespace: 'tiny', questionMsMax: 30_000 })

clickHouseTest('no error tells the password', async (t) => {
  const service = await start(t, 'pass-word')
  const refused = await t.throwsAsync(open(withUser(service, 'wrong-word')))
  t.true(refused instanceof StartError)
  t.regex(refused.message, /^ClickHouse at [^ ]+, database tiny refuses the credentials/)
  t.notRegex(inspect(refused, { depth: 20 }), /wrong-word|d3Jvbmctd29yZA/)

  const store = await open(withUser(service, 'pass-word'))
  await service.kill()
  const away = await t.throwsAsync(store.ask(sampleQuestion()))
  t.is((away as TinygridError).code, 'click_store_unavailable')
  t.notRegex(inspect(away, { depth: 20 }), /pass-word/)
  await store.close()
  const absent = await t.throwsAsync(open(withUser(service, 'pass-word')), {
    instanceOf: StartError,
  })
  t.regex(absent.message, /^ClickHouse at [^ ]+, database tiny cannot be reached: [^\n]+$/)
  t.notRegex(inspect(absent, { depth: 20 }), /pass-word/)
})

clickHouseTest('tables of others, of a newer program, and changed ones are refused', async (t) => {
  const service = await start(t)
  const client = createClient({ url: service.url, log: { level: ClickHouseLogLevel.OFF } })
  t.teardown(() => client.close())
  const run = (query: string) => client.command({ query })

  await run('CREATE DATABASE others')
  await run('CREATE TABLE others.positions (x UInt8) ENGINE = MergeTree ORDER BY x')
  await t.throwsAsync(open(`${service.url}/others`), {
    message: /has a table positions that is not/,
  })

  await (await open(service.url)).close()
  await run('INSERT INTO tiny.schema_versions VALUES (99)')
  await t.throwsAsync(open(service.url), { message: /has version 99, this program knows up to 2/ })

  await (await open(`${service.url}/changed`)).close()
  await run('ALTER TABLE changed.click_rows DROP COLUMN country')
  await t.throwsAsync(open(`${service.url}/changed`), {
    instanceOf: StartError,
    message: /column country is missing instead of LowCardinality\(String\)/,
  })
})

clickHouseTest(
  'a table of before there were rules gets them, its clicks without one',
  async (t) => {
    const service = await start(t)
    const store = await open(service.url)
    await store.append(
      [0, 1].map((index) => sampleClick({ index })),
      1,
    )
    await store.close()
    const client = createClient({ url: service.url, log: { level: ClickHouseLogLevel.OFF } })
    t.teardown(() => client.close())
    await client.command({ query: 'ALTER TABLE tiny.click_rows DROP COLUMN rule' })
    await client.command({ query: 'TRUNCATE TABLE tiny.schema_versions' })
    await client.command({ query: 'INSERT INTO tiny.schema_versions VALUES (1)' })

    for (let opened = 0; opened < 2; opened++) {
      const again = await open(service.url)
      await again.append([sampleClick({ position: 2, rule: 3 })], 2)
      const { groups } = await again.ask(sampleQuestion({ groupBy: ['rule'] }))
      t.deepEqual(
        groups.map(({ values: [rule], clicks }) => [rule, clicks]),
        [
          ['', 2],
          ['3', 1],
        ],
      )
      await again.close()
    }
  },
)

async function start(t: ExecutionContext, password = ''): Promise<ClickHouseService> {
  const service = await ClickHouseService.start({ password })
  t.teardown(() => service.close())
  return service
}

function withUser({ url }: ClickHouseService, password: string): string {
  return url.replace('//', `//default:${password}@`)
}
