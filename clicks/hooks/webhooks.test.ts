/** What receivers are told, whatever they, the log and the process do. */
import test from 'ava'
import { HookWorld } from './testing/hook-world.ts'
import { GIVE_UP_MS } from './webhook-sender.ts'

const A = 'https://a.example/'
const B = 'https://b.example/'
const FAILS = () => ({ kind: 'failed', reason: 'the receiver answered 500', status: 500 }) as const
const HANGS = () => new Promise<never>(() => {})

test('changes are told as they come, clicks at most once a second', async (t) => {
  const world = new HookWorld()
  await world.webhooks.add({ url: A, events: ['link.created', 'link.deleted'] })
  await world.webhooks.add({ url: B, events: ['click'] })
  await world.log({ changes: [{}, { kind: 'changed' }], clicks: ['abc'] })
  await world.log({ changes: [{ kind: 'deleted' }], clicks: ['abc', 'def'] })
  await world.log({ clicks: ['ghi'] })
  t.deepEqual(world.told(A), ['link.created', 'link.deleted'])
  t.deepEqual(world.told(B), ['click'])
  await world.clock.pass(1_000)
  t.deepEqual(world.told(B), ['click', 'click', 'click', 'click'])
  t.is(world.received.filter(({ url }) => url === B).length, 2)
})

test('no address and no visitor is told', async (t) => {
  const world = new HookWorld()
  await world.webhooks.add({ url: A, events: ['click'] })
  await world.log({ clicks: ['abc'] })
  const [click] = world.received[0]!.events
  t.deepEqual(Object.keys(click!).sort(), ['at', 'code', 'country', 'id', 'kind', 'type'])
})

test('only the links and tags that were asked for', async (t) => {
  const world = new HookWorld()
  await world.webhooks.add({
    url: A,
    events: ['click', 'link.created'],
    codes: ['abc'],
    tags: ['x'],
  })
  await world.log({ clicks: ['def'], changes: [{}, { tags: ['x', 'y'] }] })
  t.deepEqual(world.told(A), ['link.created'])
  await world.log({ clicks: ['abc'] })
  await world.clock.pass(1_000)
  t.deepEqual(world.told(A), ['link.created', 'click'])
})

test('a receiver that hangs holds up nobody else', async (t) => {
  const world = new HookWorld()
  world.answers.set(A, HANGS)
  await world.webhooks.add({ url: A, events: ['link.created'] })
  await world.webhooks.add({ url: B, events: ['link.created'] })
  await world.log({ changes: [{}] })
  await world.log({ changes: [{}] })
  t.is(world.told(A).length, 1)
  t.is(world.told(B).length, 2)
})

test('what fails is sent again under its id, with rests that double', async (t) => {
  const world = new HookWorld()
  world.answers.set(A, FAILS)
  await world.webhooks.add({ url: A, events: ['link.created'] })
  await world.log({ changes: [{}] })
  await world.clock.pass(7_000)
  t.deepEqual(
    world.received.map(({ atMs }) => atMs),
    [0, 1_000, 3_000, 7_000],
  )
  t.is(new Set(world.received.map(({ id }) => id)).size, 1)
  world.answers.delete(A)
  await world.clock.pass(8_000)
  const [status] = await world.webhooks.list()
  t.like(status, { delivered: 1, failed: 4, lag: 0 })
  t.is(status?.lastFailure?.reason, 'the receiver answered 500')
})

test('what fails for a day is a letter, which can be sent again', async (t) => {
  const world = new HookWorld()
  world.answers.set(A, FAILS)
  const { id } = await world.webhooks.add({ url: A, events: ['link.created'] })
  await world.log({ changes: [{}] })
  await world.clock.pass(GIVE_UP_MS)
  const [letter] = await world.webhooks.letters(id)
  t.like(letter, { messageId: `${id}.1-1`, reason: 'the receiver answered 500' })
  t.deepEqual(await world.webhooks.retry(id), { delivered: 0, failed: 1 })
  world.answers.delete(A)
  t.deepEqual(await world.webhooks.retry(id), { delivered: 1, failed: 0 })
  t.is(world.received.at(-1)?.id, `${id}.1-1`)
  t.deepEqual(await world.webhooks.letters(id), [])
})

