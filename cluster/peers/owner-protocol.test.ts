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
} from './owner-protocol.ts'

const ONE = { what: 'a' as Code, epoch: 1 as Epoch }
const overTheWire = (data: unknown): unknown => JSON.parse(JSON.stringify(data))
const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
const textAnswer = (value: unknown) => text(value) ?? new TinygridError('internal')
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
  ['an epoch that is no number', { requests: ['a'], epochs: ['1'] }],
  ['a negative epoch', { requests: ['a'], epochs: [-1] }],
  ['a request of another kind', { requests: [{ from: 'a later version' }], epochs: [1] }],
  ['more than a call may have', { requests: ['a', 'b', 'c', 'd'], epochs: [1, 1, 1, 1] }],
] as const) {
  test(`${what} is not understood as a call`, (t) => {
    t.throws(() => requestsOf(params), { code: 'bad_request' })
  })
}

test('codes arrive in order, each with its epoch', (t) => {
  const requests = ['a', '-_-', 'b'.repeat(64)].map((what, epoch) => {
    return { what: what as Code, epoch: epoch as Epoch }
  })
  t.deepEqual(parseCodes(overTheWire(encodeCodes(requests))), requests)
})

for (const [what, params] of [
  ['nothing', null],
  ['no code', { codes: '', epochs: [1] }],
  ['a list', { codes: ['a'], epochs: [1] }],
  ['no epochs', { codes: 'a' }],
  ['too few epochs', { codes: 'a b', epochs: [1] }],
  ['an epoch that is no number', { codes: 'a', epochs: ['1'] }],
  ['what is no code', { codes: 'a é', epochs: [1, 1] }],
  ['a code that is too long', { codes: 'a'.repeat(65), epochs: [1] }],
  ['a space too many', { codes: 'a  b', epochs: [1, 1] }],
  ['a space at the end', { codes: 'a ', epochs: [1] }],
] as const) {
  test(`${what} is not understood as a call with codes`, (t) => {
    t.throws(() => parseCodes(overTheWire(params)), { code: 'bad_request' })
  })
}

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

for (const reply of [null, {}, { answers: 'x' }, { answers: ['x'] }, { answers: [1, 2, 3] }]) {
  test(`${JSON.stringify(reply)} does not answer two requests`, (t) => {
    t.throws(() => answersOf(reply, 2), { code: 'owner_unavailable' })
  })
}

test('a broadcast names codes; what is none is left out', (t) => {
  const codes = ['a', 'b-1'] as Code[]
  t.deepEqual(parseChanged(overTheWire(encodeChanged(codes))), codes)
  t.deepEqual(parseChanged({ codes: ['a', 7, null, 'no code', 'b'] }), ['a', 'b'])
  for (const params of [null, undefined, 'a', {}, { codes: 'a' }]) {
    t.deepEqual(parseChanged(params), [])
  }
})
