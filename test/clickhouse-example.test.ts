/** The example for ClickHouse runs on its engine, over lines as the program writes them. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { ClickHouseLogLevel, createClient } from '@clickhouse/client'
import test from 'ava'
import { Compile } from 'typebox/schema'
import type { Click } from '../clicks/click.ts'
import { encodeBatch } from '../clicks/log/batch-codec.ts'
import { sampleBatch } from '../clicks/testing/sample-batches.ts'
import { sampleClick } from '../clicks/testing/sample-clicks.ts'
import { liveBatch } from '../gateway/stats/live-event.ts'
import { ClickHouseService } from './services/clickhouse-service.ts'
import { testWith } from './services/service-test.ts'

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
