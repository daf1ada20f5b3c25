/** Long requests share the event loop, and are refused when too many wait. */
import { once } from 'node:events'
import net from 'node:net'
import { setImmediate } from 'node:timers/promises'
import test from 'ava'
import { REQUEST_BYTES_MAX, REQUESTS_MAX, type LongWork } from '../../links/long-work.ts'
import { countedWork, STEPS_PER_TURN } from '../../links/testing/counted-work.ts'
import { KEY, startGateway } from '../testing/test-gateway.ts'

const LIST = ['GET', '/api/links?search=x'] as const
const one = { links: [{ url: 'https://example.com/' }] }

/** Items that are as much work as they can be: most of their fields do not exist. */
const manyFields = Object.fromEntries(Array.from({ length: 700 }, (_, n) => [`field${n}`, n]))

test('a bulk request gives way while it is read, begun and answered', async (t) => {
  const { work, turns } = countedWork()
  const { call } = await startGateway(t, {}, work)
  const links = Array.from({ length: 500 }, (_, n) => ({ url: `https://example.com/${n}` }))
  const { json } = await call('POST', '/api/links/bulk', { links })
  t.is(json.results.length, 500)
  t.true(turns() >= (3 * 500) / STEPS_PER_TURN, `${turns()} turns`)
})

test('so does one of items that are all refused', async (t) => {
  const { work, turns } = countedWork()
  const { call } = await startGateway(t, {}, work)
  const links = Array.from({ length: 500 }, () => manyFields)
  const { json } = await call('POST', '/api/links/bulk', { links })
  t.true(json.results.every(({ error }) => error.code === 'unknown_field'))
  t.is(json.results[499]!.error.field, 'links[499].field0')
  t.true(turns() >= (3 * 500) / STEPS_PER_TURN, `${turns()} turns`)
})

test('the answer of a long list is written in turns', async (t) => {
  const { work, turns } = countedWork()
  const { call, add } = await startGateway(t, {}, work)
  for (let n = 0; n < 500; n++) add({ code: `code${n}` })
  const { json } = await call('GET', '/api/links?limit=500')
  t.is(json.links.length, 500)
  t.true(turns() >= 500 / STEPS_PER_TURN, `${turns()} turns`)
})

test('beyond the bound, lists and bulk requests are told to come again', async (t) => {
  const { call, work } = await startGateway(t)
  const places = fill(work, REQUESTS_MAX)
  for (const [method, path, body] of [LIST, ['POST', '/api/links/bulk', one]] as const) {
    const { status, json, headers } = await call(method, path, body)
    t.is(status, 503)
    t.is(json.code, 'overloaded')
    t.is(headers['retry-after'], '2')
  }
  t.is((await call('POST', '/api/links', one.links[0])).status, 201, 'what is short is answered')
  places[0]!.leave()
  t.is((await call(...LIST)).status, 200)
  t.is((await call('POST', '/api/links/bulk', one)).status, 200)
  t.is(work.numbers().requests, REQUESTS_MAX - 1, 'each has left')
})

test('a body that would be too much beside the others is refused before it is read', async (t) => {
  const { call, work } = await startGateway(t)
  const place = work.admit(REQUEST_BYTES_MAX - 10)
  t.is((await call('POST', '/api/links/bulk', one)).status, 503)
  t.is((await call(...LIST)).status, 200)
  place.leave()
  t.is((await call('POST', '/api/links/bulk', one)).status, 200)
})

test('a request that is refused, or whose client hangs up, leaves its place', async (t) => {
  const { call, work, listen } = await startGateway(t)
  t.is((await call('POST', '/api/links/bulk', '{"links":')).status, 400)
  t.is((await call('POST', '/api/links/bulk', one, { 'content-type': 'text/plain' })).status, 415)
  t.is((await call('GET', '/api/links?limit=x')).status, 400)
  t.is(work.numbers().requests, 0)
  const socket = net.connect(await listen(), '127.0.0.1')
  await once(socket, 'connect')
  const head = `POST /api/links/bulk HTTP/1.1\r\nhost: sho.rt\r\nx-api-key: ${KEY}\r\n`
  socket.write(`${head}content-type: application/json\r\ncontent-length: 1000\r\n\r\n{"links":[`)
  while (work.numbers().requests === 0) await setImmediate()
  socket.destroy()
  while (work.numbers().requests > 0) await setImmediate()
  t.pass()
})

test('who looks for links is told when nobody waits for them any more', async (t) => {
  const { links, work, listen } = await startGateway(t)
  const asked = Promise.withResolvers<AbortSignal>()
  const page = { links: [], nextCursor: null }
  links.list = async ({ signal }) => {
    asked.resolve(signal!)
    if (!signal!.aborted) await once(signal!, 'abort')
    return page
  }
  const socket = net.connect(await listen(), '127.0.0.1')
  socket.write(`GET /api/links?search=x HTTP/1.1\r\nhost: sho.rt\r\nx-api-key: ${KEY}\r\n\r\n`)
  const signal = await asked.promise
  t.false(signal.aborted)
  socket.destroy()
  while (work.numbers().requests > 0) await setImmediate()
  t.true(signal.aborted)
})

function fill(work: LongWork, count: number) {
  return Array.from({ length: count }, () => work.admit())
}

test('a HEAD of the list has a place too, and leaves it', async (t) => {
  const { call, work } = await startGateway(t)
  t.is((await call('HEAD', '/api/links')).status, 200)
  t.is(work.numbers().requests, 0)
  const places = fill(work, REQUESTS_MAX)
  t.is((await call('HEAD', '/api/links')).status, 503)
  for (const place of places) place.leave()
})
