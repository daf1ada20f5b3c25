/** What is read from ClickHouse ends there when nobody waits for it any more, and can write nothing. */
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { until } from '../../test/deadline.ts'
import { ClickHouseService } from '../../test/services/clickhouse-service.ts'
import { testWith } from '../../test/services/service-test.ts'
import { ClickHouseConnection } from './clickhouse-connection.ts'

const PATIENCE_MS = 60_000
const clickHouseTest = testWith('clickhouse')

/** A server that never ends its answers to what is endless. */
async function server(t: ExecutionContext) {
  const begun: URLSearchParams[] = []
  const seen = { closed: 0 }
  const listening = http.createServer((request, response) => {
    const { searchParams } = new URL(request.url!, 'http://server')
    let sql = ''
    request.on('data', (piece: Buffer) => (sql += String(piece)))
    request.on('end', () => {
      if (!sql.includes('endless')) {
        response.end()
        return
      }
      begun.push(searchParams)
      response.once('close', () => seen.closed++)
      if (sql.includes('rows')) response.write('[1]\n')
    })
  })
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  const { port } = listening.address() as AddressInfo
  const url = `http://127.0.0.1:${port}/tiny`
  const connection = await ClickHouseConnection.open({
    url,
    namespace: 'tiny',
    questionMsMax: 600_000,
  })
  t.teardown(async () => {
    await connection.close()
    listening.closeAllConnections()
    listening.close()
  })
  return { connection, begun, seen }
}

test('a request that nobody waits for is closed, and was one that the server may end', async (t) => {
  const { connection, begun, seen } = await server(t)
  const gone = new AbortController()
  const { signal } = gone
  const reading = [
    connection.rows('SELECT endless', {}, signal),
    connection.stream('SELECT endless', {}, signal).next(),
    connection.bytes('SELECT endless FORMAT Parquet', {}, signal).next(),
  ]
  const broken = reading.map((one) => t.throwsAsync(one, { code: 'click_store_unavailable' }))
  await until('all are under way', PATIENCE_MS, () => begun.length === 3)
  t.is(seen.closed, 0)
  gone.abort()
  await Promise.all(broken)
  await until('all are closed', PATIENCE_MS, () => seen.closed === 3)
  for (const settings of begun) {
    t.is(settings.get('readonly'), '2')
    t.is(settings.get('cancel_http_readonly_queries_on_client_close'), '1')
  }
})

test('a stream that is left is closed', async (t) => {
  const { connection, seen } = await server(t)
  for await (const rows of connection.stream('SELECT endless rows', {})) {
    t.deepEqual(rows, [[1]])
    break
  }
  await until('it is closed', PATIENCE_MS, () => seen.closed === 1)
  t.pass()
})

clickHouseTest('what reads cannot write, however the statement begins', async (t) => {
  const service = await ClickHouseService.start()
  t.teardown(() => service.close())
  const settings = { url: service.url, namespace: 'tiny', questionMsMax: PATIENCE_MS }
  const connection = await ClickHouseConnection.open(settings)
  t.teardown(() => connection.close())
  await connection.run('CREATE TABLE kept (id UInt8) ENGINE = MergeTree ORDER BY id')
  await connection.run('INSERT INTO kept SELECT 1')
  const writes = [
    'INSERT INTO kept SELECT 2',
    'WITH 2 AS id INSERT INTO kept SELECT id',
    'WITH two AS (SELECT 2 AS id) INSERT INTO kept SELECT id FROM two',
    'CREATE TABLE more (id UInt8) ENGINE = MergeTree ORDER BY id',
    'ALTER TABLE kept DELETE WHERE 1',
    'DROP TABLE kept',
  ]
  for (const sql of writes) {
    const read = [
      () => connection.rows(sql),
      () => connection.stream(sql, {}).next(),
      () => connection.bytes(`${sql} FORMAT Parquet`, {}).next(),
    ]
    for (const refused of read) await t.throwsAsync(refused, { code: 'click_store_unavailable' })
  }
  t.deepEqual(await connection.rows('SELECT id FROM kept'), [{ id: 1 }])
  t.deepEqual(await connection.rows("SELECT name FROM system.tables WHERE name = 'more'"), [])
  // Who may write still may, on the same server.
  await connection.run('INSERT INTO kept SELECT 3')
  t.deepEqual(await connection.rows('SELECT id FROM kept ORDER BY id'), [{ id: 1 }, { id: 3 }])
})
