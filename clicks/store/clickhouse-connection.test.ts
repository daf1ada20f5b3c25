/** What is read from ClickHouse ends there when nobody waits for it any more. */
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { until } from '../../test/deadline.ts'
import { ClickHouseConnection } from './clickhouse-connection.ts'

const PATIENCE_MS = 60_000

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
