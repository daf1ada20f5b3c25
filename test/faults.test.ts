import test from 'ava'
import { toEpochMs } from '../links/ids.ts'
import { Ring } from '../links/ring.ts'
import { MemoryLinkStore } from '../persistence/store/memory-link-store.ts'
import { MemoryLog } from '../persistence/log/memory-log.ts'
import type { Tinygrid } from '../node/tinygrid.ts'
import { FaultyLog, FaultyStore } from './faulty-adapters.ts'
import { call, startNode, type Answer } from './node.ts'

const ring = new Ring(256)
const LONG = 'x'.repeat(4000)

function create(
  node: Tinygrid,
  code: string,
  url = `https://example.org/${code}`,
): Promise<Answer> {
  return call(node, '/api/links', { method: 'POST', json: { url, code } })
}

function isRefusedForNow({ status, headers, body }: Answer, code: string): boolean {
  return status === 503 && Number(headers.get('retry-after')) > 0 && body.code === code
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('it did not happen in time')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

test('a log that fails refuses writes with 503, and redirects go on', async (t) => {
  const log = new FaultyLog()
  const node = await startNode(t, { log, store: new MemoryLinkStore(ring) })
  t.is((await create(node, 'before')).status, 201)
  log.failure = 'log_unavailable'
  t.true(isRefusedForNow(await create(node, 'during'), 'log_unavailable'))
  t.is((await call(node, '/before')).status, 302)
  t.is((await call(node, '/during')).status, 404)
  log.failure = undefined
  t.is((await create(node, 'during')).status, 201)
  await node.close()
})

test('a full log is told as such', async (t) => {
  const log = new FaultyLog()
  const node = await startNode(t, { log, store: new MemoryLinkStore(ring) })
  log.failure = 'log_full'
  t.true(isRefusedForNow(await create(node, 'full'), 'log_full'))
  log.failure = undefined
  await node.close()
})

test('lost acknowledgements are resolved: one answer, one link, nothing twice', async (t) => {
  const log = new FaultyLog()
  const node = await startNode(t, { log, store: new MemoryLinkStore(ring) })
  log.lostAcknowledgements = 3
  const answers = await Promise.all(['x', 'y', 'z'].map((code) => create(node, code)))
  t.deepEqual(
    answers.map(({ status }) => status),
    [201, 201, 201],
  )
  t.is((await create(node, 'x', 'https://other.example/')).status, 409)
  await node.close()
})

test('a store that is away takes nothing from writes and redirects, and gets all later', async (t) => {
  const [log, store] = [new FaultyLog(), new FaultyStore(ring)]
  const node = await startNode(t, { log, store })
  await node.loaded
  store.isDown = true
  const codes = Array.from({ length: 200 }, (_, index) => `c${index}`)
  const answers = await Promise.all(codes.map((code) => create(node, code)))
  t.true(answers.every(({ status }) => status === 201))
  t.is((await call(node, '/c7')).status, 302)
  await until(() => node.status().storeErrors > 0)
  t.is(node.status().dirtyLinks, 200)
  store.isDown = false
  await until(() => node.status().dirtyLinks === 0)
  const { links } = await store.list({ limit: 1000 })
  t.deepEqual(links.map(({ code }) => code as string).sort(), codes.sort())
  await node.close()
})

test('more unflushed writes than the bound are refused until the store is back', async (t) => {
  const [log, store] = [new MemoryLog(), new FaultyStore(ring)]
  const node = await startNode(t, { log, store, env: { TINYGRID_DIRTY_MAX: '1MB' } })
  await node.loaded
  store.isDown = true
  let refused: Answer | undefined
  let accepted = 0
  for (let index = 0; index < 400 && refused === undefined; index++) {
    const answer = await create(node, `c${index}`, `https://example.org/${index}/${LONG}`)
    if (answer.status === 201) accepted++
    else refused = answer
  }
  t.true(refused !== undefined && isRefusedForNow(refused, 'log_full'))
  t.true(accepted > 200)
  t.is((await call(node, '/c0')).status, 302)
  store.isDown = false
  await until(async () => (await create(node, 'again')).status === 201)
  await node.close()
})

test('an entry that the store refuses for good holds up nothing and is not lost', async (t) => {
  const [log, store] = [new MemoryLog(), new FaultyStore(ring)]
  const first = await startNode(t, { log, store })
  store.refused.add('bad')
  for (const code of ['good', 'bad', 'better']) t.is((await create(first, code)).status, 201)
  await until(() => first.status().dirtyLinks === 0 || first.status().deadLetters > 0)
  await until(async () => (await store.list({ limit: 10 })).links.length === 2)
  t.is(first.status().deadLetters, 1)
  t.is((await call(first, '/bad')).headers.get('location'), 'https://example.org/bad')
  await first.close()

  store.refused.clear()
  const second = await startNode(t, { log, store })
  t.is((await call(second, '/bad')).headers.get('location'), 'https://example.org/bad')
  await until(async () => (await store.list({ limit: 10 })).links.length === 3)
  await second.close()
})

test('a store that is away at the start does not keep the log from being served', async (t) => {
  const [log, store] = [new MemoryLog(), new FaultyStore(ring)]
  const first = await startNode(t, { log, store })
  await first.loaded
  store.isDown = true
  t.is((await create(first, 'logged')).status, 201)
  await first.close()

  store.isDown = false
  const second = await startNode(t, { log, store })
  t.is((await call(second, '/logged')).status, 302)
  await second.close()
})

test('what is not in memory is a 503 while the store is away, never a 404', async (t) => {
  const [log, store] = [new MemoryLog(), new FaultyStore(ring)]
  const first = await startNode(t, { log, store })
  t.is((await create(first, 'stored')).status, 201)
  await first.close()

  class NeverLoading extends FaultyStore {
    // oxlint wants a yield; the load fails before there is anything to give.
    override load(): AsyncGenerator<never> {
      throw new Error('not now')
    }
  }
  const away = new NeverLoading(ring)
  await away.saveCheckpoints(await store.checkpoints())
  away.isDown = true
  const second = await startNode(t, { log, store: away })
  t.true(isRefusedForNow(await call(second, '/stored'), 'store_unavailable'))
  t.true(isRefusedForNow(await create(second, 'new'), 'store_unavailable'))
  await second.close()
})

test('a clock that steps back changes no order and revives no link', async (t) => {
  let ms = Date.now()
  const now = () => toEpochMs(ms)
  const node = await startNode(t, { log: new MemoryLog(), store: new MemoryLinkStore(ring), now })
  const created = await create(node, 'clock')
  ms -= 3_600_000
  const route = '/api/links/clock'
  const patched = await call(node, route, { method: 'PATCH', json: { title: 'later' } })
  t.is(patched.status, 200)
  t.true(String(patched.body['updatedAt']) > String(created.body['updatedAt']))
  t.not(patched.headers.get('etag'), created.headers.get('etag'))
  t.is((await call(node, '/clock')).status, 302)
  await node.close()
})

test('a node that cannot listen has ended its work when the start has failed', async (t) => {
  const store = new MemoryLinkStore(ring)
  const env = { HOST: 'no.such.host.invalid' }
  const failure = { message: /HOST no\.such\.host\.invalid .* cannot be used/ }
  await t.throwsAsync(startNode(t, { log: new MemoryLog(), store, env }), failure)
  // Otherwise it would go on with a store that its adapters' owner closes.
  t.is((await store.checkpoints()).size, 256)
})
