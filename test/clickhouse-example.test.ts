/** The example for ClickHouse runs on its engine, over lines as the program writes them. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { ClickHouseLogLevel, createClient } from '@clickhouse/client'
import test from 'ava'
import { Compile } from 'typebox/schema'
import type { Click } from '../clicks/click.ts'
import { encodeBatch } from '../clicks/log/batch-codec.ts'
import { rowsOf } from '../clicks/feed/click-row.ts'
import { sampleBatch, sampleClick as sampleRecord } from '../clicks/testing/sample-batches.ts'
import type { EpochMs } from '../links/ids.ts'
import { sampleClick } from '../clicks/testing/sample-clicks.ts'
import { liveBatch } from '../gateway/stats/live-event.ts'
import { ClickHouseService } from './services/clickhouse-service.ts'
import { testWith } from './services/service-test.ts'

const AT = Date.parse('2026-11-27T12:34:56.789Z') as EpochMs
const ROOT = path.resolve(import.meta.dirname, '..')
const EXAMPLE = path.join(ROOT, 'examples/clickhouse')

test('a line of a click is as its schema says', (t) => {
  const schema = JSON.parse(readFileSync(path.join(ROOT, 'docs/click-row.schema.json'), 'utf8'))
  const check = Compile(schema as object)
  t.deepEqual(check.Errors(lineOf(1, {}))[1], [])
  t.false(check.Check({ ...lineOf(1, {}), visitor: 'x' }))
  t.deepEqual(Object.keys(lineOf(1, {})).sort(), Object.keys(schema.properties).sort())
})

testWith('clickhouse')(
  'a click that comes twice counts once, by the hour and country',
  async (t) => {
    const service = await ClickHouseService.start()
    t.teardown(() => service.close())
    const client = createClient({ url: service.url, log: { level: ClickHouseLogLevel.OFF } })
    t.teardown(() => client.close())
    for (const query of statementsOf('schema.sql')) await client.command({ query })
    const lines = [
      lineOf(1, { country: 'DE' }),
      lineOf(2, { country: 'DE', visitor: '00000000000000a2' }),
      lineOf(3, { country: 'AT', referrerHost: `it's; "x"` }),
      lineOf(4, { kind: 'bot' }),
    ]
    for (const values of [lines, lines.slice(1)]) {
      await client.insert({
        table: 'clicks',
        values,
        format: 'JSONEachRow',
        clickhouse_settings: {
          input_format_skip_unknown_fields: 1,
          date_time_input_format: 'best_effort',
        },
      })
    }
    const [report] = statementsOf('report.sql')
    const rows = await client.query({ query: report!, format: 'JSONEachRow' })
    const told = await rows.json<Record<string, unknown>>()
    t.deepEqual(
      told.map(({ country, clicks, visitors }) => [country, Number(clicks), Number(visitors)]),
      [
        ['DE', 2, 2],
        ['AT', 1, 1],
      ],
    )
  },
)

testWith('clickhouse')('rows of the feed go through the view into the same tables', async (t) => {
  const service = await ClickHouseService.start()
  t.teardown(() => service.close())
  const client = createClient({ url: service.url, log: { level: ClickHouseLogLevel.OFF } })
  t.teardown(() => client.close())
  const [feed, view, ...more] = statementsOf('from-nats.sql')
  t.deepEqual(more, [])
  // The server itself says that it can parse all of it. Its engine has no NATS: what it is given stands in for it.
  const parsed = await client.query({
    query: 'SELECT formatQuery({sql:String})',
    query_params: { sql: feed!.trim() },
    format: 'TabSeparated',
  })
  t.regex(await parsed.text(), /ENGINE = NATS/)
  const columns = feed!.slice(0, feed!.indexOf('ENGINE'))
  for (const query of statementsOf('schema.sql')) await client.command({ query })
  for (const query of [`${columns} ENGINE = Null`, view!]) await client.command({ query })
  const batch = sampleBatch(1, { clicks: Array.from({ length: 3 }, () => sampleRecord()) })
  const [rows] = [...rowsOf(batch, 7, () => clickWith({ country: 'DE', at: AT }))]
  for (let sent = 0; sent < 2; sent++) {
    await client.insert({
      table: 'clicks_feed',
      values: rows!.text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as object),
      format: 'JSONEachRow',
      clickhouse_settings: { input_format_skip_unknown_fields: 1 },
    })
  }
  const asked = await client.query({ query: 'SELECT * FROM clicks FINAL', format: 'JSONEachRow' })
  const found = await asked.json<Record<string, unknown>>()
  t.deepEqual(
    found.map(({ id, at }) => [id, at]),
    [0, 1, 2].map((index) => [`7-${index}`, '2026-11-27 12:34:56.789']),
  )
  const [report] = statementsOf('report.sql')
  const told = await client.query({ query: report!, format: 'JSONEachRow' })
  const [hour] = await told.json<Record<string, unknown>>()
  t.like(hour, { hour: '2026-11-27 12:00:00', country: 'DE' })
  t.is(Number(hour!['clicks']), 3)
})

function statementsOf(file: string): string[] {
  const text = readFileSync(path.join(EXAMPLE, file), 'utf8').replaceAll(/^--.*$/gm, '')
  return text.split(';').filter((statement) => statement.trim() !== '')
}

/** What `npm run clicks -- --follow` makes of a click. */
function lineOf(position: number, changes: Partial<Click>): Record<string, unknown> {
  const payload = encodeBatch(sampleBatch(position))
  const parser = { parse: () => clickWith(changes) }
  const steps = liveBatch({ position, payload }, parser)
  let step = steps.next()
  while (!step.done) step = steps.next()
  const { text } = step.value.events[0]!
  const [id, event, data] = text.split('\n').map((line) => line.slice(line.indexOf(': ') + 2))
  return { id, event, ...(JSON.parse(data!) as object) }
}

function clickWith(changes: Partial<Click>): Click {
  const { position: _position, index: _index, ...click } = sampleClick(changes)
  return click
}
