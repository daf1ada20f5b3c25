import test from 'ava'
import { TinygridError } from '../../links/errors.ts'
import type { Code } from '../../links/ids.ts'
import { ManualClock } from '../../links/testing/manual-clock.ts'
import type { WriteRequest, WriteResult } from '../../links/link-owner.ts'
import { RecentWrites } from './recent-writes.ts'

/** An owner whose answers the test gives, one after the other. */
function start() {
  const clock = new ManualClock()
  const asked: PromiseWithResolvers<WriteResult>[] = []
  const write = () => {
    const answer = Promise.withResolvers<WriteResult>()
    asked.push(answer)
    return answer.promise
  }
  return { clock, asked, writes: new RecentWrites({ write }, clock) }
}

const remove = (operationId: string): WriteRequest => {
  return { kind: 'delete', code: 'abc' as Code, operationId }
}

test('a write that comes twice is asked once, while it is under way and afterwards', async (t) => {
  const { asked, writes } = start()
  const both = [writes.write(remove('a')), writes.write(remove('a'))]
  asked[0]!.resolve({ kind: 'absent' })
  t.deepEqual(await Promise.all(both), [{ kind: 'absent' }, { kind: 'absent' }])
  t.deepEqual(await writes.write(remove('a')), { kind: 'absent' })
  t.is(asked.length, 1)
})

test('a write that failed is asked again', async (t) => {
  const { asked, writes } = start()
  const failing = writes.write(remove('a'))
  asked[0]!.reject(new TinygridError('not_owner'))
  await t.throwsAsync(failing, { code: 'not_owner' })
  void writes.write(remove('a'))
  t.is(asked.length, 2)
})

test('an answer is forgotten when no message can be so late', async (t) => {
  const { clock, asked, writes } = start()
  for (const [index, id] of ['a', 'b'].entries()) {
    const write = writes.write(remove(id))
    asked[index]!.resolve({ kind: 'absent' })
    await write
    await clock.pass(10_000)
  }
  void writes.write(remove('a'))
  t.is(asked.length, 3)
})
