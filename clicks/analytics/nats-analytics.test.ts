import test, { type ExecutionContext } from 'ava'
import type { NatsConnection } from 'nats'
import { connectPatiently } from '../../cluster/testing/patient-connection.ts'
import { RefusedInput } from '../../cluster/refused-input.ts'
import { systemClock } from '../../links/clock.ts'
import type { NodeId } from '../../links/ids.ts'
import { until } from '../../test/deadline.ts'
import { NatsService } from '../../test/services/nats-service.ts'
import { findProgram } from '../../test/services/service-program.ts'
import { testWith } from '../../test/services/service-test.ts'
import { MemoryClickStore } from '../testing/memory-click-store.ts'
import { sampleClick, sampleQuestion } from '../testing/sample-clicks.ts'
import type { Analytics } from './analytics.ts'
import { AppliedDeletions } from './applied-deletions.ts'
import { NatsAnalytics } from './nats-analytics.ts'
import { StoreAnalytics } from './store-analytics.ts'

const natsTest = testWith('nats')
const VISITS = 5_000
const PATIENCE_MS = 60_000
const { code } = sampleClick()

let nats: NatsService
let namespaces = 0

if (findProgram('nats') !== undefined) {
  test.before(async () => {
    nats = await NatsService.start()
  })
  test.after.always(() => nats.close())
}

interface Member {
  readonly connection: NatsConnection
  readonly refused: RefusedInput
  readonly node: NatsAnalytics
  readonly others: Analytics
}

async function join(
  t: ExecutionContext,
  name: string,
  namespace: string,
  patience: { readonly waitMs?: number } = {},
): Promise<Member> {
  const connection = await connectPatiently({ url: nats.url, name })
  t.teardown(() => connection.close())
  const refused = new RefusedInput()
  const nodeId = name as NodeId
  const about = { connection, namespace, nodeId, refused, clock: systemClock }
  const options = { ...about, copies: () => 2, ...patience }
  const node = new NatsAnalytics(options)
  return { connection, refused, node, others: node.analytics }
}

/** A node's own copy. */
async function copy(deletions = new AppliedDeletions(systemClock)): Promise<Analytics> {
  const store = new MemoryClickStore()
  const clicks = Array.from({ length: VISITS }, (_, index) => sampleClick({ index }))
  await store.append(clicks, 1)
  return new StoreAnalytics({
    store,
    log: { span: async () => ({ firstPosition: 1, lastPosition: 1, bytes: 0 }) },
    consumer: { position: 1, counts: { stored: VISITS, lost: 0, undecodable: 0 } },
    deletions,
  })
}

async function cluster(t: ExecutionContext) {
  const namespace = `analytics-${++namespaces}`
  const names = ['a', 'b', 'c'] as const
  const [a, b, c] = await Promise.all(names.map((name) => join(t, name, namespace)))
  return { a: a!, b: b!, c: c!, namespace }
}

natsTest('a node without analytics asks one that has it, and exports from it', async (t) => {
  const { a, b, c } = await cluster(t)
  const analytics = await copy()
  a.node.listen(analytics)
  b.node.listen(await copy())
  await Promise.all([a.connection.flush(), b.connection.flush()])
  const question = sampleQuestion({
    groupBy: ['tag'],
    tags: new Map([['letters', [code]]]),
    interval: 'month',
  })
  t.deepEqual(await c.others.ask(question), await analytics.ask(question))
  t.is((await c.others.clicksOf([code])).get(code), VISITS)
  let bytes = 0
  let pieces = 0
  for await (const piece of c.others.visits(sampleQuestion(), 'ndjson', VISITS)) {
    bytes += piece.length
    pieces++
  }
  t.true(pieces > 2 && bytes > VISITS * 100)
})

natsTest('where nobody answers, that is said at once', async (t) => {
  const { a, c } = await cluster(t)
  await t.throwsAsync(c.others.status(), { code: 'analytics_unavailable' })
  a.node.listen(await copy())
  await a.connection.flush()
  t.is((await c.others.status()).clicks, VISITS)
  await a.node.deafen()
  await a.connection.flush()
  await t.throwsAsync(c.others.status(), { code: 'analytics_unavailable' })
})

natsTest('a deletion is told as done once every copy has done it', async (t) => {
  const { a, b, c, namespace } = await cluster(t)
  const hasty = await join(t, 'd', namespace, { waitMs: 500 })
  const [first, second] = [new AppliedDeletions(systemClock), new AppliedDeletions(systemClock)]
  first.note('d1', 5)
  a.node.listen(await copy(first))
  await a.connection.flush()
  await t.throwsAsync(hasty.others.deleted('d1'), { code: 'analytics_unavailable' })
  b.node.listen(await copy(second))
  await b.connection.flush()
  await t.throwsAsync(hasty.others.deleted('d1'), { code: 'analytics_unavailable' })
  const told = c.others.deleted('d1')
  second.note('d1', 7)
  t.is(await told, 7)
})

natsTest('nonsense is refused and counted, and hurts nobody', async (t) => {
  const { a, c, namespace } = await cluster(t)
  a.node.listen(await copy())
  await a.connection.flush()
  for (const payload of ['', 'nonsense', '{"name":"ask","params":[{}]}']) {
    const answer = await c.connection.request(`${namespace}.analytics.ask`, payload)
    t.is(answer.headers?.get('kind'), 'bad_request')
  }
  const injected = { ...sampleQuestion(), groupBy: ["country'; drop table clicks"] as never }
  await t.throwsAsync(c.others.ask(injected), { code: 'bad_request' })
  t.is(a.refused.counts.message, 4)
  t.is((await c.others.status()).clicks, VISITS)
})

natsTest('what nobody waits for any more is broken off on the node that has it', async (t) => {
  const { a, c } = await cluster(t)
  const begun: AbortSignal[] = []
  const untilGone = (signal?: AbortSignal) =>
    new Promise<never>((_resolve, reject) => {
      begun.push(signal!)
      signal!.addEventListener('abort', () => reject(new Error('broken off')))
    })
  const analytics: Analytics = {
    ...(await copy()),
    ask: (_question, signal) => untilGone(signal),
    visits: async function* (_question, _format, _limit, signal) {
      yield await untilGone(signal)
    },
  }
  a.node.listen(analytics)
  await a.connection.flush()
  const gone = new AbortController()
  const stays = c.others.ask(sampleQuestion())
  const asked = c.others.ask(sampleQuestion(), gone.signal)
  const visits = c.others.visits(sampleQuestion(), 'csv', VISITS, gone.signal)
  const piece = visits[Symbol.asyncIterator]().next()
  await until('all are under way', PATIENCE_MS, () => begun.length === 3)
  gone.abort()
  await t.throwsAsync(asked, { code: 'analytics_unavailable' })
  await t.throwsAsync(piece)
  await until('two are broken off', PATIENCE_MS, () => {
    return begun.filter(({ aborted }) => aborted).length === 2
  })
  await a.connection.close()
  await c.connection.close()
  await t.throwsAsync(stays)
  await t.throwsAsync(c.others.ask(sampleQuestion(), gone.signal))
})