test('after a restart it goes on where it was', async (t) => {
  const world = new HookWorld()
  world.answers.set(A, FAILS)
  await world.webhooks.add({ url: A, events: ['link.created'] })
  await world.log({ changes: [{}] })
  const first = world.received[0]!.id
  await world.stop()
  await world.log({ changes: [{}, {}] })
  world.answers.delete(A)
  world.received.length = 0
  await world.restart()
  t.is(world.told(A).length, 3)
  t.is(world.received[0]!.id, first)
  t.is(world.received[0]!.events.length, 1)
  world.received.length = 0
  await world.restart()
  t.deepEqual(world.received, [])
})

test('what the log dropped is counted, and the rest is told', async (t) => {
  const world = new HookWorld()
  await world.log({ changes: [{}] })
  await world.webhooks.add({ url: A, events: ['link.created'] })
  await world.stop()
  for (let batch = 0; batch < 10; batch++) await world.log({ changes: [{}] })
  world.drop(5)
  await world.restart()
  t.is(world.told(A).length, 6)
  t.is((await world.webhooks.list())[0]?.lost, 4)
})

test('nonsense in the log is passed over', async (t) => {
  const world = new HookWorld()
  await world.webhooks.add({ url: A, events: ['link.created'] })
  for (let batch = 0; batch < 5; batch++) await world.logNonsense()
  await world.log({ changes: [{}] })
  t.is(world.told(A).length, 1)
  t.deepEqual(world.errors, [])
})

test('nothing is kept for a webhook that is off', async (t) => {
  const world = new HookWorld()
  const { id } = await world.webhooks.add({ url: A, events: ['link.created'] })
  const turningOff = world.webhooks.change(id, { isEnabled: false })
  await world.clock.pass(0)
  await turningOff
  await world.log({ changes: [{}] })
  await world.webhooks.change(id, { isEnabled: true })
  await world.log({ changes: [{ kind: 'created' }] })
  t.is(world.told(A).length, 1)
})

test('a webhook that was removed leaves nothing', async (t) => {
  const world = new HookWorld()
  const { id } = await world.webhooks.add({ url: A, events: ['link.created'] })
  await world.log({ changes: [{}] })
  await world.webhooks.remove(id)
  t.deepEqual([...(await world.saved.list(''))], [])
  await t.throwsAsync(world.webhooks.test(id), { code: 'not_found' })
})

test('a threshold is told when it is reached, once', async (t) => {
  const world = new HookWorld()
  await world.log({ clicks: ['abc', 'abc'] })
  await world.webhooks.add({ url: A, events: ['threshold'], thresholds: [1, 3, 5] })
  await world.log({ clicks: ['abc'] })
  await world.clock.pass(1_000)
  await world.log({ clicks: ['abc', 'def'] })
  await world.clock.pass(1_000)
  await world.log({ clicks: ['abc', 'abc'] })
  await world.clock.pass(2_000)
  const told = world.received.flatMap(({ events }) => events)
  t.deepEqual(
    told.map((event) => [event['code'], event['threshold']]),
    [
      ['abc', 3],
      ['def', 1],
      ['abc', 5],
    ],
  )
})

test('a redirect of whatever status is a click, and an orphan is none', async (t) => {
  const world = new HookWorld()
  await world.webhooks.add({ url: A, events: ['click'] })
  await world.webhooks.add({ url: B, events: ['threshold'], thresholds: [4] })
  for (const status of [301, 302, 307, 308]) {
    await world.log({ clicks: ['abc'], status })
    await world.clock.pass(1_000)
  }
  t.is(world.told(A).length, 4)
  t.deepEqual(world.told(B), ['threshold'])
  for (const status of [404, 410]) await world.log({ clicks: ['abc'], status })
  await world.clock.pass(2_000)
  t.is(world.told(A).length, 4)
})

test('a threshold is not passed unseen while the store is behind, or over a restart', async (t) => {
  const world = new HookWorld()
  await world.webhooks.add({ url: A, events: ['threshold'], thresholds: [2] })
  world.storeLag = 2
  await world.log({ clicks: ['abc'] })
  await world.log({ clicks: ['abc'] })
  await world.clock.pass(5_000)
  t.deepEqual(world.received, [])
  await world.stop()
  await world.log({ clicks: ['abc'] })
  world.storeLag = 0
  await world.restart()
  await world.clock.pass(2_000)
  t.is(world.received.length, 1)
})

test('a message without events can be asked for', async (t) => {
  const world = new HookWorld()
  const { id } = await world.webhooks.add({ url: A, events: ['click'] })
  t.deepEqual(await world.webhooks.test(id), { kind: 'delivered', status: 200 })
  t.deepEqual(world.received[0]?.events, [])
})
