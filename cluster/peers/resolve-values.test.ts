import test from 'ava'
import * as fc from 'fast-check'
import { TinygridError, hasCode } from '../../links/errors.ts'
import type { Code } from '../../links/ids.ts'
import { ABSENT, REDIRECT_STATUSES, SCHEDULED } from '../../links/link.ts'
import type { Resolved } from '../../links/resolution.ts'
import { anyVisitor } from '../../links/testing/sample-rules.ts'
import { overTheWire } from '../testing/any-owner-values.ts'
import { encodeResolved, parseResolved, parseResolveRequest } from './resolve-values.ts'

const url = fc.webUrl().map((text) => new URL(text).href)
const anyResolved: fc.Arbitrary<Resolved> = fc.oneof(
  fc.constantFrom<Resolved>(ABSENT, SCHEDULED, { kind: 'gone', reason: 'expired' }),
  fc.record({ kind: fc.constant('gone'), reason: fc.constantFrom('deleted', 'used_up'), url }),
  fc.record(
    {
      kind: fc.constant('resolved'),
      url,
      rule: fc.nat(20),
      isMetered: fc.boolean(),
      status: fc.constantFrom(...REDIRECT_STATUSES),
    },
    { requiredKeys: ['kind', 'url', 'rule', 'isMetered'] },
  ),
)

test('every question and every answer arrives as it was sent', (t) => {
  const property = fc.property(anyVisitor, anyResolved, (visitor, resolved) => {
    const request = { code: 'abc' as Code, visitor }
    t.deepEqual(parseResolveRequest(overTheWire(request)), request)
    t.deepEqual(parseResolved(overTheWire(encodeResolved(resolved))), resolved)
  })
  fc.assert(property)
})

test('whatever else comes is refused, or is no answer', (t) => {
  const nonsense = fc.oneof(
    fc.anything(),
    fc.record({ code: fc.anything(), visitor: fc.anything() }),
    fc.record({
      kind: fc.constant('resolved'),
      url,
      rule: fc.anything(),
      isMetered: fc.anything(),
    }),
  )
  const property = fc.property(nonsense, (value) => {
    const error = t.throws(() => parseResolveRequest(value))
    t.true(hasCode(error, 'bad_request', 'invalid_field'))
    const answer = parseResolved(value)
    const isAnswer = !(answer instanceof TinygridError)
    if (isAnswer && answer.kind === 'resolved') t.true(Number.isInteger(answer.rule))
  })
  fc.assert(property)
})

for (const [what, changes] of [
  ['an address that would break out of a reply', { url: 'https://a.example/\r\nSet-Cookie: a' }],
  ['an address of no scheme that is allowed', { url: 'javascript:alert(1)' }],
  ['a status that is no redirect', { status: 200 }],
  ['a rule that no link can have', { rule: 21 }],
  ['no word on its visits', { isMetered: undefined }],
] as const) {
  test(`no answer has ${what}`, (t) => {
    const good = { kind: 'resolved', url: 'https://a.example/', rule: 1, isMetered: false }
    t.deepEqual(parseResolved(good), good as Resolved)
    t.true(hasCode(parseResolved({ ...good, ...changes }), 'owner_unavailable'))
  })
}
