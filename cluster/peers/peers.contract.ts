/** What every network of peers must do. Run by each adapter's test. */
import test, { type ExecutionContext, type SkipFn } from 'ava'
import { TinygridError, type OwnerHint } from '../../links/errors.ts'
import type { Epoch, NodeId } from '../../links/ids.ts'
import type { Peers } from './peers.ts'

/** Three nodes that know each other. */
export type ThreePeers = readonly [a: Peers, b: Peers, c: Peers]

type Story = (
  title: string,
  tell: (t: ExecutionContext, peers: ThreePeers) => Promise<void>,
) => void

const TIMEOUT_MS = 5_000
const SHORT_MS = 100
const unavailable = { code: 'owner_unavailable', instanceOf: TinygridError }
/** The largest chunk of a hand-off: 500 kB in base 64. */
const LARGE = Buffer.alloc(500_000, 7).toString('base64')

export function testPeersContract(
  name: string,
  create: (t: ExecutionContext) => Promise<ThreePeers>,
  run: SkipFn = test,
): void {
  const story: Story = (title, tell) => {
    run(`${name}: ${title}`, async (t) => {
      const peers = await create(t)
      await tell(t, peers)
      await Promise.all(peers.map((each) => each.close()))
    })
  }
  tellOfAnswers(story)
  tellOfErrors(story)
  tellOfSilence(story)
  tellOfBroadcasts(story)
}

function tellOfAnswers(story: Story): void {
  story('a call goes to one node and returns its answer', async (t, [a, b, c]) => {
    b.handle('add', (params, from) => ({ sum: (params as number[])[0]! + 1, from, by: 'b' }))
    c.handle('add', () => 'wrong')
    t.deepEqual(await a.call(b.nodeId, 'add', [1], TIMEOUT_MS), { sum: 2, from: a.nodeId, by: 'b' })
    t.is(await b.call(c.nodeId, 'add', [1], TIMEOUT_MS), 'wrong')
  })

  story('answers may be any data, or nothing, or late', async (t, [a, b]) => {
    b.handle('echo', async (params) => {
      await new Promise(setImmediate)
      return params
    })
    for (const data of [null, 0, '', false, [], {}, 'ü', { a: [1, null, { b: '' }] }, LARGE]) {
      t.deepEqual(await a.call(b.nodeId, 'echo', data, TIMEOUT_MS), data)
    }
    t.is(await a.call(b.nodeId, 'echo', undefined, TIMEOUT_MS), undefined)
  })

  story('many calls at once get each its own answer, both ways', async (t, [a, b]) => {
    for (const peers of [a, b]) peers.handle('double', (params) => (params as number) * 2)
    const numbers = Array.from({ length: 200 }, (_, i) => i)
    const [there, back] = await Promise.all([
      Promise.all(numbers.map((i) => a.call(b.nodeId, 'double', i, TIMEOUT_MS))),
      Promise.all(numbers.map((i) => b.call(a.nodeId, 'double', i, TIMEOUT_MS))),
    ])
    const doubles = numbers.map((i) => i * 2)
    t.deepEqual(there, doubles)
    t.deepEqual(back, doubles)
  })

  story('a handler may call others, also the one who asked', async (t, [a, b, c]) => {
    b.handle('relay', async (_, from) => [
      await b.call(c.nodeId, 'name', null, TIMEOUT_MS),
      await b.call(from, 'name', null, TIMEOUT_MS),
    ])
    for (const peers of [a, c]) peers.handle('name', () => peers.nodeId)
    t.deepEqual(await a.call(b.nodeId, 'relay', null, TIMEOUT_MS), [c.nodeId, a.nodeId])
  })

  story('a node may call itself', async (t, [a]) => {
    a.handle('who', (_, from) => from)
    t.is(await a.call(a.nodeId, 'who', null, TIMEOUT_MS), a.nodeId)
  })
}

