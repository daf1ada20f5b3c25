/** Visits one by one: pages, files, and clients that stop reading or go. */
import { once } from 'node:events'
import net from 'node:net'
import { setImmediate } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { Compile } from 'typebox/schema'
import { TinygridError } from '../../links/errors.ts'
import type { EpochMs } from '../../links/ids.ts'
import { atRest } from '../testing/at-rest.ts'
import { KEY, NOW, startGateway, type TestGateway } from '../testing/test-gateway.ts'
import { visitsPageSchema } from './stats-schemas.ts'

interface Page {
  readonly visits: { at: string; code: string; position: number; index: number }[]
  readonly nextCursor: string | null
}

async function page({ call }: TestGateway, query: string, path = '/api/visits'): Promise<Page> {
  return JSON.parse((await call('GET', `${path}?${query}`)).text) as Page
}

const at = (ms: number) => (NOW - ms) as EpochMs

test('visits come page by page, newest first, without gap or repetition', async (t) => {
  const gateway = await startGateway(t)
  const clicks = Array.from({ length: 25 }, (_, n) => ({ at: at(1 + Math.floor(n / 2)) }))
  await gateway.analytics.add(...clicks)
  const whole = await page(gateway, '')
  t.is(whole.nextCursor, null)
  t.is(whole.visits.length, 25)
  t.is(whole.visits[0]!.at, new Date(at(1)).toISOString())
  t.deepEqual(Compile(visitsPageSchema).Errors(whole)[1], [])
  const pages: Page['visits'] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const next: Page = await page(gateway, `limit=10${cursor && `&cursor=${cursor}`}`)
    pages.push(...next.visits)
    cursor = next.nextCursor
  }
  t.deepEqual(pages, whole.visits)
})

test('a link has its own, narrowed as a question is', async (t) => {
  const gateway = await startGateway(t)
  gateway.add({ code: 'a', tags: ['red'] })
  await gateway.analytics.add(
    { code: 'a' as never, at: at(1) },
    { code: 'b' as never, at: at(2) },
    { code: 'a' as never, at: at(3), country: 'AT' },
  )
  t.is((await page(gateway, '', '/api/links/a/visits')).visits.length, 2)
  t.is((await page(gateway, 'filter=country:AT', '/api/links/a/visits')).visits.length, 1)
  t.is((await page(gateway, 'filter=tag:red')).visits.length, 2)
  t.is((await gateway.call('GET', '/api/links/never/visits')).status, 404)
})

test('a file is named after what is in it, and its form is chosen', async (t) => {
  const gateway = await startGateway(t)
  gateway.add({ code: 'a' })
  await gateway.analytics.add({ code: 'a' as never, at: at(1) })
  const path = '/api/links/a/visits?from=2029-12-01'
  const csv = await gateway.call('GET', path, undefined, { accept: 'text/csv, */*;q=0.1' })
  t.is(csv.headers['content-type'], 'text/csv; charset=utf-8')
  const name = 'visits-a-20291201T000000Z-20300101T000000Z.csv'
  t.is(csv.headers['content-disposition'], `attachment; filename="${name}"`)
  t.is(csv.text, `${new Date(at(1)).toISOString()},a\r\n`)
  const lines = await gateway.call('GET', `${path}&format=ndjson`, undefined, {
    accept: 'text/csv',
  })
  t.is(lines.headers['content-type'], 'application/x-ndjson')
  t.like(JSON.parse(lines.text), { code: 'a' })
  const parquet = await gateway.call('GET', `${path}&format=parquet&limit=5`)
  t.is(parquet.headers['content-type'], 'application/vnd.apache.parquet')
  t.like(gateway.analytics.visitsQuestions.at(-1), { format: 'parquet', limit: 5 })
  const any = await gateway.call('GET', path, undefined, { accept: '*/*' })
  t.regex(any.headers['content-type']!, /^application\/json/)
  t.is((await gateway.call('HEAD', path)).status, 405)
})

test('what cannot be asked names the parameter', async (t) => {
  const { call } = await startGateway(t)
  for (const [query, field] of [
    ['limit=1001', 'limit'],
    ['limit=0', 'limit'],
    ['limit=10000001&format=csv', 'limit'],
    ['cursor=x', 'cursor'],
    ['cursor=1-2', 'cursor'],
    ['format=xml', 'format'],
    ['interval=day', 'interval'],
    ['filter=x', 'filter'],
  ] as const) {
    const { status, json } = await call('GET', `/api/visits?${query}`)
    t.is(status, 400, query)
    t.is(json.field, field)
  }
})

test('what fails before the first piece is an error; later the connection is cut', async (t) => {
  const gateway = await startGateway(t)
  gateway.analytics.failure = new TinygridError('analytics_unavailable')
  for (const format of ['json', 'csv']) {
    t.is((await gateway.call('GET', `/api/visits?format=${format}`)).status, 503)
  }
  gateway.analytics.visits = async function* () {
    yield Buffer.from('begun')
    throw new TinygridError('analytics_unavailable')
  }
  const port = await gateway.listen()
  const url = `http://127.0.0.1:${port}/api/visits?format=csv`
  const answer = await fetch(url, { headers: { 'x-api-key': KEY } })
  t.is(answer.status, 200)
  await t.throwsAsync(answer.text())
})

/** A client that has asked for an endless file, and has read nothing of it. */
async function ask(t: ExecutionContext, gateway: TestGateway, port: number): Promise<net.Socket> {
  gateway.analytics.endless = Buffer.alloc(64 * 1024, 'a')
  const socket = net.connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  socket.write(`GET /api/visits?format=csv HTTP/1.1\r\nhost: sho.rt\r\nx-api-key: ${KEY}\r\n\r\n`)
  return socket
}

/** Of what is taken from analytics before anybody reads: buffers of sockets and streams. */
const HELD_BYTES_MAX = 32 * 1024 * 1024

test('who stops reading is made nothing for, and reads on later', async (t) => {
  const gateway = await startGateway(t)
  const socket = await ask(t, gateway, await gateway.listen())
  const chunks = await atRest(() => gateway.analytics.chunks)
  t.true(chunks * 64 * 1024 < HELD_BYTES_MAX, `${chunks} chunks`)
  t.is(gateway.analytics.ended, 0)
  let bytes = 0
  socket.on('data', (piece: Buffer) => (bytes += piece.length))
  while (gateway.analytics.chunks < chunks + 10) await setImmediate()
  t.true(bytes > 0)
})

test('who breaks off ends the reading, and leaves its place', async (t) => {
  const gateway = await startGateway(t)
  const port = await gateway.listen()
  const sockets = await Promise.all([1, 2, 3, 4].map(() => ask(t, gateway, port)))
  while (gateway.analytics.visitsQuestions.length < 4) await setImmediate()
  t.is((await gateway.call('GET', '/api/visits?format=csv')).json.code, 'overloaded')
  for (const socket of sockets) socket.destroy()
  while (gateway.analytics.ended < 4) await setImmediate()
  while (gateway.work.numbers().requests > 0) await setImmediate()
  gateway.analytics.endless = undefined
  t.is((await gateway.call('GET', '/api/visits?format=csv')).status, 200)
})
