/** What was asked is remembered with its answer, as long and as much as is promised. */
import test from 'ava'
import * as fc from 'fast-check'
import { toEpochMs, toLogPosition } from '../../links/ids.ts'
import { OPERATION_KEPT_MS, VISIT_KEPT_MS } from '../../links/link-owner.ts'
import type { OperationOutcome as Outcome } from '../../persistence/log/log-record.ts'
import { linkRecord, testLink } from '../../links/testing/sample-links.ts'
import { CHANGES_MAX, Operations, resultOf, VISITS_MAX, type Operation } from './operations.ts'

const RECORD = linkRecord('abc')

function operation(id: string, position: number, at = 0, outcome: Outcome = 'done'): Operation {
  return { id, outcome, record: RECORD, position: toLogPosition(position), at: toEpochMs(at) }
}

const visit = (id: string, position: number, at = 0) => operation(id, position, at, 'redirect')

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

const isVisitOf = { change: false, visit: true }
for (const [kind, isVisit] of Object.entries(isVisitOf)) {
  const [max, keptMs] = isVisit ? [VISITS_MAX, VISIT_KEPT_MS] : [CHANGES_MAX, OPERATION_KEPT_MS]
  const one = isVisit ? visit : operation
  const other = isVisit ? operation : visit

  test(`where too many are remembered one more ${kind} waits until the oldest counts no more`, (t) => {
    const operations = new Operations()
    for (let n = 1; n < max; n++) operations.remember(one(`id${n}`, n, 1_000 + n))
    const now = toEpochMs(2_000)
    t.is(operations.untilRoom(isVisit, 0, now), 0)
    t.is(operations.untilRoom(isVisit, 1, now), 1_001 + keptMs - 2_000)
    operations.remember(one('last', max, 2_000))
    t.is(operations.untilRoom(isVisit, 0, now), 1_001 + keptMs - 2_000)
    t.is(operations.untilRoom(!isVisit, 0, now), 0, 'the other kind has a memory of its own')
    t.not(operations.answerTo('id1'), undefined)
    operations.remember(other('other', max + 1, 2_000))
    t.is(operations.untilRoom(isVisit, 0, toEpochMs(1_001 + keptMs)), 0)
    t.is(operations.answerTo('id1'), undefined)
    t.not(operations.answerTo('id2'), undefined)
  })
}

test('visits take nothing from what clients are promised, however many they are', (t) => {
  const operations = new Operations()
  operations.remember(operation('keyed', 1, 0))
  for (let n = 2; n < 50_000; n++) operations.remember(visit(`v${n}`, n, n))
  t.not(operations.answerTo('keyed'), undefined)
  t.true(operations.size <= 1 + 2 * VISITS_MAX)
})

test('of what earlier owners remembered the newest is taken over, twice as much as one owner lets in', (t) => {
  const operations = new Operations()
  for (let n = 1; n <= 2 * CHANGES_MAX + 2; n++) operations.remember(operation(`id${n}`, n))
  t.is(operations.size, 2 * CHANGES_MAX)
  t.is(operations.answerTo('id2'), undefined)
  t.is(operations.oldest(toEpochMs(0)), toLogPosition(3))
  t.true(operations.untilRoom(false, 0, toEpochMs(0)) > 0)
})

test('little is let in until the older ones are there', (t) => {
  const operations = new Operations(toLogPosition(7))
  for (let n = 1; n <= CHANGES_MAX / 10; n++) operations.remember(operation(`id${n}`, 7 + n))
  t.true(operations.untilRoom(false, 0, toEpochMs(0)) > 0)
  operations.complete(new Operations())
  t.is(operations.untilRoom(false, 0, toEpochMs(0)), 0)
})

test('what the log holds from long ago counts no more, but for what clocks may differ by', (t) => {
  const operations = new Operations()
  const made = OPERATION_KEPT_MS
  const records = [linkRecord('abc', { createdAt: toEpochMs(made) })]
  const logged = [
    { id: 'created', outcome: 'created', record: 0 },
    { id: 'visit', outcome: 'redirect', record: 0 },
  ] as const
  const longAfter = toEpochMs(made + 10 * OPERATION_KEPT_MS)
  operations.rememberLogged(logged, records, toLogPosition(7), longAfter)
  operations.oldest(longAfter)
  t.is(operations.answerTo('created'), undefined)
  t.not(operations.answerTo('visit'), undefined, 'nobody knows when that was')
  const soonAfter = toEpochMs(made + OPERATION_KEPT_MS + 9_999)
  operations.rememberLogged(logged, records, toLogPosition(8), soonAfter)
  operations.oldest(soonAfter)
  t.not(operations.answerTo('created'), undefined)
})

test('what came late from another clock takes nothing from what came before', (t) => {
  const operations = new Operations()
  operations.remember(operation('a', 1, 50_000))
  operations.remember(operation('b', 2, 10_000))
  operations.oldest(toEpochMs(50_000))
  t.is(operations.oldest(toEpochMs(50_000 + OPERATION_KEPT_MS - 1)), toLogPosition(1))
})

test('a clock that goes back makes nothing stay for longer than is promised from then on', (t) => {
  const operations = new Operations()
  const later = 3_600_000
  for (let n = 1; n <= CHANGES_MAX; n++) operations.remember(operation(`id${n}`, n, later))
  t.is(operations.untilRoom(false, 0, toEpochMs(5_000)), OPERATION_KEPT_MS)
  t.not(operations.answerTo('id1'), undefined)
  t.is(operations.untilRoom(false, 0, toEpochMs(5_000 + OPERATION_KEPT_MS)), 0)
  t.is(operations.size, 0)
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
  const anyMs = fc.nat(OPERATION_KEPT_MS / 4)
  const step = fc.record({ id: fc.nat(30), ms: anyMs, isVisit: fc.boolean() })
  const property = fc.property(fc.array(step, { maxLength: 100, size: 'max' }), (steps) => {
    const operations = new Operations()
    const newest = new Map<string, number>()
    let now = 0
    for (const [index, { id, ms, isVisit }] of steps.entries()) {
      now += ms
      const remember = isVisit ? visit : operation
      const name = `${isVisit}${id}`
      operations.remember(remember(name, index + 1, now))
      newest.set(name, now + (isVisit ? VISIT_KEPT_MS : OPERATION_KEPT_MS))
    }
    const oldest = operations.oldest(toEpochMs(now))
    const all = [...operations.all()]
    t.is(oldest, all[0]?.position)
    t.true(all.every(({ position }, index) => index === 0 || position > all[index - 1]!.position))
    for (const [id, until] of newest) {
      t.is(operations.answerTo(id) !== undefined, until > now, id)
    }
  })
  fc.assert(property)
})