function tellOfErrors(story: Story): void {
  story('an operating error arrives as it was thrown', async (t, [a, b]) => {
    const owner: OwnerHint = { owner: 'c' as NodeId, epoch: 7 as Epoch }
    const details = { detail: 'moved', field: 'links[3].url', retryAfterSeconds: 9, owner }
    b.handle('fail', () => {
      throw new TinygridError('not_owner', details)
    })
    const error = await t.throwsAsync<TinygridError>(a.call(b.nodeId, 'fail', null, TIMEOUT_MS), {
      code: 'not_owner',
      message: 'moved',
      instanceOf: TinygridError,
    })
    t.deepEqual(error?.owner, owner)
    t.is(error?.field, 'links[3].url')
    t.is(error?.retryAfterSeconds, 9)
  })

  story('an error without particulars has none afterwards', async (t, [a, b]) => {
    b.handle('fail', async () => {
      throw new TinygridError('alias_taken')
    })
    const call = a.call(b.nodeId, 'fail', null, TIMEOUT_MS)
    const error = await t.throwsAsync<TinygridError>(call, { code: 'alias_taken' })
    t.deepEqual([error?.owner, error?.field, error?.retryAfterSeconds], Array(3).fill(undefined))
  })

  story('of any other error only that it happened is told', async (t, [a, b]) => {
    b.handle('fail', () => {
      throw new Error('the password is 1234')
    })
    const call = a.call(b.nodeId, 'fail', null, TIMEOUT_MS)
    const error = await t.throwsAsync(call, { code: 'internal', instanceOf: TinygridError })
    t.false(`${error?.message}${JSON.stringify(error)}`.includes('1234'))
  })
}

function tellOfSilence(story: Story): void {
  story('a call that nobody answers is given up at once', async (t, [a, b]) => {
    const begun = performance.now()
    await t.throwsAsync(a.call('nobody' as NodeId, 'x', null, TIMEOUT_MS), unavailable)
    await t.throwsAsync(a.call(b.nodeId, 'no such name', null, TIMEOUT_MS), unavailable)
    t.true(performance.now() - begun < TIMEOUT_MS / 2)
  })

  story('a call is given up in time, and its late answer dropped', async (t, [a, b]) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    b.handle('wait', async () => {
      await promise
      return 'late'
    })
    b.handle('echo', (params) => params)
    await t.throwsAsync(a.call(b.nodeId, 'wait', null, SHORT_MS), unavailable)
    resolve()
    t.is(await a.call(b.nodeId, 'echo', 'next', TIMEOUT_MS), 'next')
  })

  story('a closed node answers nobody, and nobody answers it', async (t, [a, b, c]) => {
    for (const peers of [a, b]) peers.handle('echo', (params) => params)
    await b.close()
    t.false(b.isConnected)
    await t.throwsAsync(a.call(b.nodeId, 'echo', null, SHORT_MS), unavailable)
    await t.throwsAsync(b.call(a.nodeId, 'echo', null, SHORT_MS), unavailable)
    t.notThrows(() => b.broadcast('news', null))
    t.is(await c.call(a.nodeId, 'echo', 1, TIMEOUT_MS), 1)
  })

  story('a name has one handler', async (t, [a]) => {
    a.handle('echo', () => null)
    t.throws(() => a.handle('echo', () => null))
    t.true(a.isConnected)
  })
}

function tellOfBroadcasts(story: Story): void {
  story('a broadcast reaches every other node, and those who listen', async (t, [a, b, c]) => {
    const heard: unknown[] = []
    const isHeard = [a, b, c].map((peers) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      peers.listen('news', (params, from) => {
        heard.push([peers.nodeId, params, from])
        resolve()
      })
      peers.listen('other', () => heard.push('other'))
      return promise
    })
    a.broadcast('news', { n: 1 })
    a.broadcast('unheard', { n: 2 })
    await Promise.all(isHeard.slice(1))
    // Its own would have come before the answer to a question sent later.
    b.handle('echo', (params) => params)
    await a.call(b.nodeId, 'echo', null, TIMEOUT_MS)
    const to = (peers: Peers) => [peers.nodeId, { n: 1 }, a.nodeId]
    t.deepEqual(
      heard.map((one) => JSON.stringify(one)).sort(),
      [to(b), to(c)].map((one) => JSON.stringify(one)).sort(),
    )
    t.is(heard.length, 2)
  })
}
