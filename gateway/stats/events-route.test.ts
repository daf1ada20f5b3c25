/** Clicks and changes heard live: by whom, from where on, and until when. */
import { once } from 'node:events'
import net from 'node:net'
import { setImmediate } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { EMPTY_ADDRESS_BOOK } from '../../clicks/parse/address-book.ts'
import { ClickParser } from '../../clicks/parse/click-parser.ts'
import { sampleChange, sampleClick } from '../../clicks/testing/sample-batches.ts'
import { TinygridError } from '../../links/errors.ts'
import type { Code } from '../../links/ids.ts'
import { BucketKeyStore } from '../../cluster/keys/bucket-key-store.ts'
import { sampleKey } from '../../cluster/keys/key-store.contract.ts'
import { newSecret, secretDigest } from '../../cluster/keys/access-key.ts'
import { MemoryKeyValueServer } from '../../cluster/membership/memory-key-value.ts'
import type { EpochMs } from '../../links/ids.ts'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import type { LinkChange } from '../../clicks/log/click-batch.ts'
import { EventListener } from '../testing/event-listener.ts'
import { FakeClickLog } from '../testing/fake-click-log.ts'
import { KEY, NOW, startGateway } from '../testing/test-gateway.ts'
import { HEARTBEAT_MS, SLOW_MS } from './event-stream.ts'
import { LISTENERS_MAX } from './events-route.ts'

async function start(t: ExecutionContext) {
  const log = new FakeClickLog()
  const clock = new ManualClock()
  const parser = new ClickParser({ addresses: EMPTY_ADDRESS_BOOK, keepsAddress: true })
  const keys = await BucketKeyStore.open(new MemoryKeyValueServer().connect())
  const more = { clickLog: log, parser, clock, keys }
  const gateway = await startGateway(t, {}, undefined, more)
  const port = await gateway.listen()
  const leaving = new AbortController()
  t.teardown(() => leaving.abort())
  const listen = (query?: string, headers?: Record<string, string>) =>
    EventListener.listen(port, query, headers, leaving.signal)
  return {
    ...gateway,
    keys,
    clockOfKeys: gateway.clock,
    log,
    clock,
    port,
    listen,
    leave: () => leaving.abort(),
  }
}

const PERSON = 'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
const click = (code: string, headers = PERSON) => sampleClick({ code: code as Code, headers })
const change = (code: string, tags: string[], kind: LinkChange['kind'] = 'changed') =>
  sampleChange({ code: code as Code, tags, kind })
const BOT = 'User-Agent: Googlebot/2.1 (+http://www.google.com/bot.html)'

function codesOf(events: readonly { data: Readonly<Record<string, unknown>> }[]) {
  return events.map(({ data }) => data['code'])
}

test('clicks and changes come as they happen, and nothing gathers them on the way', async (t) => {
  const { log, listen } = await start(t)
  log.append({ clicks: [click('before')] })
  const listener = await listen()
  t.is(listener.headers.get('content-type'), 'text/event-stream; charset=utf-8')
  t.is(listener.headers.get('cache-control'), 'no-store, no-transform')
  t.is(listener.headers.get('x-accel-buffering'), 'no')
  t.is(await listener.block(), 'retry: 2000')
  t.is(await listener.block(), 'id: 1')
  log.append({ clicks: [click('a'), click('b', `${BOT}\nReferer: https://x.example/`)] })
  log.append({ clicks: [], changes: [sampleChange({ code: 'c' as Code, tags: ['red'] })] })
  const [first, second, third] = await listener.take(3)
  t.like(first, { id: '2-0', event: 'click', data: { code: 'a', kind: 'human', node: 'a' } })
  t.like(second, { id: '2-1', data: { code: 'b', kind: 'bot', referrer: 'x.example' } })
  t.like(third, { id: '3-0', event: 'change', data: { kind: 'created', code: 'c' } })
  t.deepEqual(third!.data['tags'], ['red'])
  t.is(first!.data['at'], new Date(sampleClick().at).toISOString())
})

