/** What was asked is remembered with its answer, as long and as much as is promised. */
import test from 'ava'
import * as fc from 'fast-check'
import { toEpochMs, toLogPosition } from '../../links/ids.ts'
import { OPERATION_KEPT_MS } from '../../links/link-owner.ts'
import { linkRecord, testLink } from '../../links/testing/sample-links.ts'
import { Operations, OPERATIONS_MAX, resultOf, type Operation } from './operations.ts'

function operation(id: string, position: number, at = 0): Operation {
  const record = linkRecord(`c${position}`)
  return { id, outcome: 'done', record, position: toLogPosition(position), at: toEpochMs(at) }
}

test('the answer is the one that was given, with the link as it was then', (t) => {
  const record = linkRecord('abc', { title: 'then' })
  const link = testLink('abc', { title: 'then' })
  t.deepEqual(resultOf({ outcome: 'created', record }), { kind: 'created', link })
  t.deepEqual(resultOf({ outcome: 'done', record }), { kind: 'done', link })
  t.deepEqual(resultOf({ outcome: 'redirect', record }), { kind: 'redirect', url: link.url })
})

test('an operation that nobody asked for has no answer', (t) => {
  t.is(new Operations().answerTo('a'), undefined)
})

test('an operation is kept for as long as is promised, and the log from there on', (t) => {
  const operations = new Operations()
  operations.remember(operation('a', 5, 1_000))
  operations.remember(operation('b', 6, 2_000))
  const end = 1_000 + OPERATION_KEPT_MS
  t.is(operations.oldest(toEpochMs(end - 1)), toLogPosition(5))
  t.is(operations.oldest(toEpochMs(end)), toLogPosition(6))
  t.is(operations.answerTo('a'), undefined)
  t.not(operations.answerTo('b'), undefined)
  t.is(operations.oldest(toEpochMs(end + 1_000)), undefined)
})

test('of too many operations the oldest are forgotten', (t) => {
  const operations = new Operations()
  for (let number = 1; number <= OPERATIONS_MAX + 2; number++) {
    operations.remember(operation(`id${number}`, number))
  }
  t.is(operations.size, OPERATIONS_MAX)
  t.is(operations.answerTo('id2'), undefined)
  t.is(operations.oldest(toEpochMs(0)), toLogPosition(3))
})

test('an operation that comes again from the log counts from its newest place', (t) => {
  const operations = new Operations()
  operations.remember(operation('a', 1))
  operations.remember(operation('b', 2))
  operations.remember(operation('a', 3))
  t.is(operations.size, 2)
  t.is(operations.oldest(toEpochMs(0)), toLogPosition(2))
})

test('until the older ones are there, the log keeps everything', (t) => {
  const operations = new Operations(toLogPosition(7))
  operations.remember(operation('b', 8))
  operations.remember(operation('c', 9))
  t.is(operations.oldest(toEpochMs(0)), toLogPosition(0))
  t.false(operations.isComplete)
  const older = new Operations()
  for (const [index, id] of ['a', 'b'].entries()) older.remember(operation(id, 1 + 7 * index))
  operations.complete(older)
  t.true(operations.isComplete)
  t.deepEqual(
    [...operations.all()].map(({ id }) => id),
    ['a', 'b', 'c'],
  )
  t.is(operations.oldest(toEpochMs(0)), toLogPosition(1))
})

test('those of a log entry are remembered with the link that each led to', (t) => {
  const operations = new Operations()
  const records = [linkRecord('x'), linkRecord('y')]
  const logged = [
    { id: 'second', outcome: 'created', record: 1 },
    { id: 'first', outcome: 'done', record: 0 },
  ] as const
  operations.rememberLogged(logged, records, toLogPosition(7), toEpochMs(1))
  t.like(operations.answerTo('second'), { kind: 'created', link: { code: 'y' } })
  t.like(operations.answerTo('first'), { kind: 'done', link: { code: 'x' } })
})

test('whatever is remembered: bounded, in order, and nothing young is missing', (t) => {
  const step = fc.record({ id: fc.nat(30), ms: fc.nat(OPERATION_KEPT_MS / 4) })
  const property = fc.property(fc.array(step, { maxLength: 100, size: 'max' }), (steps) => {
    const operations = new Operations()
    const newest = new Map<string, number>()
    let now = 0
    for (const [index, { id, ms }] of steps.entries()) {
      now += ms
      operations.remember(operation(`${id}`, index + 1, now))
      newest.set(`${id}`, now)
    }
    const all = [...operations.all()]
    const oldest = operations.oldest(toEpochMs(now))
    t.is(oldest, all[0]?.position)
    t.true(all.every(({ position }, index) => index === 0 || position > all[index - 1]!.position))
    for (const [id, at] of newest) {
      t.is(operations.answerTo(id) !== undefined, at > now - OPERATION_KEPT_MS, id)
    }
  })
  fc.assert(property)
})
