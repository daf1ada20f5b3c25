import test from 'ava'
import { TinygridError } from '../../links/errors.ts'
import type { Code, Epoch, NodeId } from '../../links/ids.ts'
import {
  CODES_LIMITS,
  encodeAnswers,
  encodeChanged,
  encodeCodes,
  encodeRequests,
  parseAnswers,
  parseChanged,
  parseCodes,
  parseRequests,
  parseUnsent,
  type Asked,
} from './owner-protocol.ts'

const ONE = { what: 'a' as Code, epoch: 1 as Epoch }
const overTheWire = (data: unknown): unknown => JSON.parse(JSON.stringify(data))
const text = (value: unknown) => {
  if (typeof value === 'string') return value
  throw new TinygridError('invalid_field')
}
const textAnswer = (value: unknown) => {
  return typeof value === 'string' ? value : new TinygridError('internal')
}
const codesOf = (asked: readonly Asked<unknown>[]) => {
  return asked.map((one) => (one instanceof TinygridError ? one.code : one.what))
}
const LIMITS = { requestsMax: 3, bytesMax: Infinity }
const requestsOf = (params: unknown) => parseRequests(overTheWire(params), text, LIMITS)
const answersOf = (reply: unknown, count: number) => {
  const asked = Array.from({ length: count }, () => ONE)
  return parseAnswers(overTheWire(reply), asked, textAnswer)
}

test('requests arrive in order, each with its epoch', (t) => {
  const requests = [
    { what: 'a', epoch: 3 as Epoch },
    { what: 'b', epoch: 0 as Epoch },
  ]
  t.deepEqual(requestsOf(encodeRequests(requests, (what) => what)), requests)
})

for (const [what, params] of [
  ['nothing', null],
  ['a text', 'links'],
  ['no epochs', { requests: ['a'] }],
  ['too few epochs', { requests: ['a', 'b'], epochs: [1] }],
  ['more than a call may have', { requests: ['a', 'b', 'c', 'd'], epochs: [1, 1, 1, 1] }],
] as const) {
  test(`${what} is not understood as a call`, (t) => {
    t.throws(() => requestsOf(params), { code: 'bad_request' })
  })
}

test('what is wrong with one request is said of that one alone', (t) => {
  const requests = ['a', { from: 'a later version' }, 'c']
  t.deepEqual(codesOf(requestsOf({ requests, epochs: [1, 1, 1] })), ['a', 'invalid_field', 'c'])
  t.deepEqual(codesOf(requestsOf({ requests: ['a', 'b', 'c'], epochs: ['1', 2, -1] })), [
    'bad_request',
    'b',
    'bad_request',
  ])
})

test('codes arrive in order, each with its epoch', (t) => {
  const requests = ['a', '-_-', 'b'.repeat(64)].map((what, epoch) => {
    return { what: what as Code, epoch: epoch as Epoch }
  })
  t.deepEqual(parseCodes(overTheWire(encodeCodes(requests))), requests)
})

for (const [what, params] of [
  ['nothing', null],
  ['a list', { codes: ['a'], epochs: [1] }],
  ['no epochs', { codes: 'a' }],
  ['too few epochs', { codes: 'a b', epochs: [1] }],
  ['a space too many', { codes: 'a  b', epochs: [1, 1] }],
] as const) {
  test(`${what} is not understood as a call with codes`, (t) => {
    t.throws(() => parseCodes(overTheWire(params)), { code: 'bad_request' })
  })
}

test('of many codes each is understood or not', (t) => {
  const codes = ['a', 'é', 'b'.repeat(65), '', '-'].join(' ')
  const answers = codesOf(parseCodes({ codes, epochs: [1, 1, 1, 1, 1] }))
  t.deepEqual(answers, ['a', 'invalid_field', 'invalid_field', 'invalid_field', '-'])
})

test('more codes than a call may have are not understood', (t) => {
  const { requestsMax } = CODES_LIMITS
  const most = Array.from({ length: requestsMax }, () => ONE)
  t.is(parseCodes(encodeCodes(most)).length, requestsMax)
  t.throws(() => parseCodes(encodeCodes([...most, ONE])), { code: 'bad_request' })
})

