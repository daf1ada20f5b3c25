/** Reads of single links, gathered into reads of many. */
import test from 'ava'
import type { Code } from '../../links/ids.ts'
import type { LinkVersion } from '../../links/link-record.ts'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import { linkVersion } from '../../links/testing/sample-links.ts'
import { ReadBatches } from './mongo-read-batches.ts'

interface Asked {
  readonly codes: readonly Code[]
  answer(...known: string[]): void
  fail(error: Error): void
}

function createBatches(limits: { codesMax?: number; underWayMax?: number; waitingMax?: number }) {
  const asked: Asked[] = []
  const clock = new ManualClock()
  const batches = new ReadBatches({
    codesMax: 10,
    underWayMax: 1,
    waitingMax: 100,
    patienceMs: 2000,
    clock,
    ...limits,
    read: (codes) => {
      const { promise, resolve, reject } = Promise.withResolvers<readonly LinkVersion[]>()
      const answer = (...known: string[]) => resolve(known.map((code) => linkVersion(code, 1)))
      asked.push({ codes, answer, fail: reject })
      return promise
    },
  })
  const get = (code: string) => batches.get(code as Code)
  return { asked, clock, get }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))
const codesOf = (asked: readonly Asked[]) => asked.map(({ codes }) => codes.join())

test('what is asked for in one turn goes together, each code once', async (t) => {
  const { get, asked } = createBatches({})
  const reads = ['a', 'b', 'a', 'none'].map(get)
  await turn()
  t.deepEqual(codesOf(asked), ['a,b,none'])
  asked[0]!.answer('b', 'a')
  const found = await Promise.all(reads)
  t.deepEqual(
    found.map((version) => version?.code as string | undefined),
    ['a', 'b', 'a', undefined],
  )
})

test('what comes while as many as may are under way waits, and goes together then', async (t) => {
  const { get, asked } = createBatches({ underWayMax: 2, codesMax: 2 })
  const first = ['a', 'b', 'c', 'd'].map(get)
  await turn()
  t.deepEqual(codesOf(asked), ['a,b', 'c,d'])
  const again = ['a', 'e'].map(get)
  await turn()
  t.is(asked.length, 2, 'a read does not join one that has left')
  asked[0]!.answer('a', 'b')
  await Promise.all(first.slice(0, 2))
  await turn()
  t.deepEqual(codesOf(asked), ['a,b', 'c,d', 'a,e'])
  asked[1]!.answer()
  asked[2]!.answer('a')
  t.is((await again[0])?.code, 'a' as Code)
})

test('a read that fails fails those it was for, and the next one is sent', async (t) => {
  const { get, asked } = createBatches({})
  const failing = get('a')
  await turn()
  const next = get('b')
  asked[0]!.fail(new Error('away'))
  await t.throwsAsync(failing, { message: 'away' })
  await turn()
  asked[1]!.answer('b')
  t.is((await next)?.code, 'b' as Code)
})

test('what has waited for too long is not sent, and what is too much is refused', async (t) => {
  const { get, asked, clock } = createBatches({ waitingMax: 1 })
  const first = get('a')
  await turn()
  const late = get('b')
  await t.throwsAsync(get('c'), { code: 'store_unavailable' })
  await clock.pass(2001)
  asked[0]!.answer()
  await first
  await t.throwsAsync(late, { message: /waited for too long/ })
  t.is(asked.length, 1)
})
