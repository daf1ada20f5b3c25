import test from 'ava'
import fc from 'fast-check'
import { checkLinearizable, type Call } from './linearizability.ts'
import { Random } from './random.ts'
import { fits, step, type Operation, type RegisterState } from './register.ts'

const create = (url: string): Operation => ({ kind: 'create', url, maxVisits: null, reuse: false })
const metered = (url: string, maxVisits: number): Operation => {
  return { kind: 'create', url, maxVisits, reuse: false }
}
const update = (url: string): Operation => ({ kind: 'update', url })
const find: Operation = { kind: 'find' }
const visit: Operation = { kind: 'visit' }

function call(calledAt: number, returnedAt: number, operation: Operation, outcome: string): Call {
  return { operation, calledAt, returnedAt, outcome }
}

function lost(calledAt: number, operation: Operation): Call {
  return { operation, calledAt, returnedAt: Infinity, outcome: undefined }
}

const isLinearizable = (...calls: Call[]) => checkLinearizable(calls).isLinearizable

test('what happened one after the other is linearizable if each answer follows', (t) => {
  t.true(
    isLinearizable(
      call(0, 1, find, 'absent'),
      call(2, 3, create('a'), 'created a'),
      call(4, 5, create('b'), 'taken'),
      call(6, 7, update('c'), 'done c'),
      call(8, 9, find, 'redirect c'),
      call(10, 11, { kind: 'delete' }, 'done deleted c'),
      call(12, 13, find, 'gone deleted'),
    ),
  )
})

test('a lost update is found', (t) => {
  t.false(
    isLinearizable(
      call(0, 1, create('a'), 'created a'),
      call(2, 3, update('b'), 'done b'),
      call(4, 5, find, 'redirect a'),
    ),
  )
})

test('a code that was given and is absent is found', (t) => {
  t.false(isLinearizable(call(0, 1, create('a'), 'created a'), call(2, 3, find, 'absent')))
})

test('a code that is given twice is found', (t) => {
  t.false(
    isLinearizable(call(0, 5, create('a'), 'created a'), call(1, 4, create('b'), 'created b')),
  )
})

test('readings beside a write may see it or not, but not first the new and then the old', (t) => {
  const before = call(0, 1, create('a'), 'created a')
  const write = call(2, 9, update('b'), 'done b')
  t.true(
    isLinearizable(before, write, call(3, 4, find, 'redirect a'), call(5, 6, find, 'redirect b')),
  )
  t.false(
    isLinearizable(before, write, call(3, 4, find, 'redirect b'), call(5, 6, find, 'redirect a')),
  )
})

test('a write without an answer may have happened, late too, or never', (t) => {
  const before = [call(0, 1, create('a'), 'created a'), lost(2, update('b'))]
  t.true(isLinearizable(...before, call(8, 9, find, 'redirect a')))
  t.true(isLinearizable(...before, call(8, 9, find, 'redirect b')))
  t.true(isLinearizable(...before, call(6, 7, find, 'redirect a'), call(8, 9, find, 'redirect b')))
  t.false(isLinearizable(...before, call(6, 7, find, 'redirect b'), call(8, 9, find, 'redirect a')))
})

test('a write without an answer has not happened before its call', (t) => {
  t.false(
    isLinearizable(
      call(0, 1, create('a'), 'created a'),
      call(2, 3, find, 'redirect b'),
      lost(4, update('b')),
    ),
  )
})

test('one visit too many is found, and so is one that was counted twice', (t) => {
  const read: Operation = { kind: 'read' }
  const before = call(0, 1, metered('a', 2), 'created a')
  const first = call(2, 3, visit, 'redirect a')
  const second = call(4, 5, visit, 'redirect a')
  t.true(isLinearizable(before, first, second, call(6, 7, visit, 'gone used_up')))
  t.false(isLinearizable(before, first, second, call(6, 7, visit, 'redirect a')))
  t.true(isLinearizable(before, first, call(6, 7, read, 'a 1/2')))
  t.false(isLinearizable(before, first, call(6, 7, read, 'a 2/2')))
})

test('a purged code may be given again', (t) => {
  const purged = [
    call(0, 1, create('a'), 'created a'),
    call(2, 3, { kind: 'purge' } as const, 'done a'),
  ]
  t.true(isLinearizable(...purged, call(4, 5, create('b'), 'created b')))
  t.false(isLinearizable(...purged, call(4, 5, find, 'gone deleted')))
})

test('the verdict tells how far an order was found', (t) => {
  const verdict = checkLinearizable([
    call(0, 1, create('a'), 'created a'),
    call(2, 3, find, 'redirect a'),
    call(4, 5, find, 'absent'),
  ])
  t.deepEqual(verdict.order, [0, 1])
  t.is(verdict.state?.url, 'a')
})

test('many writes without an answer are still decided in time', (t) => {
  const writes = Array.from({ length: 12 }, (_, index) => lost(index + 2, update(`u${index}`)))
  const reads = Array.from({ length: 20 }, (_, index) => {
    return call(20 + 2 * index, 21 + 2 * index, find, `redirect u${Math.floor(index / 2)}`)
  })
  const before = call(0, 1, create('a'), 'created a')
  t.true(isLinearizable(before, ...writes, ...reads))
  t.false(isLinearizable(before, ...writes, ...reads, call(90, 91, find, 'redirect u3')))
})

test('every history that a register made is linearizable; with one answer forged it is as brute force says', (t) => {
  fc.assert(
    fc.property(fc.integer(), fc.boolean(), (seed, isForged) => {
      const calls = randomHistory(new Random(seed), isForged)
      const expected = isForged ? bruteForce(calls, undefined) : true
      t.is(checkLinearizable(calls).isLinearizable, expected, JSON.stringify(calls))
    }),
    { numRuns: 2_000 },
  )
})

const OPERATIONS: readonly Operation[] = [
  create('a'),
  metered('m', 1),
  update('b'),
  update('c'),
  { kind: 'delete' },
  { kind: 'restore' },
  { kind: 'purge' },
  visit,
  find,
  { kind: 'read' },
]

/** Up to seven calls that overlap, each with its effect somewhere between call and return. */
function randomHistory(random: Random, isForged: boolean): Call[] {
  const effects = Array.from({ length: random.int(2, 7) }, () => random.int(10, 60)).sort(
    (a, b) => a - b,
  )
  let state: RegisterState
  const calls = effects.map((at): Call => {
    const operation = random.pick(OPERATIONS)
    const after = step(state, operation)
    state = after.state
    const isLost = random.chance(0.2)
    return {
      operation,
      calledAt: at - random.between(0, 10),
      returnedAt: isLost ? Infinity : at + random.between(0, 10),
      outcome: isLost ? undefined : after.outcome.replace('*', 'x'),
    }
  })
  if (!isForged) return calls
  const forged = random.int(0, calls.length - 1)
  const outcome = random.pick(['absent', 'taken', 'redirect a', 'redirect b', 'done b', 'a', 'b'])
  return calls.with(forged, { ...calls[forged]!, outcome })
}

/** Tries every order there is. */
function bruteForce(calls: readonly Call[], state: RegisterState): boolean {
  if (calls.every(({ outcome }) => outcome === undefined)) return true
  return calls.some((next) => {
    const rest = calls.filter((made) => made !== next)
    if (rest.some(({ returnedAt }) => returnedAt < next.calledAt)) return false
    const after = step(state, next.operation)
    if (next.outcome !== undefined && !fits(after.outcome, next.outcome)) return false
    return bruteForce(rest, after.state)
  })
}