test('an answer is read with what was asked', (t) => {
  const asked = ['a', 'b'].map((what) => ({ what, epoch: 1 as Epoch }))
  const reply = encodeAnswers([1, 2], (value, index) => value + index)
  const answers = parseAnswers(
    overTheWire(reply),
    asked,
    (value, what) => `${what}${String(value)}`,
  )
  t.deepEqual(answers, ['a1', 'b3'])
})

test('an answer is a value or an error, which arrives as it was', (t) => {
  const owner = { owner: 'b' as NodeId, epoch: 7 as Epoch }
  const error = new TinygridError('not_owner', { owner, detail: 'Gone to b' })
  const reply = encodeAnswers(['x', error, 'y'], (value) => value)
  const [x, refused, y] = answersOf(reply, 3)
  t.deepEqual([x, y], ['x', 'y'])
  t.like(refused, { code: 'not_owner', message: 'Gone to b', owner, retryAfterSeconds: 1 })
})

test('what a later version says is an error of that one request', (t) => {
  const reply = { answers: ['x', { error: 'too_new' }, { error: { code: 'too_new' } }, 7] }
  const codes = answersOf(reply, 4).map((answer) => {
    return answer instanceof TinygridError ? answer.code : answer
  })
  t.deepEqual(codes, ['x', 'owner_unavailable', 'internal', 'internal'])
})

test('answers that do not fit into a message are told to be asked again', (t) => {
  const long = 'x'.repeat(100_000)
  const reply = overTheWire(encodeAnswers([long, 'a', long, long, 'b'], (value) => value))
  t.deepEqual([...parseUnsent(reply, 5)], [3])
  t.true(JSON.stringify(reply).length < 2 ** 20)
  const [first, a, second, missing, b] = answersOf(reply, 5)
  t.deepEqual([first, a, second, b], [long, 'a', long, 'b'])
  // Who knows nothing of it takes it for no answer.
  t.like(missing, { code: 'owner_unavailable' })
})

test('the longest answer is sent by itself', (t) => {
  const longest = 'x'.repeat(2 ** 20)
  const reply = encodeAnswers([longest, 'a'], (value) => value)
  t.deepEqual([...parseUnsent(reply, 2)], [1])
  t.is(answersOf(reply, 2)[0], longest)
})

test('an owner cannot have everything asked again, or what was not asked', (t) => {
  for (const unsent of [[0, 1], [0, 0, 0], 'x', null, ['0'], [1.5], [2], [-1]]) {
    t.is(parseUnsent({ unsent }, 2).size, 0, JSON.stringify(unsent))
  }
  t.deepEqual([...parseUnsent({ unsent: [1] }, 2)], [1])
})

for (const reply of [null, {}, { answers: 'x' }, { answers: ['x'] }, { answers: [1, 2, 3] }]) {
  test(`${JSON.stringify(reply)} does not answer two requests`, (t) => {
    t.throws(() => answersOf(reply, 2), { code: 'owner_unavailable' })
  })
}

test('what the owner does not understand is not held against the client', (t) => {
  const [refused] = answersOf({ answers: [{ error: { code: 'bad_request' } }] }, 1)
  t.like(refused, { code: 'owner_unavailable' })
})

test('of an error that was sent nothing is believed that has the wrong type', (t) => {
  const wrong = { detail: {}, field: 7, retryAfterSeconds: 'soon', owner: { owner: 7, epoch: 'x' } }
  const [refused] = answersOf({ answers: [{ error: { code: 'not_owner', ...wrong } }] }, 1)
  const owner = undefined
  t.like(refused, { code: 'not_owner', field: undefined, retryAfterSeconds: 1, owner })
  t.is((refused as TinygridError).message, 'Another node owns this link')
})

test('a broadcast names codes; what is none is left out', (t) => {
  const codes = ['a', 'b-1'] as Code[]
  t.deepEqual(parseChanged(overTheWire(encodeChanged(codes))), codes)
  t.deepEqual(parseChanged({ codes: ['a', 7, null, 'no code', 'b'] }), ['a', 'b'])
  for (const params of [null, undefined, 'a', {}, { codes: 'a' }]) {
    t.deepEqual(parseChanged(params), [])
  }
})