test('who comes back is told what came since, from the middle of a batch', async (t) => {
  const { log, listen } = await start(t)
  log.append({ clicks: [click('a'), click('b'), click('c')] })
  for (let n = 0; n < 250; n++) log.append({ clicks: [click(`d${n}`)] })
  const listener = await listen('', { 'last-event-id': '1-0' })
  const events = await listener.take(252)
  t.deepEqual(codesOf(events).slice(0, 3), ['b', 'c', 'd0'])
  t.is(events.at(-1)!.data['code'], 'd249')
  log.append({ clicks: [click('new')] })
  t.deepEqual(codesOf(await listener.take(1)), ['new'])
  t.false(listener.heard.includes('gap'))
  // Of what the first one has made the gateway keep, and by the other way to ask.
  t.deepEqual(codesOf(await (await listen('?after=250')).take(2)), ['d249', 'new'])
})

test('what the log no longer has is told as a gap', async (t) => {
  const { log, listen } = await start(t)
  for (const code of ['a', 'b', 'c', 'd']) log.append({ clicks: [click(code)] })
  log.drop(3)
  const [gap, ...rest] = await (await listen('?after=1')).take(3)
  t.is(gap!.event, 'gap')
  t.deepEqual(codesOf(rest), ['c', 'd'])
  t.is((await (await listen('?after=99-1')).next())!.event, 'gap', 'an id of another log')
  log.drop(9)
  t.is((await (await listen('?after=1')).next())!.event, 'gap', 'all is gone')
})

test('a listener hears what it asks for', async (t) => {
  const { log, listen } = await start(t)
  const [ofLink, humans, bots, changes] = await Promise.all([
    listen('?code=a&code=b'),
    listen('?bots=exclude&event=click'),
    listen('?bots=only'),
    listen('?event=change'),
  ])
  // All have begun once each has its first id.
  for (const listener of [ofLink, humans, bots, changes]) {
    while ((await listener.block()) !== 'id: 0');
  }
  log.append({ clicks: [click('x'), click('a'), click('c', BOT), click('b')] })
  log.append({ clicks: [], changes: [sampleChange({ code: 'z' as Code })] })
  t.deepEqual(codesOf(await ofLink.take(2)), ['a', 'b'])
  t.deepEqual(codesOf(await humans.take(3)), ['x', 'a', 'b'])
  t.deepEqual(codesOf(await bots.take(2)), ['c', 'z'])
  t.deepEqual(codesOf(await changes.take(1)), ['z'])
})

test('who listens to a tag hears of the links that have it, as it comes and goes', async (t) => {
  const { log, listen, add, call } = await start(t)
  add({ code: 'a', tags: ['red'] })
  add({ code: 'b', tags: ['blue'] })
  log.append({ clicks: [click('before')] })
  const listener = await listen('?tag=red&tag=green')
  const clicks = () => log.append({ clicks: [click('a'), click('b'), click('c')] })
  clicks()
  log.append({ clicks: [], changes: [change('b', ['green', 'x']), change('d', ['x'])] })
  clicks()
  log.append({ clicks: [], changes: [change('a', []), change('b', ['red'], 'deleted')] })
  clicks()
  log.append({ clicks: [], changes: [change('c', ['red'], 'created')] })
  clicks()
  const heard = await listener.take(8)
  t.deepEqual(codesOf(heard), ['a', 'b', 'a', 'b', 'a', 'b', 'c', 'c'])
  t.deepEqual(codesOf(await (await listen('?tag=red&event=click&after=2-0')).take(1)), ['a'])
  const refused = await call('GET', `/api/events?tag=${'x'.repeat(41)}`)
  t.like(refused.json, { status: 400, field: 'tag' })
})

test('the log is read once for all, and only while somebody listens', async (t) => {
  const { log, listen, leave, clock } = await start(t)
  const listeners = await Promise.all([1, 2, 3].map(() => listen()))
  for (const listener of listeners) while ((await listener.block()) !== 'id: 0');
  const before = log.reads
  log.append({ clicks: [click('a')] })
  for (const listener of listeners) await listener.next()
  t.true(log.reads - before <= 2, `${log.reads - before} reads`)
  leave()
  for (let n = 0; n < 50; n++) await setImmediate()
  const then = log.reads
  log.append({ clicks: [click('b')] })
  await clock.pass(60_000)
  t.true(log.reads <= then + 1)
})

test('a log that is out of reach, or damaged, ends nothing', async (t) => {
  const { log, listen, clock } = await start(t)
  const listener = await listen()
  while ((await listener.block()) !== 'id: 0');
  log.failure = new TinygridError('click_log_unavailable')
  log.wake()
  await clock.pass(3_000)
  log.failure = undefined
  log.appendBytes(Buffer.from('no batch'))
  log.append({ clicks: [click('a')] })
  await clock.pass(3_000)
  t.deepEqual(codesOf(await listener.take(1)), ['a'])
})

test('a heartbeat comes with the id up to which there was nothing', async (t) => {
  const { log, listen, clock } = await start(t)
  const listener = await listen('?code=a')
  while ((await listener.block()) !== 'id: 0');
  log.append({ clicks: [click('other')] })
  while (!listener.heard.includes(':\nid: 1')) {
    await clock.pass(HEARTBEAT_MS)
    await listener.block()
  }
  t.pass()
})

test('only so many listen at a time', async (t) => {
  const { listen, call, log } = await start(t)
  const listeners = await Promise.all(Array.from({ length: LISTENERS_MAX }, () => listen()))
  const { status, json } = await call('GET', '/api/events')
  t.is(status, 503)
  t.is(json.code, 'overloaded')
  log.append({ clicks: [click('a')] })
  for (const listener of listeners) t.truthy(await listener.next())
})

test('who reads nothing is cut off with a word, and the others hear on', async (t) => {
  const { log, listen, port, clock, call } = await start(t)
  const other = await listen('?code=last')
  const socket = net.connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  socket.pause()
  socket.write(`GET /api/events HTTP/1.1\r\nhost: sho.rt\r\nx-api-key: ${KEY}\r\n\r\n`)
  const long = 'x'.repeat(4_000)
  const changes = Array.from({ length: 150 }, () =>
    sampleChange({ url: `https://example.com/${long}` }),
  )
  for (let n = 0; n < 40; n++) {
    log.append({ clicks: [], changes })
    for (let turn = 0; turn < 20; turn++) await setImmediate()
  }
  await clock.pass(SLOW_MS)
  let text = ''
  socket.on('data', (piece: Buffer) => (text = (text + String(piece)).slice(-2_000)))
  socket.resume()
  while (!text.includes('event: error\ndata: {"code":"slow_reader"')) await setImmediate()
  log.append({ clicks: [click('last')] })
  t.deepEqual(codesOf(await other.take(1)), ['last'])
  // How long somebody listened is no time to answer.
  t.false((await call('GET', '/metrics')).text.includes('route="/api/events"'))
})

test('a server that stops says so', async (t) => {
  const { app, listen } = await start(t)
  const listener = await listen()
  while ((await listener.block()) !== 'id: 0');
  const closing = app.close()
  t.like(await listener.next(), { event: 'error', data: { code: 'shutting_down' } })
  t.is(await listener.next(), undefined)
  await closing
})

test('what cannot be listened to is refused', async (t) => {
  const { call } = await start(t)
  for (const [query, field] of [
    ['after=x', 'after'],
    ['event=visit', 'event'],
    ['bots=some', 'bots'],
    ['key=secret', 'key'],
    [`code=${'x'.repeat(194)}`, 'code'],
  ] as const) {
    const { status, json } = await call('GET', `/api/events?${query}`)
    t.is(status, 400, query)
    t.is(json.field, field)
  }
  const wrong = await call('GET', '/api/events', undefined, { 'last-event-id': 'x' })
  t.like(wrong.json, { status: 400, field: 'last-event-id' })
  t.is((await call('GET', '/api/events', undefined, { 'x-api-key': '' })).status, 401)
  t.is((await call('HEAD', '/api/events')).status, 405)
  const without = await startGateway(t)
  t.is((await without.call('GET', '/api/events')).json.code, 'click_log_unavailable')
})

test('who listens by a key that is revoked, or expires, is told so and cut off', async (t) => {
  const { keys, listen, clock: timers, clockOfKeys } = await start(t)
  const expiring = { expiresAt: (NOW + 5_000) as EpochMs }
  for (const more of [{}, expiring]) {
    const { id, secret } = newSecret()
    const hash = secretDigest(secret).toString('base64url')
    await keys.add(sampleKey({ id, hash, role: 'read', tags: [], ...more }))
    const listener = await listen('', { 'x-api-key': secret })
    t.is(await listener.block(), 'retry: 2000')
    if (more === expiring) {
      clockOfKeys.now = expiring.expiresAt
      await timers.pass(5_000)
    } else await keys.remove(id)
    const [told] = await listener.take(1)
    t.like(told, { event: 'error', data: { code: 'key_ended' } })
  }
})
